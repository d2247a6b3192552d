from __future__ import annotations

import numpy as np
import pytest

from robot.sim.expert import (
    CLEARANCE,
    EMPTY_WIDTH,
    GRASP_HEIGHT,
    HORIZON,
    LIFT_HEIGHT,
    OPEN_WIDTH,
    PLACED_WITHIN,
    STEP,
    HandState,
    advance,
    expert_action,
    path_of,
    play,
    play_forward,
    random_start,
)
from robot.sim.layout import WORKSPACE_X, WORKSPACE_Y

TARGET = np.array([0.52, 0.03, 0.041])


def act(position, width=0.08):
    state = HandState(position=np.array([position], dtype=float), width=np.array([float(width)]))
    return expert_action(state, TARGET[None])[0]


def states(count=40):
    rng = np.random.default_rng(3)
    position = np.stack([random_start(rng) for _ in range(count)])
    position[: count // 2, 2] = rng.uniform(GRASP_HEIGHT, 0.2, count // 2)
    width = rng.choice([0.08, 0.042, 0.0], count)
    target = rng.uniform(
        [WORKSPACE_X[0], WORKSPACE_Y[0], 0.041], [WORKSPACE_X[1], WORKSPACE_Y[1], 0.045], (count, 3)
    )
    return HandState(position=position, width=width), target


def test_the_hand_closes_where_it_can_grasp():
    action = act([*TARGET[:2], GRASP_HEIGHT])
    assert np.array_equal(action, np.zeros(7))


def test_a_held_object_is_lifted_with_closed_fingers_and_then_kept():
    action = act([*TARGET[:2], GRASP_HEIGHT], width=0.042)
    assert np.allclose(action, [0, 0, STEP, 0, 0, 0, 0])
    assert np.array_equal(act([*TARGET[:2], LIFT_HEIGHT], width=0.042), np.zeros(7))


def test_fingers_that_closed_on_nothing_open_in_place():
    assert np.array_equal(act([0.5, 0.0, 0.06], width=0.0), [0, 0, 0, 0, 0, 0, 1])


def test_over_the_object_the_open_hand_sinks():
    action = act([*TARGET[:2], 0.15])
    assert np.allclose(action, [0, 0, -STEP, 0, 0, 0, 1])


def test_beside_the_object_the_hand_rises_before_it_travels():
    action = act([TARGET[0] - 0.06, TARGET[1], GRASP_HEIGHT])
    assert action[2] > 0.0
    assert np.allclose(action[:2], 0.0)
    assert action[6] == 1.0


def test_far_above_the_hand_travels_towards_the_object():
    action = act([TARGET[0] - 0.1, TARGET[1], GRASP_HEIGHT + CLEARANCE])
    assert action[0] > 0.0
    assert abs(action[1]) < 1e-12


def test_steps_are_bounded_and_never_turn_the_hand():
    state, target = states(200)
    actions = expert_action(state, target)
    assert (np.linalg.norm(actions[:, :3], axis=1) <= STEP + 1e-9).all()
    assert np.array_equal(actions[:, 3:6], np.zeros((200, 3)))
    assert set(np.unique(actions[:, 6])) <= {0.0, 1.0}


def test_playing_a_batch_equals_stepping_each_state_alone():
    state, target = states()
    actions, positions, opened = play_forward(state, target, steps=20)
    assert actions.shape == (40, 20, 7)
    assert positions.shape == (40, 21, 3)
    assert opened.shape == (40, 21)
    for index in range(len(target)):
        one = HandState(
            position=state.position[index : index + 1], width=state.width[index : index + 1]
        )
        for step in range(20):
            assert np.allclose(positions[index, step], one.position[0], atol=1e-12)
            assert opened[index, step] == (one.width[0] > OPEN_WIDTH)
            action = expert_action(one, target[index : index + 1])
            assert np.allclose(actions[index, step], action[0], atol=1e-12)
            one = advance(one, action, 0.042)


@pytest.mark.parametrize("seed", range(5))
def test_from_any_start_the_expert_ends_lifted_over_the_target(seed):
    start = random_start(np.random.default_rng(seed))
    state = HandState(position=start[None], width=np.array([0.08]))
    _, positions, opened = play_forward(state, TARGET[None], steps=26)
    assert positions[0, -1, 2] == pytest.approx(LIFT_HEIGHT)
    assert np.linalg.norm(positions[0, -1, :2] - TARGET[:2]) < 0.007
    assert not opened[0, -1]


def test_a_held_object_is_neither_open_nor_empty():
    assert EMPTY_WIDTH < 0.042 < OPEN_WIDTH


GOAL = np.array([0.58, -0.10, 0.051])


def put(position, width=0.08, target=TARGET, goal=GOAL):
    state = HandState(position=np.array([position], dtype=float), width=np.array([float(width)]))
    return expert_action(state, np.array([target], dtype=float), goal[None])[0]


def test_a_destination_changes_nothing_before_the_thing_is_held():
    state, target = states()
    goal = np.tile(GOAL, (len(target), 1))
    free = state.width != 0.042
    with_goal, without = expert_action(state, target, goal), expert_action(state, target)
    assert np.array_equal(with_goal[free], without[free])
    assert np.array_equal(expert_action(state, target, np.full_like(goal, np.nan)), without)


def test_a_held_thing_rises_before_it_is_carried():
    action = put([*TARGET[:2], GRASP_HEIGHT], width=0.042)
    assert action[2] == pytest.approx(STEP)
    assert np.allclose(action[:2], 0.0)
    assert action[6] == 0.0


def test_a_held_thing_is_let_go_at_its_destination():
    held = np.array([*GOAL[:2], GOAL[2] + 0.003])
    action = put(np.add(held, [0, 0, 0.001]), width=0.042, target=held)
    assert np.array_equal(action, [0, 0, 0, 0, 0, 0, 1.0])


def test_how_deep_the_fingers_hold_a_thing_is_made_up_for():
    # held near its top: the hand stays as much higher
    tool = np.array([*GOAL[:2], GOAL[2] + 0.015])
    assert put(tool, width=0.042, target=tool - [0, 0, 0.012])[6] == 1.0
    assert put(tool, width=0.042, target=tool)[6] == 0.0


def test_a_thing_that_lies_where_it_should_is_left():
    assert np.allclose(put([*GOAL[:2], 0.055], target=GOAL), [0, 0, STEP, 0, 0, 0, 1.0])
    assert np.allclose(put([*GOAL[:2], LIFT_HEIGHT], target=GOAL), [0, 0, 0, 0, 0, 0, 1.0])
    aside = np.add(GOAL, [PLACED_WITHIN + 0.005, 0, 0])
    assert put([*aside[:2], GRASP_HEIGHT], target=aside)[6] == 0.0


@pytest.mark.parametrize("width", [0.08, 0.042, 0.0])
@pytest.mark.parametrize("seed", range(4))
def test_from_any_start_the_expert_ends_with_the_thing_at_its_destination(seed, width):
    rng = np.random.default_rng(seed)
    start = np.add(TARGET, [0, 0, 0.003]) if width == 0.042 else random_start(rng)
    state = HandState(position=start[None], width=np.array([width]))
    played = play(state, TARGET[None], GOAL[None], steps=HORIZON)
    assert not played.placed[0, 0]
    assert played.placed[0, -1]
    assert played.opened[0, -1]
    assert np.linalg.norm(played.positions[0, -1, :2] - GOAL[:2]) < 0.012
    assert played.positions[0, -1, 2] == pytest.approx(LIFT_HEIGHT)
    release = int(played.placed[0].argmax())
    assert played.actions[0, release - 1, 6] == 1.0
    # on the way it is carried above whatever stands there
    travel = played.positions[0, :release]
    away = np.linalg.norm(travel[:, :2] - GOAL[:2], axis=1) > 0.045
    away &= np.linalg.norm(travel[:, :2] - TARGET[:2], axis=1) > 0.045
    assert (travel[away, 2] > 0.10).all()


def test_a_path_leads_by_way_of_the_thing_to_where_it_is_let_go():
    start = np.array([0.48, 0.0, 0.2])
    path = path_of(start, 0.08, TARGET, GOAL)
    assert np.array_equal(path[0], start)
    assert np.linalg.norm(path[-1, :2] - GOAL[:2]) < 0.012
    assert abs(path[-1, 2] - GOAL[2]) < 0.02
    assert np.linalg.norm(path - [*TARGET[:2], GRASP_HEIGHT], axis=1).min() < 0.01
    assert 10 < len(path) <= HORIZON
    assert (np.linalg.norm(np.diff(path, axis=0), axis=1) <= STEP + 1e-9).all()
    picked = path_of(start, 0.08, TARGET)
    assert np.linalg.norm(picked[-1] - [*TARGET[:2], GRASP_HEIGHT]) < 0.01
    left = path_of(np.array([*GOAL[:2], 0.06]), 0.08, GOAL, GOAL)
    assert left[-1, 2] == pytest.approx(LIFT_HEIGHT)
    assert len(path_of(np.array([*GOAL[:2], LIFT_HEIGHT]), 0.08, GOAL, GOAL)) == 1
