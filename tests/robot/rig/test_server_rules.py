"""How strict the rig's options make it."""

from __future__ import annotations

import argparse

import pytest

from core.types import StudioError
from robot.rig.rules import LAB, REAL
from robot.rig.server import _rules, add_arguments


def rules(usual, *words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    where = ["--robot", "10.0.0.1"] if usual.real else ["--lab", "ws://127.0.0.1:1"]
    return _rules(parser.parse_args([*where, *words]), usual)


def test_without_options_nothing_changes():
    assert rules(LAB) == LAB
    assert rules(REAL) == REAL


def test_a_real_arm_is_held_to_run_and_slow_at_first():
    made = rules(REAL)
    assert made.hold_to_run
    assert 0.05 <= made.speed <= made.max_speed <= 0.10


def test_a_first_connection_is_a_slow_one_unless_it_is_said_twice():
    with pytest.raises(StudioError, match=r"--max-speed 0\.5"):
        rules(REAL, "--speed", "0.5")
    assert rules(REAL, "--speed", "0.5", "--max-speed", "0.5").speed == 0.5
    assert rules(REAL, "--max-speed", "0.05").speed == 0.05


def test_a_lab_may_exercise_holding_and_be_patient():
    made = rules(LAB, "--hold-to-run", "--pulse-limit", "3", "--observation-age", "20")
    assert (made.hold_to_run, made.pulse_seconds, made.observation_seconds) == (True, 3.0, 20.0)


def test_a_real_arm_is_never_patient():
    with pytest.raises(StudioError, match="lab"):
        rules(REAL, "--pulse-limit", "3")


@pytest.mark.parametrize(
    "words",
    [
        ("--speed", "0"),
        ("--speed", "1.5"),
        ("--speed", "nan"),
        ("--max-speed", "2"),
        ("--observation-age", "0"),
        ("--observation-age", "inf"),
        ("--pulse-limit", "-1"),
        ("--pulse-limit", "nan"),
    ],
)
def test_absurd_numbers_are_refused(words):
    with pytest.raises(StudioError, match=words[0]):
        rules(LAB, *words)
