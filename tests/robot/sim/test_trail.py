from __future__ import annotations

import numpy as np
import pytest

from robot.sim.kinematics import home_joints
from robot.sim.memory import LabMemory
from robot.sim.scene import HOME_POSITION
from robot.sim.trail import TICKS


@pytest.fixture
def trail():
    memory = LabMemory.create()
    yield memory.trail
    memory.close()


def walk(trail, first, count):
    for tick in range(first, first + count):
        trail.append(1_000_000 * tick, 0.001 * tick, np.full(7, float(tick)))


def test_a_trail_is_empty_until_written(trail):
    assert len(trail.since(0).t_ns) == 0
    assert trail.since(0).tool().shape == (0, 3)


def test_steps_come_back_in_order_from_a_moment_on(trail):
    walk(trail, 0, 100)
    way = trail.since(90_000_000)
    assert way.t_ns.tolist() == [1_000_000 * tick for tick in range(90, 100)]
    np.testing.assert_allclose(way.sim_s, 0.001 * np.arange(90, 100))
    assert way.q[:, 3].tolist() == list(range(90, 100))


def test_a_full_ring_keeps_the_newest_steps(trail):
    walk(trail, 0, TICKS + 50)
    way = trail.since(0)
    assert TICKS - 2 <= len(way.t_ns) <= TICKS
    assert way.t_ns[-1] == 1_000_000 * (TICKS + 49)
    assert (np.diff(way.t_ns) == 1_000_000).all()


def test_nanoseconds_survive_a_long_uptime(trail):
    now = 90 * 24 * 3600 * 1_000_000_000 + 1
    trail.append(now, 1.0, home_joints())
    way = trail.since(now)
    assert way.t_ns.tolist() == [now]
    np.testing.assert_allclose(way.tool()[0], HOME_POSITION, atol=1e-3)


def test_the_trail_leaves_state_and_pictures_alone():
    memory = LabMemory.create()
    image = np.full((240, 320, 3), 7, np.uint8)
    for ring in memory.rings.values():
        ring.write(image, t_ns=1, sim_time=0.0)
    walk(memory.trail, 0, 10)
    assert memory.state() is None
    assert all((ring.latest().image == 7).all() for ring in memory.rings.values())
    memory.close()
