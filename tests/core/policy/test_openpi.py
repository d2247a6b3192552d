from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.policy.keys import PRESETS, ObservationKeys
from core.policy.openpi import (
    answer_from_openpi,
    error_from_openpi,
    fit_image,
    observation_from_openpi,
    observation_to_openpi,
)
from core.types import Frame, Observation, RobotState, StudioError

angles = st.floats(-np.pi, np.pi)


@settings(max_examples=50, deadline=None)
@given(st.tuples(angles, angles, angles))
def test_the_state_holds_position_and_rotation_vector(euler):
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_euler("xyz", euler).as_matrix()
    pose[:3, 3] = [0.4, 0.1, 0.2]
    state = RobotState(q=np.zeros(7), ee_pose=pose, gripper=1.0, t_ns=0)
    frame = Frame(camera="front", image=np.zeros((10, 10, 3), np.uint8), t_ns=0)
    observation = Observation(frames=(frame,), instruction="go", state=state)
    message = observation_to_openpi(observation)
    values = message["observation/state"]
    assert values.shape == (8,)
    assert np.allclose(values[:3], pose[:3, 3])
    back = Rotation.from_rotvec(values[3:6].astype(float)).as_matrix()
    assert np.allclose(back, pose[:3, :3], atol=2e-3)
    assert np.allclose(values[6:], [0.04, -0.04])


def test_what_we_send_our_own_server_reads_too():
    image = np.arange(300, dtype=np.uint8).reshape(10, 10, 3)
    frames = tuple(Frame(camera=name, image=image, t_ns=0) for name in ("wrist_2", "other"))
    sent = observation_to_openpi(Observation(frames=frames, instruction="go"))
    read = observation_from_openpi(sent)
    assert read.instruction == "go"
    assert [frame.camera for frame in read.frames] == ["front", "wrist"]
    assert np.array_equal(read.frames[0].image, image)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.binary(), max_size=5))
def test_junk_is_a_sentence(message):
    with pytest.raises(StudioError):
        observation_from_openpi(message)
    with pytest.raises(StudioError):
        answer_from_openpi(message)


def test_parts_go_under_the_keys_that_were_asked_for():
    image = np.full((12, 16, 3), 9, np.uint8)
    frames = (Frame(camera="front", image=image, t_ns=0),)
    state = RobotState(q=np.arange(7.0), ee_pose=np.eye(4), gripper=0.25, t_ns=0)
    observation = Observation(frames=frames, instruction="go", state=state)
    message = observation_to_openpi(observation, PRESETS["droid"])
    assert set(message) == {
        "prompt",
        "observation/exterior_image_1_left",
        "observation/wrist_image_left",
        "observation/joint_position",
        "observation/gripper_position",
    }
    assert not message["observation/wrist_image_left"].any()
    assert np.allclose(message["observation/gripper_position"], 0.75)
    bare = ObservationKeys(image="cam", wrist_image="", state="", joints="", gripper="")
    assert set(observation_to_openpi(observation, bare)) == {"cam", "prompt"}


def test_images_are_padded_to_the_wanted_size():
    image = np.full((24, 32, 3), 200, np.uint8)
    assert fit_image(image, None) is image
    assert fit_image(image, (32, 24)) is image
    fitted = fit_image(image, (16, 16))
    assert fitted.shape == (16, 16, 3)
    assert (fitted[2:14] == 200).all()
    assert not fitted[:2].any()
    assert not fitted[14:].any()
    assert fit_image(image, (8, 64)).shape == (64, 8, 3)


def test_a_single_step_and_depth_tokens_are_read():
    chunk, depth = answer_from_openpi({"actions": np.arange(7.0)})
    assert chunk.actions.shape == (1, 7)
    assert depth is None
    codes = np.arange(100).reshape(10, 10).astype(np.uint8)
    _, depth = answer_from_openpi({"actions": np.zeros((2, 7)), "depth": codes})
    assert depth is not None
    assert list(depth.codes) == list(range(100))


@pytest.mark.parametrize("depth", [np.zeros(99, int), np.full(100, np.nan), np.full(100, 128), "x"])
def test_depth_that_is_none_is_a_sentence(depth):
    with pytest.raises(StudioError):
        answer_from_openpi({"actions": np.zeros((2, 7)), "depth": depth})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "without saying why"),
        ("The instruction is empty.", "request: The instruction is empty."),
        (
            "Traceback (most recent call last):\n  File x\nValueError: too dark\n",
            ": ValueError: too",
        ),
        ("Traceback (most recent call last):\n  a\nKeyError: 'cam0'", "--policy-keys"),
        ("x" * 5000, "…"),
    ],
)
def test_errors_of_servers_become_one_sentence(text, expected):
    told = error_from_openpi(text)
    assert expected in told
    assert "\n" not in told
    assert len(told) < 400


@given(st.text())
def test_any_error_becomes_one_line(text):
    assert len(error_from_openpi(text).splitlines()) == 1
