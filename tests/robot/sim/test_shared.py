from __future__ import annotations

import os

import numpy as np
import pytest

from robot.sim.shared import RING_SLOTS, FrameRing, Record, SharedMemory


@pytest.fixture
def memory():
    block = SharedMemory.create("test", 1 << 20)
    yield block
    block.close()


def test_a_record_is_empty_until_written_and_then_holds_the_newest(memory):
    record = Record(memory, 5)
    assert record.read() is None
    record.write(np.arange(5.0))
    record.write(np.arange(5.0) + 1)
    assert record.read().tolist() == [1, 2, 3, 4, 5]


def test_a_half_written_record_is_not_read(memory):
    record = Record(memory, 3)
    record.write(np.ones(3))
    memory.array(0, (1,), "<u8")[0] += 1
    assert record.read() is None
    record.write(np.full(3, 7.0))  # a new writer recovers it
    assert record.read().tolist() == [7, 7, 7]


def test_records_and_rings_side_by_side_do_not_overlap(memory):
    record = Record(memory, 9)
    first = FrameRing(memory, 8, 6, offset=128)
    second = FrameRing(memory, 8, 6, offset=128 + FrameRing.size(8, 6))
    record.write(np.arange(9.0))
    for index in range(2 * RING_SLOTS):
        first.write(np.full((6, 8, 3), 10 + index, np.uint8), t_ns=index, sim_time=0.0)
        second.write(np.full((6, 8, 3), 100 + index, np.uint8), t_ns=index, sim_time=0.0)
    assert record.read().tolist() == list(range(9))
    assert (first.latest().image == 10 + 2 * RING_SLOTS - 1).all()
    assert (second.latest().image == 100 + 2 * RING_SLOTS - 1).all()


def test_a_ring_numbers_and_times_its_pictures(memory):
    ring = FrameRing(memory, 4, 3)
    assert ring.latest() is None
    for index in range(RING_SLOTS + 2):
        image = np.full((3, 4, 3), index, np.uint8)
        ring.write(image, t_ns=10**15 + index, sim_time=0.5 * index)
        picture = ring.latest()
        assert (picture.image == index).all()
        assert picture.seq == index
        assert picture.t_ns == 10**15 + index
        assert picture.sim_time == pytest.approx(0.5 * index)
    assert ring.count == RING_SLOTS + 2
    assert not picture.image.flags.writeable


def test_another_reader_sees_the_memory_but_cannot_write(memory):
    Record(memory, 2).write(np.array([3.0, 4.0]))
    other = SharedMemory.attach(os.getpid(), memory.descriptor, memory.size)
    record = Record(other, 2)
    assert record.read().tolist() == [3, 4]
    with pytest.raises(ValueError, match="read-only"):
        record.write(np.zeros(2))
    other.close()


def test_only_shared_memory_is_attached(tmp_path):
    with (tmp_path / "secret").open("w") as file, pytest.raises(ValueError, match="no shared"):
        SharedMemory.attach(os.getpid(), file.fileno(), 10)
    with pytest.raises(OSError, match="No such file"):
        SharedMemory.attach(os.getpid(), 987654, 10)
