from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial.transform import Rotation

from core.types import StudioError
from tests.training.data import sets
from training.data.actions import (
    Poses,
    canonical_actions,
    from_matrices,
    idle_rows,
    native_actions,
    to_matrices,
)
from training.data.conventions import Form, NoOps, Part, Pose, Reference
from training.data.conventions_file import parse_conventions

FORMS = [
    *("rotvec", "quaternion-xyzw", "quaternion-wxyz", "columns"),
    *("euler-xyz", "euler-zyx", "euler-XYZ"),
]
ANGLES = st.floats(-1.2, 1.2)  # Euler angles are ambiguous from a quarter turn of the middle one on


def arm_of(form, *, tool=False, reference=Reference.COMMAND, kind=Form.DELTA):
    arm = parse_conventions(sets.declared(), Path()).arms[0]
    size = {"columns": 6, "rotvec": 3}.get(form, 4 if form.startswith("quaternion") else 3)

    def pose(column):
        return Pose(
            position=Part(column=column, values=(0, 1, 2)),
            rotation=Part(column=column, values=tuple(range(3, 3 + size))),
            form=form,
            gripper=Part(column=column, values=(3 + size,)),
            closed=5.0,
            opened=-5.0,
        )

    return replace(
        arm,
        action=pose("a"),
        state=pose("s"),
        form=kind,
        tool_frame=tool,
        reference=reference,
    )


def written(poses, pose):
    gripper = pose.closed + poses.gripper * (pose.opened - pose.closed)
    turn = from_matrices(poses.rotation, pose.form)
    return np.column_stack([poses.position, turn, gripper])


@pytest.mark.parametrize("form", FORMS)
@given(vector=arrays.arrays(np.float64, (4, 3), elements=ANGLES))
def test_rotation_forms_round_trip(form, vector):
    matrices = Rotation.from_rotvec(vector).as_matrix()
    assert np.allclose(to_matrices(from_matrices(matrices, form), form), matrices, atol=1e-9)


@given(vector=arrays.arrays(np.float64, (3, 3), elements=ANGLES))
def test_degrees_are_radians_in_another_unit(vector):
    unit = np.pi / 180
    matrices = Rotation.from_euler("xyz", vector).as_matrix()
    degrees = from_matrices(matrices, "euler-xyz", unit)
    assert np.allclose(to_matrices(degrees, "euler-xyz", unit), matrices, atol=1e-9)
    assert np.allclose(np.radians(degrees), from_matrices(matrices, "euler-xyz"), atol=1e-9)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "tool", "reference"),
    [
        (Form.DELTA, False, Reference.COMMAND),
        (Form.DELTA, True, Reference.COMMAND),
        (Form.ABSOLUTE, False, Reference.COMMAND),
        (Form.ABSOLUTE, False, Reference.STATE),
    ],
)
@given(data=st.data())
def test_actions_of_any_convention_become_the_same(form, kind, tool, reference, data):
    arm = arm_of(form, tool=tool, reference=reference, kind=kind)
    step = st.floats(-0.1, 0.1)
    moves = data.draw(arrays.arrays(np.float64, (5, 6), elements=step))
    gripper = data.draw(arrays.arrays(np.float64, 5, elements=st.sampled_from([0.0, 0.5, 1.0])))
    wanted = np.column_stack([moves, gripper])
    places = data.draw(arrays.arrays(np.float64, (5, 6), elements=st.floats(-0.6, 0.6)))
    turn = Rotation.from_rotvec(places[:, 3:]).as_matrix()
    state = Poses(position=places[:, :3], rotation=turn, gripper=gripper)
    given_actions = native_actions(arm, wanted, state)
    rows = {"a": written(given_actions, arm.action), "s": written(state, arm.state)}
    assert np.allclose(canonical_actions(arm, rows, {}), wanted, atol=1e-7)


def test_a_target_without_a_pose_before_it_stays_unknown():
    arm = replace(arm_of("rotvec", kind=Form.ABSOLUTE), state=None)
    rows = {"a": np.column_stack([np.full((3, 3), 0.4), np.zeros((3, 3)), np.full(3, -5.0)])}
    found = canonical_actions(arm, rows, {})
    assert np.isnan(found[0, :6]).all()
    assert np.allclose(found[1:], [0, 0, 0, 0, 0, 0, 1])


def test_rows_that_are_no_numbers_stay_unknown():
    arm = arm_of("quaternion-xyzw")
    rows = {"a": np.zeros((3, 8)), "s": np.zeros((3, 8))}
    rows["a"][:, 6] = 1.0
    rows["a"][1, 3:7] = 0.0  # no rotation has this quaternion
    rows["a"][2, 0] = np.nan
    found = canonical_actions(arm, rows, {})
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1, 3:6]).all()
    assert np.isnan(found[2, 0])


def test_values_are_named_or_counted():
    arm = arm_of("rotvec")
    arm = replace(arm, action=replace(arm.action, gripper=Part(column="a", values=("grip",))))
    with pytest.raises(StudioError, match="no value 'grip'; it has 7"):
        canonical_actions(arm, {"a": np.zeros((2, 7))}, {})
    with pytest.raises(StudioError, match="no column 'a'; its columns: b"):
        canonical_actions(arm, {"b": np.zeros((2, 7))}, {})
    arm = replace(arm, action=replace(arm.action, position=Part(column="a")))
    with pytest.raises(StudioError, match="gives 7 values for a position"):
        canonical_actions(arm, {"a": np.zeros((2, 7))}, {})


def test_only_rows_that_ask_nothing_are_idle():
    actions = np.zeros((5, 7))
    actions[1, 0] = 0.002
    actions[2, 4] = 0.01
    actions[4, 6] = 1.0
    assert idle_rows(actions, NoOps()).tolist() == [False, False, False, True, False]
    both = np.concatenate([actions, np.zeros((5, 7))], axis=1)
    assert idle_rows(both, NoOps()).tolist() == [False, False, False, True, False]
