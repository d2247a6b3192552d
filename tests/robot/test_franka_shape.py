from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from frankik import FrankaKinematics

from robot.franka_shape import BODIES, STROKE, belongs_together, body_poses, load_shapes, tool_pose
from robot.sim.kinematics import home_joints
from robot.sim.light_meshes import split_at_creases
from robot.sim.scene import HOME_POSITION

KINEMATICS = FrankaKinematics("fr3")


def some_joints(count=20):
    low, high = np.array(KINEMATICS.q_min), np.array(KINEMATICS.q_max)
    return np.random.default_rng(3).uniform(low, high, (count, 7))


def test_the_tool_centre_is_where_the_labs_kinematics_put_it():
    for q in some_joints():
        expected = KINEMATICS.forward(q, KINEMATICS.FrankaHandTCPOffset)
        np.testing.assert_allclose(tool_pose(q), expected, atol=1e-3)  # its table has three digits
    np.testing.assert_allclose(tool_pose(home_joints())[:3, 3], HOME_POSITION, atol=1e-3)


def test_links_are_where_pinocchio_puts_them():
    pinocchio = pytest.importorskip("pinocchio")
    assets = pytest.importorskip("franky_sim").__path__[0] + "/assets"
    model = pinocchio.buildModelFromUrdf(f"{assets}/fr3.urdf")
    data = model.createData()
    for q in some_joints(5):
        full = np.zeros(model.nq)
        full[:7] = q
        pinocchio.framesForwardKinematics(model, data, full)
        for body, pose in zip(BODIES[:8], body_poses(q), strict=False):
            frame = data.oMf[model.getFrameId(f"fr3_{body}")]
            np.testing.assert_allclose(pose, frame.homogeneous, atol=1e-6)


def test_fingers_open_to_both_sides_of_the_hand():
    q = home_joints()
    for opening in (0.0, 0.4, 1.0, 7.0):
        left, right = body_poses(q, opening)[-2:]
        gap = np.linalg.norm(left[:3, 3] - right[:3, 3])
        assert gap == pytest.approx(2 * STROKE * min(opening, 1.0))
        np.testing.assert_allclose(left[:3, 1], -right[:3, 1], atol=1e-9)


def test_joints_that_are_none_are_refused():
    with pytest.raises(ValueError, match="seven finite"):
        body_poses(np.zeros(6))
    with pytest.raises(ValueError, match="seven finite"):
        body_poses([0, 0, 0, np.nan, 0, 0, 0])


def test_joints_of_another_arm_are_not_believed():
    q = home_joints()
    assert belongs_together(q, tool_pose(q))
    assert not belongs_together(np.zeros(7), tool_pose(q))
    assert not belongs_together(np.full(7, np.nan), tool_pose(q))


def test_every_body_has_a_shape_of_a_light_arms_size():
    shapes = load_shapes()
    assert tuple(shape.name for shape in shapes) == BODIES
    for shape in shapes:
        assert shape.faces.max() < len(shape.vertices) == len(shape.colours)
        assert np.abs(shape.vertices).max() < 0.45
        assert 0 <= shape.colours.min() <= shape.colours.max() <= 1
    assert 3000 < sum(len(shape.faces) for shape in shapes) < 8000


def test_the_arm_hangs_together():
    q = home_joints()
    clouds = [
        shape.vertices @ pose[:3, :3].T + pose[:3, 3]
        for shape, pose in zip(load_shapes(), body_poses(q), strict=True)
    ]
    for before, after in pairwise(clouds[:9]):
        gaps = np.linalg.norm(before[:, None] - after[None], axis=2)
        assert gaps.min() < 0.02
    tips = min(cloud[:, 2].min() for cloud in clouds[-2:])
    assert tips == pytest.approx(tool_pose(q)[2, 3], abs=0.012)


def test_shapes_that_are_missing_are_named(tmp_path):
    np.savez(tmp_path / "half.npz", link0_vertices=np.zeros((3, 3)))
    with pytest.raises(ValueError, match="lacks"):
        load_shapes(tmp_path / "half.npz")
    with pytest.raises(OSError, match="none"):
        load_shapes(tmp_path / "none.npz")


def test_only_sharp_edges_are_split():
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    flat = np.array([[0, 1, 2], [0, 2, 3]])
    assert len(split_at_creases(corners, flat)[0]) == 4
    corners[3] = [0.5, 0.5, 1]  # now an edge of a right angle
    vertices, faces = split_at_creases(corners, flat)
    assert len(vertices) == 6
    np.testing.assert_array_equal(vertices[faces], corners[flat])
