"""What is said about an arm before it may move."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import franky
import numpy as np
import pytest

from robot import machine_checks
from robot.arrival import SAMPLES, Arrival, measure_arrival
from robot.check_item import CheckState
from robot.franka_checklist import JOINT_COLLISION, TOOL_COLLISION, ArmFacts, arm_items
from robot.franka_facts import gather_facts, set_collision_limits
from robot.machine_checks import KERNEL, PERMISSION, PROCESSOR, Machine

GOOD_MACHINE = Machine(
    system="Linux 6.8-realtime", preempt_rt=True, rt_priority=99, governor="performance"
)
BAD_MACHINE = Machine(system="Linux 6.8", preempt_rt=False, rt_priority=0, governor="powersave")

HAND = np.eye(4)
HAND[:3, :3] = [[0.5**0.5, 0.5**0.5, 0], [-(0.5**0.5), 0.5**0.5, 0], [0, 0, 1]]
HAND[2, 3] = 0.1034
"""F_T_EE as an arm with a Franka Hand reports it."""

GOOD = ArmFacts(
    host="10.0.0.2",
    simulated=False,
    realtime=True,
    mode="Idle",
    errors=[],
    hand_mass=0.73,
    load_mass=0.0,
    tool=HAND,
    arrival=Arrival(samples=400, usual_ms=0.2, worst_ms=0.4),
    speed=0.1,
    gripper_width=0.08,
)


def item(name, machine=GOOD_MACHINE, **changes):
    return {i.name: i for i in arm_items(replace(GOOD, **changes), machine)}[name]


def test_a_good_arm_on_a_good_machine_has_nothing_to_mend():
    items = arm_items(GOOD, GOOD_MACHINE)
    assert {i.state for i in items} == {CheckState.OK}
    assert not any(i.mend for i in items)
    assert len({i.name for i in items}) == len(items)


@pytest.mark.parametrize("simulated", [False, True])
def test_what_is_not_well_is_said_with_its_mend(simulated):
    bad = replace(
        GOOD,
        simulated=simulated,
        mode="Guiding",
        errors=["joint reflex"],
        hand_mass=0.0,
        load_mass=1.2,
        tool=np.eye(4),
        arrival=None,
        speed=0.5,
        gripper_width=0.0,
    )
    for entry in arm_items(bad, BAD_MACHINE):
        assert entry.found.endswith(".")
        assert bool(entry.mend) == (entry.state != CheckState.OK)


def test_a_simulated_arm_needs_no_special_machine():
    for name in (KERNEL, PERMISSION, PROCESSOR):
        entry = item(name, BAD_MACHINE, simulated=True)
        assert entry.state == CheckState.OK
        assert "does without" in entry.found
    slow = Arrival(samples=400, usual_ms=25.0, worst_ms=30.0)
    assert item("network", simulated=True, arrival=slow).state == CheckState.OK
    assert item("speed", simulated=True, speed=1.0).state == CheckState.OK


def test_who_does_without_real_time_is_warned_and_not_kept_away():
    assert item(KERNEL, BAD_MACHINE).state == CheckState.FAIL
    assert item(PERMISSION, BAD_MACHINE).state == CheckState.FAIL
    assert item(PROCESSOR, BAD_MACHINE).state == CheckState.WARN
    assert item(KERNEL, BAD_MACHINE, realtime=False).state == CheckState.WARN


@pytest.mark.parametrize(
    ("mode", "state"),
    [("Idle", "ok"), ("Move", "ok"), ("Guiding", "fail"), ("UserStopped", "fail")],
)
def test_only_an_arm_that_takes_commands_is_well(mode, state):
    assert item("robot mode", mode=mode).state == state


def test_every_mode_of_the_library_is_said():
    modes = list(franky.RobotMode.__members__)
    assert len(modes) == 7
    said = {item("robot mode", mode=mode).found for mode in modes}
    assert len(said) == 7
    assert item("robot mode", mode="Other").mend.startswith("Unlock its brakes")


def test_the_network_is_judged_by_what_is_usual():
    late = Arrival(samples=400, usual_ms=0.6, worst_ms=0.7)
    once = Arrival(samples=400, usual_ms=0.4, worst_ms=7.0)
    assert item("network", arrival=late).state == CheckState.WARN
    assert item("network", arrival=once).state == CheckState.OK
    assert item("network", arrival=None).state == CheckState.FAIL


@pytest.mark.parametrize("change", [{"hand_mass": 0.0}, {"tool": np.eye(4)}])
def test_another_end_effector_than_the_hand_fails(change):
    assert item("end effector", **change).state == CheckState.FAIL


def test_a_hand_that_is_mounted_turned_fails():
    turned = HAND.copy()
    turned[:3, :3] = np.eye(3)
    assert item("end effector", tool=turned).state == CheckState.FAIL


def test_load_speed_and_errors():
    assert item("payload", load_mass=0.4).state == CheckState.WARN
    assert item("speed", speed=0.2).state == CheckState.WARN
    entry = item("errors", errors=["joint reflex", "power limit violation"])
    assert entry.state == CheckState.FAIL
    assert "a joint met more resistance" in entry.found
    assert entry.mend == "Look what it met and clear its way; then choose Recover."


class Clock:
    """Advances when it is told to; late states take longer."""

    def __init__(self, delays, pace=1.0, kept=1):
        self.now, self.told, self.reads = 100.0, 0.0, 0
        self.delays, self.pace, self.kept = delays, pace, kept

    def __call__(self):
        return self.now

    def robot(self):
        self.reads += 1
        if self.reads % self.kept == 0:
            self.told += 0.001
            self.now = 100.0 + self.told / self.pace + next(self.delays)
        else:
            self.now += 2e-4
        return self.told


def test_the_spread_of_arrivals_is_measured_whatever_the_pace_of_the_clocks():
    for pace in (1.0, 0.5):
        delays = iter([0.003 if n == 200 else 0.0001 * (n % 3) for n in range(10_000)])
        clock = Clock(delays, pace)
        arrival = measure_arrival(clock.robot, clock)
        assert arrival.samples == SAMPLES
        assert arrival.usual_ms == pytest.approx(0.2, abs=0.05)
        assert arrival.worst_ms == pytest.approx(3.0, abs=0.1)


def test_a_state_that_is_read_twice_counts_once():
    clock = Clock(iter([0.0] * 10_000), kept=3)
    assert measure_arrival(clock.robot, clock).usual_ms == pytest.approx(0.0, abs=0.02)
    assert clock.reads >= 3 * SAMPLES - 3


def test_an_arm_that_tells_the_same_again_and_again_gives_no_measurement():
    clock = Clock(iter([]), kept=10**9)
    assert measure_arrival(clock.robot, clock) is None


def test_facts_come_from_the_arm_and_limits_go_to_it():
    limits = []
    errors = franky.Errors()
    ticks = iter(range(10**6))

    class Arm:
        fci_hostname = "127.0.0.5"

        @property
        def state(self):
            return SimpleNamespace(
                robot_mode=franky.RobotMode.Idle,
                current_errors=errors,
                m_ee=0.73,
                m_load=0.1,
                F_T_EE=SimpleNamespace(matrix=HAND),
                time=SimpleNamespace(to_sec=lambda: next(ticks) * 0.001),
            )

        def set_collision_behavior(self, *args):
            limits.extend(args)

    facts = gather_facts(Arm(), gripper_width=0.08, speed=0.2, realtime=False)
    assert (facts.host, facts.simulated, facts.mode, facts.errors) == (
        "127.0.0.5",
        True,
        "Idle",
        [],
    )
    assert facts.arrival is not None
    set_collision_limits(Arm())
    assert [len(values) for values in limits] == [7, 7, 6, 6]
    assert (limits[1][0], limits[3][0]) == (JOINT_COLLISION, TOOL_COLLISION)
    assert all(limits[k][0] < limits[k + 1][0] for k in (0, 2))


def test_this_machine_is_looked_at(monkeypatch, tmp_path):
    about = SimpleNamespace(system="Linux", release="6.8", version="#63 SMP PREEMPT_RT Mon")
    monkeypatch.setattr(machine_checks.platform, "uname", lambda: about)
    monkeypatch.setattr(machine_checks.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(machine_checks.resource, "getrlimit", lambda _: (60, 99))
    governor = tmp_path / "governor"
    governor.write_text("powersave\n")
    monkeypatch.setattr(machine_checks, "_GOVERNOR", governor)
    monkeypatch.setattr(machine_checks, "_KERNEL_FLAG", tmp_path / "none")
    assert Machine.here() == Machine(
        system="Linux 6.8", preempt_rt=True, rt_priority=60, governor="powersave"
    )
    about.version = "#1 SMP PREEMPT_DYNAMIC"
    assert not Machine.here().preempt_rt
    (tmp_path / "none").write_text("1\n")
    assert Machine.here().preempt_rt
