"""How stops are measured; nothing here starts a program."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from app.bench.braking import braking, speed_now
from app.bench.household import Course, memory_of
from app.bench.left_behind import LeftBehind
from app.bench.motions import RATE_HZ, SPEEDS, sideways
from app.bench.victims import CASES, Loss, add_case
from core.report import Report
from core.types import StudioError
from robot.sim.kinematics import joints_for
from robot.sim.trail import Way

BRAKE_S, SPEED = 0.1, 0.15
MS = 1_000_000


def stopping(*, from_ms: int = 300, slowness: int = 1, forever: bool = False) -> Way:
    """The tool goes sideways, then brakes evenly; ``slowness`` is the wall's time per arm's."""
    times = np.arange(0.0, 1.0, 0.001)
    speed = np.clip(SPEED * (1 - (times - from_ms / 1000) / BRAKE_S), 0.0, SPEED)
    y = np.cumsum((np.full_like(speed, SPEED) if forever else speed) * 0.001)
    joints = [joints_for(np.array([0.48, -0.1 + value, 0.22])) for value in y]
    t_ns = (np.arange(len(times)) * MS * slowness).astype(np.int64)
    return Way(t_ns=t_ns, sim_s=times, q=np.array(joints))


@pytest.fixture(scope="module")
def brake():
    return stopping()


def test_the_time_and_the_way_until_rest(brake):
    found = braking(brake, 300 * MS)
    assert found.moved
    assert found.rested
    assert found.speed == pytest.approx(SPEED, rel=0.02)
    # below 2 mm/s is a little before the very end of an even brake
    assert found.rest_ms == pytest.approx(1000 * BRAKE_S * (1 - 0.002 / SPEED), abs=2)
    assert found.arm_ms == pytest.approx(found.rest_ms, abs=1)
    assert found.path_mm == pytest.approx(1000 * SPEED * BRAKE_S / 2, rel=0.05)
    assert found.physics_hz == pytest.approx(1000)


def test_a_slow_machine_is_told_from_a_slow_arm():
    found = braking(stopping(slowness=4), 4 * 300 * MS)
    assert found.rest_ms == pytest.approx(4 * found.arm_ms, rel=0.02)
    assert found.physics_hz == pytest.approx(250)


def test_an_arm_that_goes_on_never_rests():
    found = braking(stopping(forever=True), 300 * MS)
    assert found.moved
    assert not found.rested


def test_a_rest_that_has_not_lasted_is_none_yet(brake):
    cut = Way(t_ns=brake.t_ns[:440], sim_s=brake.sim_s[:440], q=brake.q[:440])
    assert not braking(cut, 300 * MS).rested


def test_an_arm_at_rest_had_nothing_to_stop(brake):
    found = braking(brake, 700 * MS)
    assert not found.moved
    assert found.rest_ms == 0.0


def test_without_steps_nothing_is_known(brake):
    nothing = Way(t_ns=brake.t_ns[:0], sim_s=brake.sim_s[:0], q=brake.q[:0])
    assert not braking(nothing, 0).moved
    assert speed_now(nothing) == 0.0
    head = Way(t_ns=brake.t_ns[100:150], sim_s=brake.sim_s[100:150], q=brake.q[100:150])
    assert speed_now(head) == pytest.approx(SPEED, rel=0.02)


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("y", [-0.3, -0.01, 0.2])
def test_the_measured_way_leads_to_the_other_side(speed, y):
    actions = sideways(y, speed)
    assert np.linalg.norm(actions[0, :3]) * RATE_HZ == pytest.approx(speed)
    assert abs(y + actions[:, 1].sum()) <= max(abs(y), 0.31)
    assert (actions[:, 6] == 1.0).all()


def test_every_loss_is_there_and_says_why():
    assert Counter((case.victim, case.study) for case in CASES)["window", False] == 2
    assert {case.victim for case in CASES} == {"window", "policy", "recorder"}
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.why for case in CASES)


def loss(rest_ms: float, call_ms: float | None = 190.0, lost_s: float = 0.1) -> Loss:
    left = LeftBehind(events=3, messages=9, lost_s=lost_s, repaired=True)
    return Loss(call_ms=call_ms, rest_ms=rest_ms, brake_ms=100.0, path_mm=9.0, left=left)


@pytest.mark.parametrize(
    ("losses", "holds"),
    [
        ([loss(390.0), loss(250.0)], True),
        ([loss(390.0), loss(410.0)], False),
        ([loss(390.0), loss(float("nan"))], False),
    ],
)
def test_the_goal_is_missed_by_one_late_rest(losses, holds):
    report = Report("test")
    add_case(report, CASES[0], losses)
    assert [goal["holds"] for goal in report.goals] == [holds, True]


def test_a_motion_that_shall_go_on_must_not_be_stopped():
    case = next(case for case in CASES if not case.stops)
    for losses, holds in (([loss(2000.0, None)], True), ([loss(300.0)], False)):
        report = Report("test")
        add_case(report, case, losses)
        assert report.goals[0]["holds"] is holds


def test_a_log_that_lost_too_much_misses_its_goal():
    report = Report("test")
    add_case(report, CASES[0], [loss(300.0, lost_s=0.6)])
    assert report.goals[-1]["holds"] is False


def test_memory_is_judged_by_the_second_half():
    minutes = np.arange(0, 600, 10.0)
    grown = np.where(minutes < 300, 100 + minutes / 10, 130.0)
    flat = Course(times=minutes.tolist(), sizes=grown.tolist()).second_half(0.0)
    assert flat.percent == pytest.approx(0.0, abs=0.1)
    leak = Course(times=minutes.tolist(), sizes=(100 + minutes / 10).tolist()).second_half(0.0)
    assert leak.percent > 20
    assert memory_of(2**22 + 1) is None


def test_an_unfinished_file_that_is_none_is_a_sentence(tmp_path):
    from app.bench.left_behind import read_left_behind

    with pytest.raises(StudioError):
        read_left_behind(tmp_path / "session.mcap.part", 0)
