from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.trace import to_model
from core.types import StudioError
from robot.sim.expert import GRASP_HEIGHT, LIFT_HEIGHT
from robot.sim.scene import FRAME_SIZE, camera_models
from training.collect import IMAGE_SIZE, collect_shard
from training.labels import CHUNK, front_coordinates, join_labels, label_states, open_shards


def frames(**changes):
    """Two objects, four frames: far, at the grasp, with object 1 in hand, closed on nothing."""
    first, second = [0.50, -0.08, 0.041], [0.55, 0.08, 0.045]
    states = {
        "tool": np.array([[0.48, 0.0, 0.2], [*first[:2], GRASP_HEIGHT], second, [0.5, 0.0, 0.05]]),
        "width": np.array([0.08, 0.08, 0.042, 0.0]),
        "objects": np.array([[first, second, [np.nan] * 3, [np.nan] * 3]] * 4),
        "held": np.array([-1, -1, 1, -1]),
    }
    return states | changes


def test_a_shard_holds_the_frames_and_what_was_measured(shards):
    shard = shards[0]
    count = len(shard.front)
    assert count >= 40
    assert shard.front.shape == shard.wrist.shape == (count, IMAGE_SIZE[1], IMAGE_SIZE[0], 3)
    assert shard.front.dtype == np.uint8
    assert shard.front.std() > 10
    assert len(shard.depth) == len(shard.depth_index)
    assert (np.diff(shard.depth_index) > 0).all()
    assert 0.5 < float(shard.depth.min()) < float(shard.depth.max())
    assert all(len(values) == count for values in shard.states.values())
    present = shard.states["colour"] >= 0
    assert np.array_equal(present, np.isfinite(shard.states["objects"][..., 0]))
    assert (present.sum(1) >= 2).all()
    assert len(np.unique(shard.states["episode"])) >= 2


def test_a_finished_shard_is_left_alone(demos):
    before = (demos / "shard_000" / "front.npy").stat().st_mtime_ns
    collect_shard(demos / "shard_000", seed=9, frames=10)
    assert (demos / "shard_000" / "front.npy").stat().st_mtime_ns == before
    assert not list(demos.glob("*.part"))


def test_without_demonstrations_there_is_a_reason(tmp_path):
    (tmp_path / "shard_000.part").mkdir()
    with pytest.raises(StudioError, match="run `train collect` first"):
        open_shards(tmp_path)


def test_every_frame_is_labelled_towards_every_object():
    labels = label_states(frames())
    pairs = list(zip(labels.frame.tolist(), labels.target.tolist(), strict=True))
    assert pairs == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 0), (3, 1)]
    assert labels.held.tolist() == [False] * 4 + [True] + [False] * 2
    assert labels.empty.tolist() == [False] * 5 + [True] * 2


def test_grasping_holding_and_missing_have_their_actions():
    labels = label_states(frames())
    at_grasp, held, empty = labels.actions[2], labels.actions[4], labels.actions[5:]
    assert np.array_equal(at_grasp[0], np.zeros(7))
    assert at_grasp[1, 2] > 0.0
    assert (held[:, 6] == 0.0).all()
    assert held[0, 2] == pytest.approx(0.03)
    assert np.array_equal(empty[:, 0], [[0, 0, 0, 0, 0, 0, 1]] * 2)


def test_half_closed_fingers_away_from_objects_are_left_out():
    labels = label_states(frames(width=np.array([0.04, 0.08, 0.042, 0.0])))
    assert 0 not in labels.frame


def test_a_trace_leads_from_the_tool_to_the_grasp_or_the_lift():
    states = frames()
    labels = label_states(states)
    camera = camera_models()["front"]
    for index in range(len(labels)):
        length = labels.trace_length[index]
        trace = labels.trace[index]
        assert 1 <= length <= 5
        assert np.isfinite(trace[:length]).all()
        assert np.isnan(trace[length:]).all()
        assert np.allclose(trace[0], labels.tool[index], atol=1e-3)
        assert np.allclose(
            labels.tool[index], front_coordinates(states["tool"][labels.frame[index]])
        )
        place = states["objects"][labels.frame[index], labels.target[index]].copy()
        place[2] = LIFT_HEIGHT if labels.held[index] else GRASP_HEIGHT
        end = to_model(camera.project(place) - 0.5, FRAME_SIZE)
        assert np.linalg.norm(trace[length - 1] - end) < 4.0
    # where the fingers close at once there is no way to go
    assert labels.trace_length[2] == 1
    assert labels.distance[0] == pytest.approx(np.hypot(0.02, 0.08))


def test_recorded_frames_have_sensible_labels(shards, labels):
    states = shards[0].states
    assert labels.actions.shape == (len(labels), CHUNK, 7)
    assert labels.actions.dtype == np.float32
    assert np.linalg.norm(labels.actions[..., :3], axis=-1).max() <= 0.03 + 1e-6
    assert (labels.goal >= 0).all()
    assert (labels.goal <= 255).all()
    assert (states["held"][labels.frame[labels.held]] == labels.target[labels.held]).all()
    for frame in np.unique(labels.frame[labels.held]):
        assert (labels.frame == frame).sum() == 1
    for index, length in enumerate(labels.trace_length):
        points = labels.trace[index, :length]
        assert np.isfinite(points).all()
        # rests are cut off, but a hand that closed on nothing opens before it moves
        moves = points[1:] if labels.empty[index] else points
        assert all((a != b).any() for a, b in pairwise(moves))


def test_running_numbers_go_on_over_shards():
    first, second = label_states(frames()), label_states(frames(), first_frame=4)
    joined = join_labels([first, second])
    assert len(joined) == len(first) + len(second)
    assert np.array_equal(joined.frame, [*first.frame, *(first.frame + 4)])
    assert np.array_equal(joined.trace, np.concatenate([first.trace] * 2), equal_nan=True)
