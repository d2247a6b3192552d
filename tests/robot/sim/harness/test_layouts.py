from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.types import StudioError
from robot.sim.harness.cases import Axis, Case, Condition, Scene, Wrong, held_out_seeds
from robot.sim.harness.layouts import NoTaskError, case_layout, case_tasks, tables
from robot.sim.layout import (
    HELD_OUT_SEED,
    MIN_SPACING,
    TRAINING_SEEDS,
    WORKSPACE_X,
    WORKSPACE_Y,
    random_layout,
)
from robot.sim.layout_check import checked_layout
from robot.sim.scene import FRAME_SIZE, camera_models
from robot.sim.sketch import Hand
from robot.sim.task_layout import HELD_OUT_COMBINATIONS
from robot.sim.tasks import TaskKind, possible_tasks

CASE = Case(kind=TaskKind.PLACE, seed=HELD_OUT_SEED, condition=Condition.TRACE)


def test_the_simple_scene_is_what_steering_was_always_tried_on():
    case = replace(CASE, kind=TaskKind.PICK, scene=Scene.SIMPLE, seed=HELD_OUT_SEED + 3)
    assert case_layout(case) == random_layout(HELD_OUT_SEED + 3)
    assert tables(case, 0, 5) == list(range(HELD_OUT_SEED, HELD_OUT_SEED + 5))


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("axis", list(Axis))
def test_every_axis_has_tables_for_every_task(kind, axis):
    case = replace(CASE, kind=kind, axis=axis)
    seeds = tables(case, 2, 6)
    assert len(set(seeds)) == 6
    assert set(seeds) <= set(held_out_seeds(2, 10_000))
    assert not set(seeds) & set(TRAINING_SEEDS)
    for seed in seeds:
        layout = case_layout(replace(case, seed=seed))
        assert case_tasks(replace(case, seed=seed), layout)
        assert layout == case_layout(replace(case, seed=seed))
        names = [item.name for item in layout.objects]
        assert len(set(names)) == len(names)


def test_the_rim_is_beyond_what_training_fills_and_still_in_the_picture():
    front = camera_models()["front"]
    for seed in tables(replace(CASE, axis=Axis.SPATIAL), 0, 12):
        layout = case_layout(replace(CASE, axis=Axis.SPATIAL, seed=seed))
        places = np.array([(item.x, item.y) for item in layout.objects])
        low = np.array([WORKSPACE_X[0], WORKSPACE_Y[0]])
        high = np.array([WORKSPACE_X[1], WORKSPACE_Y[1]])
        assert ((places < low) | (places > high)).any(axis=1).all()
        gaps = np.linalg.norm(places[:, None] - places[None], axis=-1)
        assert gaps[~np.eye(len(places), dtype=bool)].min() >= MIN_SPACING
        pixels = front.project(np.column_stack([places, np.full(len(places), 0.04)]))
        assert (pixels > 10).all()
        assert (pixels < np.array(FRAME_SIZE) - 10).all()


def test_novel_tasks_are_about_combinations_that_training_never_shows():
    case = replace(CASE, axis=Axis.NOVEL)
    for seed in tables(case, 0, 6):
        for task in case_tasks(replace(case, seed=seed), case_layout(replace(case, seed=seed))):
            named = {tuple(name.split(" ")) for name in (task.target, task.reference)}
            assert named & HELD_OUT_COMBINATIONS


def test_distractors_are_grey_and_never_asked_for():
    case = replace(CASE, kind=TaskKind.PICK, axis=Axis.DISTRACTORS)
    for seed in tables(case, 0, 6):
        layout = case_layout(replace(case, seed=seed))
        greys = [item for item in layout.objects if not item.is_named]
        assert 1 <= len(greys) <= 2
        assert not {item.name for item in greys} & {t.target for t in possible_tasks(layout)}


def test_the_lab_takes_tables_of_every_axis():
    for axis in Axis:
        case = replace(CASE, axis=axis)
        for seed in tables(case, 0, 4):
            layout = case_layout(replace(case, seed=seed))
            assert checked_layout(layout.to_message()) == layout


def test_the_simple_scene_has_no_distractors():
    with pytest.raises(StudioError, match="leave --scene simple away"):
        tables(replace(CASE, scene=Scene.SIMPLE, axis=Axis.NOVEL), 0, 1)


def test_a_table_without_such_a_task_is_told():
    case = replace(CASE, scene=Scene.SIMPLE)
    with pytest.raises(NoTaskError, match="no task of kind 'place'"):
        case_tasks(case, case_layout(case))


def test_every_case_has_a_key_of_its_own():
    cases = [
        replace(CASE, kind=kind, condition=condition, hand=hand, wrong=wrong, axis=axis, seed=seed)
        for kind in TaskKind
        for condition in (Condition.TRACE, Condition.WRONG)
        for hand in Hand
        for wrong in Wrong
        for axis in (Axis.NONE, Axis.LIGHT)
        for seed in (1, 2)
    ]
    # the hand does not matter to a wrong line, nor where a wrong one leads to a right one
    assert len({case.key for case in cases}) == 3 * 2 * 2 * (len(Hand) + len(Wrong))
