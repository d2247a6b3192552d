from __future__ import annotations

import argparse
import json

import pytest

from core.types import StudioError
from robot.sim import evaluate
from robot.sim.harness.cases import Case, Condition, Goal, Scene
from robot.sim.tasks import TaskKind
from tests.robot.sim.harness.results import outcome

CASES = [Case(kind=TaskKind.PICK, seed=seed, condition=Condition.TRACE) for seed in range(3)]


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    return parser.parse_args(["--condition", "trace", *words])


def test_an_evaluation_reports_its_trials(monkeypatch, tmp_path, capsys):
    outcomes = [outcome(CASES[2], done=True), outcome(CASES[1], done=False)]
    monkeypatch.setattr(evaluate, "_trials", lambda _: iter(outcomes))
    path = tmp_path / "steer.json"
    words = ("--direct", "--episodes", "2", "--json", str(path))
    assert evaluate.run_eval_steer(arguments(*words)) == 0
    report = json.loads(path.read_text())
    assert [row["seed"] for row in report["rows"]] == [1, 2]
    goals = {goal["metric"]: goal for goal in report["goals"]}
    assert goals["trace lifted"]["value"] == 0.5
    assert not goals["trace lifted"]["holds"]
    assert goals["lifted, Wilson 95 % low"]["value"] < 0.5
    assert goals["picked an object that was not drawn to"]["value"] == 0.0
    assert "layout 2: red cube lifted" in capsys.readouterr().out


def test_an_evaluation_needs_trials():
    with pytest.raises(StudioError, match="at least one trial"):
        evaluate.run_eval_steer(arguments("--episodes", "0"))


def test_an_evaluation_takes_no_layouts_of_the_training():
    with pytest.raises(StudioError, match="from 0 on"):
        evaluate.run_eval_steer(arguments("--seed", "-1"))


def planned_cases(monkeypatch, *words):
    asked = []
    monkeypatch.setattr(evaluate, "run_cases", lambda cases, *_: asked.extend(cases) or iter(()))
    list(evaluate._trials(arguments(*words)))
    return asked


def test_the_tables_of_picking_up_are_those_of_before(monkeypatch):
    cases = planned_cases(monkeypatch, "--episodes", "3", "--seed", "2")
    assert [case.seed for case in cases] == [1_020_000, 1_020_001, 1_020_002]
    assert {(case.kind, case.scene, case.goal) for case in cases} == {
        (TaskKind.PICK, Scene.SIMPLE, Goal.OTHER)
    }


def test_all_kinds_of_task_can_be_tried(monkeypatch, capsys, tmp_path):
    cases = planned_cases(monkeypatch, "--episodes", "2", "--task", "all")
    assert [case.kind for case in cases] == [kind for kind in TaskKind for _ in range(2)]
    monkeypatch.setattr(
        evaluate, "_trials", lambda _: iter([outcome(case, done=True) for case in cases])
    )
    path = tmp_path / "all.json"
    words = ("--episodes", "2", "--task", "all", "--direct", "--json", str(path))
    assert evaluate.run_eval_steer(arguments(*words)) == 0
    goals = {goal["metric"]: goal["value"] for goal in json.loads(path.read_text())["goals"]}
    assert goals["pick: trace lifted"] == goals["place: trace done"] == 1.0
    assert goals["beside: done, Wilson 95 % low"] < 0.5
    assert "not" not in capsys.readouterr().out.split("trace")[0]
