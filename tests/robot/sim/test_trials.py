from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from core.trace import to_model
from core.types import ActionChunk, Capabilities, Reasoning, StudioError, Trace
from robot.sim import evaluate
from robot.sim.expert import HandState, play_forward
from robot.sim.layout import random_layout
from robot.sim.scene import FRAME_SIZE, camera_models
from robot.sim.tasks import nearest_object
from robot.sim.trial_labs import DirectTrialLab
from robot.sim.trials import AMBIGUOUS, CONDITIONS, Trial, gripper_point, run_trial

LAYOUT = random_layout(1_000_003)


class ExpertPolicy:
    """Knows the table and asks the scripted expert; follows a trace to the object at its end."""

    def __init__(self, lab: DirectTrialLab, *, broken: bool = False) -> None:
        self.lab, self.broken = lab, broken
        self.traces: list[Trace | None] = []

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(name="expert", trace_in=True, trace_out=True, execute_steps=3)

    def infer(self, observation, trace=None, **_):
        self.traces.append(trace)
        if self.broken:
            return Reasoning(request_id=0, text="?", error="the answer has no actions")
        slots = [item.slot for item in LAYOUT.objects]
        places = np.stack([self.lab.positions()[slot] for slot in slots])
        pixels = to_model(camera_models()["front"].project(places) - 0.5, FRAME_SIZE)
        if trace is not None:
            index = nearest_object(trace.points[-1], pixels)
        elif observation.instruction == AMBIGUOUS:
            index = 0
        else:
            name = observation.instruction.removeprefix("pick up the ")
            index = [item.name for item in LAYOUT.objects].index(name)
        state = observation.state
        hand = HandState(
            position=state.ee_pose[None, :3, 3], width=np.array([0.08 * state.gripper])
        )
        actions, _, _ = play_forward(hand, places[index : index + 1], steps=8)
        plan = np.stack([gripper_point(state), pixels[index]])
        return Reasoning(
            request_id=0,
            text="",
            traces=(Trace(points=plan),),
            chunk=ActionChunk(actions=actions[0]),
        )


@pytest.fixture(scope="module")
def lab() -> Iterator[DirectTrialLab]:
    lab = DirectTrialLab()
    yield lab
    lab.close()


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_expert_succeeds_under_every_condition(lab, condition):
    policy = ExpertPolicy(lab)
    trial = run_trial(lab, policy, LAYOUT, condition)
    assert trial.lifted, trial
    assert trial.ended == "lifted"
    assert trial.picked == trial.target
    assert trial.score == 1.0
    assert (trial.seed, trial.condition) == (LAYOUT.seed, condition)
    if condition == "trace":
        assert trial.planned == LAYOUT.objects[0].name
        assert trial.target != trial.planned
        first, *drawn = policy.traces
        assert first is None
        assert all(trace is not None and len(trace.points) >= 2 for trace in drawn)
    else:
        assert set(policy.traces) == {None}
        assert trial.planned == trial.target


def test_a_policy_without_an_answer_ends_the_trial(lab):
    trial = run_trial(lab, ExpertPolicy(lab, broken=True), LAYOUT, "instruction")
    assert not trial.lifted
    assert (trial.ended, trial.cycles, trial.score) == ("the answer has no actions", 0, 0.0)


def outcome(seed: int, *, lifted: bool) -> Trial:
    return Trial(
        seed=seed, condition="trace", instruction=AMBIGUOUS, target="red cube", planned="can",
        picked="red cube" if lifted else "", lifted=lifted, score=float(lifted), cycles=5, ended="",
    )  # fmt: skip


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    return parser.parse_args(["--condition", "trace", *words])


def test_an_evaluation_reports_its_trials(monkeypatch, tmp_path, capsys):
    outcomes = [outcome(2, lifted=True), outcome(1, lifted=False)]
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


def test_trials_are_values():
    assert replace(outcome(1, lifted=True), seed=2) == outcome(2, lifted=True)
