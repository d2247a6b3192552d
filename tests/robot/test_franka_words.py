"""What a fault of the arm is called, and what a person is told to do."""

from __future__ import annotations

import franky
import pytest

from robot.base import PlanError, PreemptedError, RobotError, RobotLostError
from robot.franka_errors import ERRORS, error_named, recovery_checklist, reflex_sentence
from robot.franka_version import library_sentence, mismatch_sentence
from robot.franka_words import active_errors, in_words

NAMES = ["joint reflex", "cartesian collision"]


@pytest.mark.parametrize(
    ("text", "errors", "parts"),
    [
        (
            'motion aborted by reflex! ["joint_reflex"]',
            (),
            ("a joint met more resistance", "(joint reflex)", "clear its way, then choose Recover"),
        ),
        (
            'aborted by reflex! ["power_limit_violation", "joint_reflex"]',
            (),
            ("more power than it may", "(power limit violation, joint reflex)"),
        ),
        ("motion aborted by reflex!", NAMES, ("(joint reflex, cartesian collision)",)),
        ("motion aborted by reflex!", (), ("(reflex)",)),
        ("strange thing", NAMES, ("It reports: joint reflex, cartesian collision.",)),
        ("strange thing", (), ("refuses: strange thing.",)),
    ],
)
def test_the_errors_of_the_arm_are_named(text, errors, parts):
    fault = in_words(RuntimeError(text), "arm", errors)
    assert type(fault) is RobotError
    for part in parts:
        assert part in str(fault)


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("Motion preempted", PreemptedError, "stopped"),
        ("command preempted due to activated safety function!", RobotError, "safety rule"),
        ("Motion planner failed with error -111", PlanError, "no trajectory"),
        ("libfranka: Connection timeout", RobotLostError, "activate FCI"),
        ("UDP receive: Timeout", RobotLostError, "no answer"),
        ("Connection to FCI refused", RobotLostError, "unlock its brakes"),
        ('command not possible in the current mode ("User stopped")!', RobotError, "stop button"),
        ('command not possible in the current mode ("Guiding")!', RobotError, "guided by hand"),
        ('command not possible in the current mode ("Other")!', RobotError, "unlock its brakes"),
        ("Running kernel does not have realtime capabilities.", RobotError, "PREEMPT_RT"),
        ("tcp closed", RobotLostError, "is lost"),
    ],
)
def test_each_message_of_the_library_gets_its_kind_and_words(text, kind, part):
    fault = in_words(RuntimeError(text), "arm", NAMES)
    assert type(fault) is kind
    assert part in str(fault)


def test_an_exception_in_words_already_stays_as_it_is():
    known = RobotError("known")
    assert in_words(known, "arm", NAMES) is known


def test_another_protocol_version_is_said_with_the_way_out():
    text = "libfranka: Incompatible library version (server version: 5, library version: 10)"
    said = str(in_words(RuntimeError(text), "10.0.0.2"))
    assert "10.0.0.2 speaks version 5" in said
    assert "version 10 (robot system 5.9 or newer)" in said
    assert said.endswith("by-robot-server-version/5/")
    assert "Update the robot" in said
    assert "Update the robot" not in mismatch_sentence("arm", 11, 10)
    assert "VERSION" in str(in_words(RuntimeError("Incompatible library version"), "arm"))
    assert "franky-control 2." in library_sentence()


def test_a_healthy_arm_reports_nothing():
    assert active_errors(franky.Errors()) == []


def test_every_error_that_the_library_knows_is_in_the_table():
    known = {name for name in dir(franky.Errors) if not name.startswith("_")}
    assert set(ERRORS) == known
    for error in ERRORS.values():
        assert error.what[0].islower()
        assert not error.what.endswith(".")


def test_errors_are_found_by_either_spelling_and_unknown_ones_are_said():
    assert error_named("joint reflex") is error_named("joint_reflex") is ERRORS["joint_reflex"]
    assert "does not know" in error_named("new_error").what
    assert "too many answers" in reflex_sentence(["communication_constraints_violation"])


def test_recovery_is_confirmed_error_by_error_and_by_a_look():
    items = recovery_checklist(["joint_reflex", "new error"])
    assert [item.name for item in items[:2]] == ["joint reflex", "new error"]
    assert len({item.name for item in items}) == len(items) == 4
    assert all(item.state in ("warn", "unknown") and item.mend for item in items)
    assert [item.state for item in recovery_checklist([])] == ["unknown", "unknown"]
