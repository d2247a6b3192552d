"""What a fault of the arm is called."""

from __future__ import annotations

import franky
import pytest

from robot.base import PreemptedError, RobotError, RobotLostError
from robot.franka_words import active_errors, in_words

ERRORS = ["joint reflex", "cartesian collision"]


@pytest.mark.parametrize(
    ("text", "errors", "part"),
    [
        ('motion aborted by reflex! ["joint_reflex"]', (), "(joint reflex)"),
        ("motion aborted by reflex!", ERRORS, "(joint reflex, cartesian collision)"),
        ("motion aborted by reflex!", (), "(reflex)"),
        ("strange thing", ERRORS, "It reports: joint reflex, cartesian collision."),
        ("strange thing", (), "refuses: strange thing."),
    ],
)
def test_the_errors_of_the_arm_are_named(text, errors, part):
    fault = in_words(RuntimeError(text), "arm", errors)
    assert type(fault) is RobotError
    assert part in str(fault)


def test_errors_do_not_change_what_kind_of_fault_it_is():
    assert type(in_words(RuntimeError("Motion preempted"), "arm", ERRORS)) is PreemptedError
    assert type(in_words(RuntimeError("tcp closed"), "arm", ERRORS)) is RobotLostError
    known = RobotError("known")
    assert in_words(known, "arm", ERRORS) is known


def test_a_healthy_arm_reports_nothing():
    assert active_errors(franky.Errors()) == []
