from __future__ import annotations

import numpy as np
import pytest

from robot.sim.expert import (
    CLEARANCE,
    EMPTY_WIDTH,
    GRASP_HEIGHT,
    LIFT_HEIGHT,
    OPEN_WIDTH,
    STEP,
    HandState,
    advance,
    expert_action,
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
