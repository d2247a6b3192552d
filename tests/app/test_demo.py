"""The demo: where it draws, and how it drives the real window with a scripted policy and rig."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.demo import add_arguments, summary
from app.demo_driver import DemoDriver, DemoReport
from app.demo_target import PLACES, DemoError, choose_target, sketch
from tests.app.fakes import ScriptedRig

NAMES = ["red cube", "blue cube", "green cube"]
PLACES_OF = np.array([[0.3, 0.6], [0.7, 0.6], [0.5, 0.99]])
TABLE = {"red cube": (0.5, -0.18, 0.03), "blue cube": (0.6, 0.16, 0.03)}


def test_it_draws_to_what_the_model_did_not_choose() -> None:
    assert choose_target(NAMES, PLACES_OF, np.array([0.32, 0.5])) == ("red cube", "blue cube")
    assert choose_target(NAMES, PLACES_OF, np.array([0.7, 0.6])) == ("blue cube", "red cube")
    named = choose_target(NAMES, PLACES_OF, np.array([0.7, 0.6]), "green cube")
    assert named == ("blue cube", "green cube")


def test_a_table_without_a_choice_is_a_sentence() -> None:
    with pytest.raises(DemoError, match="nothing on the table"):
        choose_target([], np.zeros((0, 2)), np.zeros(2))
    with pytest.raises(DemoError, match="Apart from the red cube"):
        choose_target(NAMES[::2], PLACES_OF[::2], np.array([0.3, 0.6]))
    with pytest.raises(DemoError, match="no 'bowl'"):
        choose_target(NAMES, PLACES_OF, np.zeros(2), "bowl")


def test_a_sketch_bends_a_little_and_keeps_its_ends() -> None:
    start, goal = np.array([0.5, 0.3]), np.array([0.7, 0.6])
    line = sketch(start, goal)
    assert len(line) == PLACES
    assert np.allclose(line[0], start)
    assert np.allclose(line[-1], goal)
    straight = start + np.linspace(0, 1, PLACES)[:, None] * (goal - start)
    assert 0.005 < np.abs(line - straight).max() < 0.03


class Table(ScriptedRig):
    """A scripted rig whose lab speaks like the real one; two runs lift what was drawn to."""

    wanted = "blue cube"

    def lab(self, op: str, **arguments: Any) -> Any:
        self.calls.append(op)
        if op == "objects":
            return {name: np.array([*place, 1, 0, 0, 0]) for name, place in TABLE.items()}
        if op == "lifted":
            return len(self.runs) >= 3 and arguments["name"] == self.wanted
        return None


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> type[Table]:
    monkeypatch.setattr("tests.app.conftest.ScriptedRig", Table)
    return Table


def play(rigged: Any, folder: Path, **options: Any) -> DemoReport:
    rigged.rig.auto_run = True
    options = {
        "instruction": "pick up the object",
        "seed": 3,
        "limit_s": 20.0,
        "pace": 0.0,
    } | options
    driver = DemoDriver(rigged.window, folder, **options)
    with rigged.qtbot.waitSignal(driver.finished, timeout=60_000) as done:
        driver.start()
    return done.args[0]


def test_the_demo_goes_through_the_whole_task(
    table: type[Table], rigged: Any, tmp_path: Path
) -> None:
    report = play(rigged, tmp_path)
    assert report.error == ""
    assert report.success
    assert report.lifted
    assert {report.planned, report.target} == set(TABLE)
    assert report.predicted_trace[0] == [120, 60]
    assert 2 <= len(report.drawn_trace) <= 5
    assert report.cycles >= 3
    asked = [trace is not None for _, trace in rigged.policy.asked]
    assert asked[:2] == [False, True]
    assert rigged.policy.asked[0][0].instruction == "pick up the object"
    assert all(Path(path).stat().st_size > 5000 for path in report.screenshots)
    names = [Path(path).stem.split("-")[1] for path in report.screenshots]
    assert names[:1] == ["ready"]
    assert names[-1] == "lifted"
    assert "reset" in rigged.rig.calls


def test_a_broken_answer_ends_the_demo_with_a_sentence(
    table: type[Table], rigged: Any, tmp_path: Path
) -> None:
    rigged.policy.failure = RuntimeError("boom")
    report = play(rigged, tmp_path)
    assert not report.success
    assert "no trace" in report.error
    assert not rigged.rig.runs


def test_the_demo_refuses_a_real_arm(table: type[Table], rigged: Any, tmp_path: Path) -> None:
    rigged.ready()
    rigged.store.rig = type(rigged.store.rig)(
        kind="real", host="172.16.0.2", cameras=rigged.store.rig.cameras
    )
    report = play(rigged, tmp_path)
    assert "only drives the lab" in report.error
    assert not rigged.policy.asked


def test_a_service_that_cannot_start_ends_the_demo(rigged: Any, tmp_path: Path) -> None:
    rigged.studio.notifier.error("The lab could not start: its port is in use.")
    rigged.store.set_service("lab", "failed")
    report = play(rigged, tmp_path)
    assert report.error == "The lab could not start: its port is in use."
    assert json.loads(json.dumps(summary(report, "")))["success"] is False


def test_the_options_are_those_of_the_studio_and_more() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args(["--out", "somewhere", "--target", "red cube"])
    assert args.instruction == "pick up the object"
    assert (args.out, args.target) == (Path("somewhere"), "red cube")
