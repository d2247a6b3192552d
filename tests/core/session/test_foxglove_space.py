"""What a viewer gets to see in space."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.camera import CameraModel
from core.session import events
from core.session.foxglove_space import CLOUD_POINTS, _quaternion, pose
from core.session.reader import read_session
from core.session.writer import SessionWriter
from core.types import DepthMap, Frame, Observation, Reasoning, RobotState, Trace, TraceSource
from tests.core.session.samples import chunk
from tests.core.session.test_session_file import decoded

DOWN = np.diag([1.0, -1.0, -1.0, 1.0])
DOWN[:3, 3] = (0.5, 0.0, 1.0)
"""A camera one metre above the table that looks straight down."""

CAMERA = CameraModel.from_fov(width=320, height=320, fovy=0.8, pose=DOWN)
WRIST = CameraModel.from_fov(width=320, height=240, fovy=0.8, pose=np.eye(4), mounted_on_hand=True)


@pytest.fixture
def seen(tmp_path):
    """The topics of a short session, each with its messages in order."""
    image = np.full((240, 320, 3), (10, 20, 30), np.uint8)
    arm = np.eye(4)
    arm[:3, 3] = (0.4, 0.1, 0.3)
    state = RobotState(q=np.zeros(7), ee_pose=arm, gripper=1.0, t_ns=1)
    middle = np.array([[127.5, 127.5], [200.0, 127.5]])
    trace = Trace(points=middle, source=TraceSource.USER)
    depth = DepthMap(values=np.ones((320, 320), np.float32), metric=True)
    poses = np.stack([np.eye(4)] * 3)
    poses[:, 0, 3] = (0.4, 0.5, 0.6)
    poses[1, 2, 3] = np.nan
    writer = SessionWriter(tmp_path / "s.mcap", {})
    for event in (
        events.SessionStarted(
            cameras={"front": CAMERA, "wrist": WRIST, "side": None},
            workspace=np.array([[0.2, -0.4, 0.0], [0.8, 0.4, 0.5]]),
        ),
        events.Observed(
            request_id=1,
            observation=Observation(
                frames=(Frame(camera="front", image=image, t_ns=0),), instruction="x", state=state
            ),
        ),
        events.Reasoned(
            reasoning=Reasoning(
                request_id=1, text="", depth_map=depth, traces=(Trace(points=middle),)
            )
        ),
        events.Steered(request_id=2, trace=trace),
        events.Previewed(chunk=chunk(), poses=poses, ok=False),
    ):
        writer.put(event)
    found = {}
    for topic, _, message in decoded(writer.finish()):
        found.setdefault(topic, []).append(message)
    return found


def test_the_cloud_lies_where_the_depth_says(seen):
    (cloud,) = seen["/cloud"]
    points = np.frombuffer(cloud.data, dtype=[("xyz", "<f4", 3), ("rgba", "u1", 4)])
    assert cloud.point_stride == points.itemsize
    assert 0.5 * CLOUD_POINTS < len(points) <= CLOUD_POINTS
    assert cloud.frame_id == "base"
    np.testing.assert_allclose(points["xyz"][:, 2], 0.0, atol=1e-6)
    assert points["rgba"][0].tolist() == [10, 20, 30, 255]
    assert [field.name for field in cloud.fields][:3] == ["x", "y", "z"]


@pytest.mark.parametrize("whose", ["model", "user"])
def test_traces_are_laid_onto_the_table(seen, whose):
    (scene,) = seen[f"/scene/trace/{whose}"]
    (line,) = scene.entities[0].lines
    np.testing.assert_allclose(
        [line.points[0].x, line.points[0].y, line.points[0].z], [0.5, 0.0, 0.0], atol=2e-3
    )
    assert line.points[1].x > 0.6


def test_a_plan_leaves_out_what_is_no_place(seen):
    (scene,) = seen["/scene/plan"]
    (line,) = scene.entities[0].lines
    assert [round(point.x, 6) for point in line.points] == [0.4, 0.6]
    (poses,) = seen["/plan/poses"]
    assert len(poses.poses) == 2


def test_the_workspace_is_a_box(seen):
    (box,) = seen["/scene/workspace"][0].entities[0].cubes
    assert (box.pose.position.x, box.pose.position.z) == (0.5, 0.25)
    np.testing.assert_allclose([box.size.x, box.size.y, box.size.z], [0.6, 0.8, 0.5])


def test_frames_hang_together(seen):
    assert [(t.parent_frame_id, t.child_frame_id) for t in seen["/tf"]] == [
        ("base", "front"),
        ("hand", "wrist"),
        ("base", "hand"),
    ]
    turned = seen["/tf"][0].rotation
    assert abs(turned.x) == pytest.approx(1.0)
    hand = seen["/tf"][-1].translation
    assert (hand.x, hand.y, hand.z) == (0.4, 0.1, 0.3)


def test_a_mirrored_or_unknown_pose_is_none():
    assert pose(np.diag([1.0, 1.0, -1.0, 1.0])) is None
    assert pose(np.full((4, 4), np.nan)) is None
    assert pose(DOWN) is not None


def test_an_event_that_cannot_be_shown_is_kept(tmp_path, monkeypatch):
    def fail(*_):
        raise ValueError("no such view")

    monkeypatch.setattr("core.session.writer.views", fail)
    writer = SessionWriter(tmp_path / "s.mcap", {})
    writer.put(events.Note(text="a"))
    assert [event.text for event in read_session(writer.finish())] == ["a"]


@given(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 1e-3))
def test_rotations_are_those_of_scipy(quaternion):
    rotation = Rotation.from_quat(quaternion)
    ours = np.array(_quaternion(*rotation.as_matrix().ravel().tolist()))
    assert abs(ours @ rotation.as_quat()) == pytest.approx(1.0, abs=1e-9)
