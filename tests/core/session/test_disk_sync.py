from __future__ import annotations

import threading

import pytest

from core.session.disk_sync import DiskSync


@pytest.fixture
def disk(monkeypatch):
    """A disk that answers when it is let, and what it was asked."""

    class Disk:
        gate, asked, marks = threading.Semaphore(0), threading.Semaphore(0), []
        fault = None

        def fsync(self, descriptor):
            assert descriptor == 7
            self.asked.release()
            assert self.gate.acquire(timeout=30)
            if self.fault is not None:
                raise self.fault

    disk = Disk()
    monkeypatch.setattr("core.session.disk_sync.os.fsync", disk.fsync)
    return disk


def test_asking_never_waits_and_marks_are_told_when_they_hold(disk):
    sync = DiskSync(7, disk.marks.append)
    sync.ask(1)
    assert disk.asked.acquire(timeout=30)
    for mark in (2, 3, 4):  # the disk is still busy with the first
        sync.ask(mark)
    assert disk.marks == []
    disk.gate.release(2)
    sync.close()
    assert disk.marks == [1, 4]


def test_a_disk_that_refuses_is_told_at_the_next_chance(disk):
    disk.fault = OSError(5, "Input/output error")
    sync = DiskSync(7, disk.marks.append)
    sync.ask(1)
    disk.gate.release()
    sync.close()
    with pytest.raises(OSError, match="Input/output"):
        sync.ask(2)
    assert disk.marks == []
