"""Killed recorders, and the report about them."""

from __future__ import annotations

import json

import pytest

import main
from core.report import Report
from core.session.bench.command import LOST_GOAL_S, add_kills
from core.session.bench.kills import Kill, kill_once


def kill(**changes):
    values = {
        "rate": "high",
        "victim": "recorder",
        "after_s": 1.0,
        "messages": 10,
        "lost_s": 0.1,
        "decisions": 4,
        "in_file": 3,
        "given_back": 1,
        "saved_lost": 0,
        "flight_s": 0.0,
    }
    return Kill(**(values | changes))


def verdicts(kills):
    report = Report("test")
    add_kills(report, kills)
    return [goal["holds"] for goal in report.goals]


def test_a_goal_is_missed_by_what_it_is_about():
    good = [kill(), kill(victim="both", in_file=4, given_back=0)]
    assert verdicts(good) == [True] * 4
    assert verdicts([*good, kill(lost_s=LOST_GOAL_S + 0.01)]) == [False, True, True, True]
    assert verdicts([*good, kill(saved_lost=1)]) == [True, False, True, True]
    assert verdicts([*good, kill(given_back=0)]) == [True, True, False, True]
    assert verdicts([*good, kill(victim="both", given_back=0)]) == [True, True, True, False]


@pytest.mark.parametrize("victim", ["recorder", "both"])
def test_one_real_kill_loses_nothing_that_was_saved(tmp_path, victim):
    found = kill_once(tmp_path / "k", "low", victim, 1.5)
    assert found.messages > 0
    assert found.decisions >= 1
    assert found.saved_lost == 0
    if victim == "recorder":
        assert found.in_file + found.given_back == found.decisions


def test_the_command_writes_its_report(tmp_path, capsys):
    target = tmp_path / "r.json"
    words = ["bench", "recorder", "--minutes", "0.005", "--beside", "0.3", "--kills", "1"]
    assert main.main([*words, "--folder", str(tmp_path), "--json", str(target)]) == 0
    report = json.loads(target.read_text(encoding="utf-8"))
    ways = [row.get("way") for row in report["rows"]]
    assert ways[:4] == ["the load alone", "raw npy", "LeRobot-style", "recorder, H.264"]
    assert len(report["goals"]) >= 10
    assert list(tmp_path.iterdir()) == [target]
    out = capsys.readouterr().out
    assert "pictures lost of" in out
    assert "low rate, recorder" in out
