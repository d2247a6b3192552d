from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from core.types import StudioError
from robot.sim.harness.cases import Axis, Case, Condition, Goal, Scene, Wrong
from robot.sim.harness.layouts import case_layout, case_tasks, tables
from robot.sim.harness.runner import carry_out
from robot.sim.sketch import Hand
from robot.sim.tasks import AMBIGUOUS, TaskKind
from robot.sim.trial_labs import DirectTrialLab
from robot.sim.trials import DONE, LIFTED, nearest_to_trace, run_trial
from tests.robot.sim.harness.expert_policy import ExpertPolicy


@pytest.fixture(scope="module")
def lab() -> Iterator[DirectTrialLab]:
    lab = DirectTrialLab()
    yield lab
    lab.close()


def case_of(kind: TaskKind, condition: Condition, **changes) -> Case:
    case = Case(kind=kind, seed=0, condition=condition, goal=Goal.OTHER, **changes)
    return Case(
        kind=kind, seed=tables(case, 3, 1)[0], condition=condition, goal=Goal.OTHER, **changes
    )


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("condition", [Condition.OPEN, Condition.TRACE])
def test_the_expert_does_every_task(lab, kind, condition):
    case = case_of(kind, condition)
    policy = ExpertPolicy(lab, case)
    trial = run_trial(lab, policy, case)
    assert trial.done, trial
    assert trial.ended == (LIFTED if kind is TaskKind.PICK else DONE)
    assert trial.picked == trial.target != trial.planned == policy.tasks[0].target
    assert trial.lifted
    assert trial.score == 1.0
    assert (trial.seed, trial.kind, trial.key) == (case.seed, kind, case.key)
    assert not trial.wild
    assert not trial.toppled
    assert policy.instructions[0] == AMBIGUOUS[kind]
    if condition is Condition.TRACE:
        assert set(policy.instructions) == {AMBIGUOUS[kind]}
        first, *drawn = policy.traces
        assert first is None
        assert all(trace is not None and len(trace.points) >= 2 for trace in drawn)
        ends = np.stack([trace.points[-1] for trace in drawn])
        assert np.ptp(ends, axis=0).max() == 0.0
        assert trial.gap is not None
        assert trial.gap < 40.0
    else:
        assert trial.target not in policy.instructions[-1]
        assert set(policy.traces) == {None}
        assert trial.gap is None


def test_without_steering_the_wanted_thing_is_another(lab):
    trial = run_trial(lab, *policy_and_case(lab, Condition.AMBIGUOUS))
    assert trial.planned == trial.picked != trial.target
    assert not trial.done
    assert not trial.lifted
    assert trial.ended == LIFTED


def policy_and_case(lab, condition, **changes):
    case = case_of(TaskKind.PICK, condition, scene=Scene.SIMPLE)
    return ExpertPolicy(lab, case, **changes), case


@pytest.mark.parametrize("condition", [Condition.TRACE, Condition.INSTRUCTION])
def test_conditions_of_a_table_want_the_same(lab, condition):
    reference = run_trial(lab, *policy_and_case(lab, Condition.OPEN))
    trial = run_trial(lab, *policy_and_case(lab, condition))
    assert (trial.target, trial.planned) == (reference.target, reference.planned)


def test_a_policy_without_an_answer_ends_the_trial(lab):
    trial = run_trial(lab, *policy_and_case(lab, Condition.OPEN, broken="silent"))
    assert (trial.ended, trial.cycles, trial.score) == ("the answer has no actions", 0, 0.0)
    assert trial.refused


def test_a_refusal_is_a_result(lab):
    trial = run_trial(lab, *policy_and_case(lab, Condition.OPEN, broken="refusing"))
    assert (trial.ended, trial.done) == ("this policy does not want to", False)


@pytest.mark.parametrize("wrong", list(Wrong))
def test_a_wrong_line_is_followed_safely_by_who_picks_something(lab, wrong):
    case = case_of(TaskKind.PICK, Condition.WRONG, scene=Scene.SIMPLE, wrong=wrong)
    trial = run_trial(lab, ExpertPolicy(lab, case), case)
    assert trial.outcome == "followed safely"
    assert (trial.target, trial.done, trial.lifted) == ("", False, False)
    assert trial.variant == str(wrong)


def test_the_guard_refuses_a_policy_gone_wild(lab):
    case = case_of(TaskKind.PICK, Condition.WRONG, scene=Scene.SIMPLE)
    trial = run_trial(lab, ExpertPolicy(lab, case, step=4.0), case)
    assert trial.outcome == "refused"
    assert trial.ended.startswith("Step 1")
    assert trial.cycles == 1


def test_motion_that_nothing_guards_is_told_to_be_wild(lab):
    policy, case = policy_and_case(lab, Condition.OPEN, step=4.0)
    trial = run_trial(lab, policy, case)
    assert "farther than the guard allows" in trial.wild
    assert trial.outcome == "wild"


@pytest.mark.parametrize("axis", [Axis.LIGHT, Axis.TEXTURE, Axis.CAMERA])
def test_pictures_can_differ_and_come_back(lab, axis):
    case = case_of(TaskKind.PICK, Condition.TRACE, scene=Scene.SIMPLE)
    layout = case_layout(case)

    def picture(**changes):
        lab.reset(layout, seed=case.seed, **changes)
        return lab.observe("x").frames[0].image.astype(int)

    usual, odd, again, after = picture(), picture(axis=axis), picture(axis=axis), picture()
    assert np.abs(odd - usual).mean() > 3
    assert np.abs(odd - again).max() <= 2
    assert np.abs(usual - after).max() <= 2


def test_a_line_is_drawn_on_the_picture_of_a_moved_camera(lab):
    case = case_of(TaskKind.PICK, Condition.TRACE, axis=Axis.CAMERA, scene=Scene.SIMPLE)
    policy = ExpertPolicy(lab, case)
    assert run_trial(lab, policy, case).done


def test_a_trial_can_be_filmed(lab, tmp_path):
    import av

    policy, case = policy_and_case(lab, Condition.TRACE)
    trial = carry_out(lab, policy, case, tmp_path)
    (path,) = tmp_path.glob("*.mp4")
    assert path.stem == "simple_pick_none_trace_steady_other_1030000"
    with av.open(str(path)) as film:
        pictures = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(pictures) == 4 * trial.cycles + 5
    assert pictures[0].shape == (262, 320, 3)
    cyan = (pictures[0][:240] > [-1, 180, 180]).all(axis=2) & (pictures[0][:240, :, 0] < 90)
    assert cyan.sum() > 20


def test_a_film_of_a_trial_that_fails_is_not_left_behind(lab, tmp_path, monkeypatch):
    policy, case = policy_and_case(lab, Condition.TRACE)

    def silent(*_):
        raise StudioError("the cameras are silent")

    monkeypatch.setattr(lab, "execute", silent)
    with pytest.raises(StudioError, match="silent"):
        carry_out(lab, policy, case, tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_hand_draws_to_the_same_thing(lab):
    targets = set()
    for hand in Hand:
        case = case_of(TaskKind.PICK, Condition.TRACE, scene=Scene.SIMPLE, hand=hand)
        policy = ExpertPolicy(lab, case, broken="silent")
        policy.broken = ""
        targets.add((run_trial(lab, policy, case).target, len(policy.traces[1].points) <= 5))
    assert len(targets) == 1


def test_a_trace_leads_to_the_thing_on_its_way_not_at_its_end():
    points = np.array([[0.0, 0], [50, 50], [100, 50], [150, 50], [200, 0]])
    centres = np.array([[205.0, 3], [52, 55], [300, 300]])
    assert nearest_to_trace(points, centres, TaskKind.PICK) == 0
    assert nearest_to_trace(points, centres, TaskKind.PLACE) == 1
    assert nearest_to_trace(points[-1:], centres, TaskKind.PLACE) == 0


def test_tasks_of_a_table_are_those_of_the_case():
    case = case_of(TaskKind.PLACE, Condition.TRACE)
    assert {task.kind for task in case_tasks(case, case_layout(case))} == {TaskKind.PLACE}
