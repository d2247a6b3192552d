from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from core.policy.openpi import chunk_from_openpi, observation_from_openpi, observation_to_openpi
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
        chunk_from_openpi(message)
