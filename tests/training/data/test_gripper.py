from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.types import StudioError
from tests.training.data import sets
from training.data.conventions import Kinematics, Part
from training.data.conventions_file import parse_conventions
from training.data.gripper import (
    JUMP,
    column_places,
    fill,
    forward_kinematics,
    project,
    tool_places,
    traces,
)
from training.data.types import trace_points

URDF = """<robot name="two"><link name="base"/><link name="upper"/><link name="fore"/>
<link name="hand"/>
<joint name="a" type="revolute"><parent link="base"/><child link="upper"/><axis xyz="0 0 1"/>
<limit lower="-3" upper="3" effort="1" velocity="1"/></joint>
<joint name="b" type="revolute"><parent link="upper"/><child link="fore"/>
<origin xyz="0.3 0 0"/><axis xyz="0 0 1"/>
<limit lower="-3" upper="3" effort="1" velocity="1"/></joint>
<joint name="c" type="fixed"><parent link="fore"/><child link="hand"/><origin xyz="0.2 0 0.1"/>
</joint></robot>"""

PLACE = arrays.arrays(np.float64, 2, elements=st.floats(0, 255))


@pytest.fixture(scope="module")
def conventions():
    return parse_conventions(sets.declared(), Path())


def test_the_paper_s_rule_is_followed_to_the_letter():
    points = np.column_stack([np.arange(11.0), np.zeros(11)])
    lines, lengths = traces(points)
    assert lengths.tolist() == [5] * 7 + [4, 3, 2, 1]
    assert trace_points(lines[0], 5)[:, 0].tolist() == [0, 2, 5, 7, 10]
    assert trace_points(lines[7], 4)[:, 0].tolist() == [7, 8, 9, 10]
    assert (lines[10] == [10, 0] + [-1] * 8).all()


def test_unknown_places_are_passed_over_and_the_last_known_one_stands_at_the_end():
    points = np.full((5, 2), np.nan)
    points[1], points[2] = (3, 4), (5, 6)
    lines, lengths = traces(points)
    assert lengths.tolist() == [2, 2, 1, 1, 1]
    assert trace_points(lines[4], 1).tolist() == [[5, 6]]
    assert traces(np.full((2, 2), np.nan))[1].tolist() == [0, 0]


def test_a_recorded_pose_is_projected(conventions):
    rows = {"observation.state": np.array([[0.5, 0.0, 0.2, np.pi, 0, 0, 1.0]] * 2)}
    rows["observation.state"][1, :2] = (5.0, 0.0)
    features = {"observation.state": None}
    arm = conventions.arms[0]
    names = replace(arm.state.position, values=(0, 1, 2))
    turn = replace(arm.state.rotation, values=(3, 4, 5))
    state = replace(arm.state, position=names, rotation=turn, gripper=None)
    places = tool_places(replace(arm, state=state, tool=(0.0, 0.0, 0.1)), rows, features)
    assert np.allclose(places[0], [0.5, 0.0, 0.1])  # the hand points down
    found = project(places, conventions.cameras[0])
    assert np.allclose(found[0], 127.5)  # right below the camera
    assert np.isnan(found[1]).all()  # far outside of the picture


def test_joint_angles_do_as_well(tmp_path):
    path = tmp_path / "two.urdf"
    path.write_text(URDF)
    arm = Kinematics(urdf=path, tip="hand", joints=Part(column="q"))
    poses = forward_kinematics(arm, np.array([[0.0, 0.0], [np.pi / 2, -np.pi / 2], [np.nan, 0]]))
    assert np.allclose(poses[0, :3, 3], [0.5, 0, 0.1])
    assert np.allclose(poses[1, :3, 3], [0.2, 0.3, 0.1])
    assert np.isnan(poses[2]).all()
    with pytest.raises(StudioError, match=r"no frame 'tool'; it has: .*hand"):
        forward_kinematics(replace(arm, tip="tool"), np.zeros((1, 2)))
    with pytest.raises(StudioError, match="2 joint angles; the column 'q' gives 7"):
        forward_kinematics(arm, np.zeros((1, 7)))


def test_a_camera_that_cannot_be_projected_into_is_refused(conventions):
    blind = replace(conventions.cameras[0], calibration=None)
    with pytest.raises(StudioError, match="is not calibrated"):
        project(np.zeros((1, 3)), blind)


@pytest.mark.parametrize(
    ("unit", "given_point"), [("pixel", (63, 47)), ("255", (255, 255)), ("percent", (100, 100))]
)
def test_recorded_places_have_units(conventions, unit, given_point):
    arm = replace(conventions.arms[0], point=Part(column="p"), point_unit=unit)
    points = column_places(arm, {"p": np.array([given_point, (-1, -1)])}, {}, sets.SIZE)
    assert np.allclose(points[0], 255)
    assert np.isnan(points[1]).all()


@given(start=PLACE, end=PLACE, every=st.integers(1, 6))
def test_between_two_places_the_line_is_straight(start, end, every):
    points, suspect = fill({0: start, every: end}, every + 2)
    assert np.allclose(points[0], start)
    assert np.allclose(points[every], end)
    assert np.isnan(points[every + 1]).all()
    share = np.linspace(0, 1, every + 1)[:, None]
    assert np.allclose(points[: every + 1], start + share * (end - start))
    assert suspect.any() == (np.linalg.norm(end - start) > JUMP)


def test_a_single_mistake_is_dropped_and_marked():
    known = {0: [10, 10], 2: [12, 10], 4: [200, 200], 6: [14, 10], 8: [16, 10]}
    points, suspect = fill({k: np.array(v, float) for k, v in known.items()}, 9)
    assert np.allclose(points[4], [13, 10])
    assert suspect.tolist() == [False] * 3 + [True] * 3 + [False] * 3


def test_what_was_not_found_is_filled_in_between():
    points, suspect = fill({0: np.array([0.0, 0.0]), 3: None, 6: np.array([6.0, 12.0])}, 7)
    assert np.allclose(points[3], [3, 6])
    assert not suspect.any()
    assert np.isnan(fill({0: None, 2: None}, 3)[0]).all()
    assert np.allclose(fill({0: None, 2: np.array([1.0, 2.0])}, 4)[0][2], [1, 2])
