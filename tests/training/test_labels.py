from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.trace import to_model
from core.types import StudioError
from robot.sim.expert import GRASP_HEIGHT, LIFT_HEIGHT
from robot.sim.layout import SHAPES, Layout, ObjectSpec
from robot.sim.scene import FRAME_SIZE, camera_models, jittered_front, picture_points
from robot.sim.task_layout import holds_held_out
from robot.sim.tasks import Task, destination
from training.collect import _table, collect_shard
from training.labels import (
    CHUNK,
    front_coordinates,
    join_labels,
    label_states,
    open_shards,
)
from training.pairs import BESIDE, KINDS, PICK, PLACE, find_pairs
from training.recording import IMAGE_SIZE, MOST_THINGS

CUBE, CYLINDER, PLATE = (SHAPES.index(name) for name in ("cube", "cylinder", "plate"))


def frames(**changes):
    """Two objects, four frames: far, at the grasp, with object 1 in hand, closed on nothing."""
    first, second = [0.50, -0.08, 0.041], [0.55, 0.08, 0.045]
    nothing = [[np.nan] * 3] * (MOST_THINGS - 2)
    states = {
        "tool": np.array([[0.48, 0.0, 0.2], [*first[:2], GRASP_HEIGHT], second, [0.5, 0.0, 0.05]]),
        "width": np.array([0.08, 0.08, 0.042, 0.0]),
        "objects": np.array([[first, second, *nothing]] * 4),
        "shape": np.array([[CUBE, CYLINDER, *[-1] * (MOST_THINGS - 2)]] * 4, dtype=np.int8),
        "held": np.array([-1, -1, 1, -1]),
        "camera": np.stack([camera_models()["front"].pose] * 4),
    }
    return states | changes


def only(labels, kind):
    """The labels of one kind of task."""
    names = labels.__dataclass_fields__
    rows = labels.kind == kind
    return type(labels)(**{name: getattr(labels, name)[rows] for name in names})


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
    labels = only(label_states(frames()), PICK)
    pairs = list(zip(labels.frame.tolist(), labels.target.tolist(), strict=True))
    assert pairs == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 0), (3, 1)]
    assert labels.held.tolist() == [False] * 4 + [True] + [False] * 2
    assert labels.empty.tolist() == [False] * 5 + [True] * 2


def test_grasping_holding_and_missing_have_their_actions():
    labels = only(label_states(frames()), PICK)
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
    labels = only(label_states(states), PICK)
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
        assert len(set(labels.target[labels.frame == frame].tolist())) == 1
    for index, length in enumerate(labels.trace_length):
        points = labels.trace[index, :length]
        assert np.isfinite(points).all()
        assert length <= 5
        if labels.kind[index] != PICK:
            continue  # the way to a grasp and up again may cross itself in the picture
        # rests are cut off, but a hand that closed on nothing opens before it moves
        moves = points[1:] if labels.empty[index] else points
        assert all((a != b).any() for a, b in pairwise(moves))


def test_running_numbers_go_on_over_shards():
    first, second = label_states(frames()), label_states(frames(), first_frame=4)
    joined = join_labels([first, second])
    assert len(joined) == len(first) + len(second)
    assert np.array_equal(joined.frame, [*first.frame, *(first.frame + 4)])
    assert np.array_equal(joined.trace, np.concatenate([first.trace] * 2), equal_nan=True)


def held_over_plate():
    """A cube in the hand, a plate and a cylinder: high above all, and at the plate's height."""
    plate, can = [0.60, 0.10, 0.025], [0.46, 0.0, 0.045]
    tools = np.array([[0.50, -0.05, 0.13], [0.60, 0.10, 0.058]])
    things = np.full((2, MOST_THINGS, 3), np.nan)
    things[:, 0], things[:, 1], things[:, 2] = tools - [0, 0, 0.003], plate, can
    shape = np.full((2, MOST_THINGS), -1, dtype=np.int8)
    shape[:, :3] = CUBE, PLATE, CYLINDER
    return frames(
        tool=tools,
        width=np.full(2, 0.042),
        objects=things,
        shape=shape,
        held=np.array([0, 0]),
        camera=np.stack([camera_models()["front"].pose] * 2),
    )


def test_a_held_thing_is_labelled_for_every_place_where_it_can_go():
    states = held_over_plate()
    labels = label_states(states)
    first = labels.frame == 0
    assert labels.kind[first].tolist() == [PICK, PLACE, BESIDE]
    assert labels.target.tolist() == [0] * 6
    assert labels.reference[first].tolist() == [-1, 1, 2]
    assert labels.focus[first].tolist() == [0, 1, 2]
    assert labels.held.all()
    assert not labels.placed.any()
    place = only(labels, PLACE)
    above, at = place.actions
    assert above[0, 6] == 0.0
    assert above[0, 0] > 0.0
    assert above[0, 1] > 0.0
    assert at[0, 6] == 1.0
    assert (at[1:4, 2] > 0.0).all()
    plate = picture_points(states["objects"][0, 1])
    for end in (place.goal[0], place.end[0], place.trace[0, place.trace_length[0] - 1]):
        assert np.linalg.norm(end - plate) < 18.0
    # the thing itself is where a pick-up looks
    assert np.allclose(only(labels, PICK).goal[0], picture_points(states["objects"][0, 0]))


def test_a_thing_that_has_been_put_down_is_left_alone():
    states = held_over_plate()
    states |= {"width": np.full(2, 0.08), "held": np.array([-1, -1])}
    states["objects"][1, 0] = [0.60, 0.10, 0.051]
    labels = label_states(states)
    second = labels.frame == 1
    place = second & (labels.kind == PLACE) & (labels.target == 0)
    assert labels.placed[place].tolist() == [True]
    action = labels.actions[place][0, 0]
    assert action[2] == pytest.approx(0.03)
    assert action[6] == 1.0
    # the other thing finds the plate occupied, and the same thing may be picked up again
    assert not (second & (labels.kind == PLACE) & (labels.target == 2)).any()
    again = second & (labels.kind == PICK) & (labels.target == 0)
    assert (labels.actions[again][0, :4, 6] == 0.0).any()


def test_labels_agree_with_the_lab_about_where_things_go():
    states = held_over_plate()
    labels = label_states(states)
    cube = ObjectSpec(slot="cube_0", colour="red", shape="cube", x=0.5, y=-0.05)
    plate = ObjectSpec(slot="plate_0", colour="blue", shape="plate", x=0.60, y=0.10)
    can = ObjectSpec(slot="cylinder_0", colour="green", shape="cylinder", x=0.46, y=0.0)
    layout = Layout(objects=(cube, plate, can))
    places = {item.slot: states["objects"][0, i] for i, item in enumerate(layout.objects)}
    for kind, reference in ((PLACE, "blue plate"), (BESIDE, "green cylinder")):
        task = Task(kind=KINDS[kind], target="red cube", reference=reference)
        goal = picture_points(destination(task, layout, places))
        assert np.allclose(only(labels, kind).end[0], goal, atol=1e-3)


def test_every_frame_is_projected_with_its_own_camera():
    rng = np.random.default_rng(2)
    cameras = [jittered_front(rng, "large") for _ in range(4)]
    states = frames(camera=np.stack([camera.pose for camera in cameras]))
    labels = label_states(states)
    for index, frame in enumerate(labels.frame):
        assert np.allclose(
            labels.tool[index], picture_points(states["tool"][frame], cameras[frame]), atol=1e-3
        )
    points = states["objects"][:, :2]
    expected = [picture_points(row, camera) for row, camera in zip(points, cameras, strict=True)]
    assert np.allclose(front_coordinates(points, states["camera"]), np.stack(expected))


def test_training_never_sees_a_held_out_combination():
    rng = np.random.default_rng(0)
    tables = [_table(rng, seed) for seed in range(200)]
    assert not any(holds_held_out(table) for table in tables)
    shapes = [{item.shape for item in table.objects} for table in tables]
    assert 30 < sum("plate" not in names for names in shapes) < 90


def test_the_nearest_task_of_each_kind_is_always_kept_and_comes_first():
    rng = np.random.default_rng(5)
    count = 30
    things = np.full((count, MOST_THINGS, 3), np.nan)
    shape = np.full((count, MOST_THINGS), -1, dtype=np.int8)
    shape[:, :5] = CUBE, CYLINDER, CUBE, PLATE, PLATE
    things[:, :5, :2] = [[0.44, -0.16], [0.62, -0.10], [0.45, 0.02], [0.60, 0.05], [0.46, 0.16]]
    things[:, :5, 2] = [0.041, 0.045, 0.041, 0.025, 0.025]
    tool = rng.uniform([0.42, -0.15, 0.1], [0.62, 0.15, 0.2], (count, 3))
    states = {
        "tool": tool,
        "width": np.full(count, 0.08),
        "objects": things,
        "shape": shape,
        "held": np.full(count, -1),
        "camera": np.stack([camera_models()["front"].pose] * count),
    }
    pairs = find_pairs(states, seed=1)
    places = pairs.frame[pairs.kind == PLACE]
    assert np.bincount(places).tolist() == [2] * count
    nearest = np.linalg.norm(tool[:, None, :2] - things[:, :3, :2], axis=2).argmin(1)
    for frame in range(count):
        row = np.nonzero((pairs.frame == frame) & (pairs.kind == PLACE))[0][0]
        assert pairs.target[row] == nearest[frame]
        own = things[frame, nearest[frame], :2]
        gaps = np.linalg.norm(things[frame, 3:5, :2] - own, axis=1)
        assert pairs.reference[row] == 3 + gaps.argmin()
    again = find_pairs(states, seed=1)
    assert np.array_equal(pairs.target, again.target)
