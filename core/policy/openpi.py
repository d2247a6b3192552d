"""openpi's observations and actions, as plain openpi clients send and servers expect them.

Keys follow Physical-Intelligence/openpi (``examples/libero``, ``examples/droid``).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.policy.messages import check_image, reading
from core.types import ACTION_DIM, ActionChunk, Frame, Observation, StudioError

MAIN_IMAGE_KEYS = ("image", "observation/image", "observation/exterior_image_1_left")
WRIST_IMAGE_KEYS = ("wrist_image", "observation/wrist_image", "observation/wrist_image_left")


def observation_from_openpi(message: dict[Any, Any]) -> Observation:
    """Read an openpi observation: one main image, perhaps a wrist image, and a prompt.

    Images are (H, W, 3) or (3, H, W), uint8 or floating in 0..1.

    Raises:
        StudioError: If the main image or the prompt is missing, or an image is damaged.
    """
    frames: list[Frame] = []
    now = time.monotonic_ns()
    for camera, keys in (("front", MAIN_IMAGE_KEYS), ("wrist", WRIST_IMAGE_KEYS)):
        key = next((key for key in keys if key in message), None)
        if key is not None:
            image = _image(message[key], f"image '{key}'")
            frames.append(Frame(camera=camera, image=image, t_ns=now))
        elif camera == "front":
            raise StudioError(
                "The observation has no main image; send one as "
                + " or ".join(f"'{key}'" for key in MAIN_IMAGE_KEYS)
                + "."
            )
    prompt = message.get("prompt")
    if isinstance(prompt, np.ndarray) and prompt.ndim == 0:
        prompt = prompt.item()
    if not isinstance(prompt, str):
        raise StudioError("The observation has no instruction; send it as text under 'prompt'.")
    return Observation(frames=tuple(frames), instruction=prompt)


def observation_to_openpi(observation: Observation) -> dict[str, Any]:
    """Write an observation for any openpi server: LIBERO's and DROID's keys at once.

    State goes along where it is known: joint angles [rad], gripper closing 0..1 (DROID), and the
    LIBERO state: position [m], rotation vector [rad], the two finger positions [m].
    """
    first = observation.frames[0].image
    wrist = next((f for f in observation.frames[1:] if "wrist" in f.camera), None)
    if wrist is None and len(observation.frames) > 1:
        wrist = observation.frames[1]
    second = np.zeros_like(first) if wrist is None else wrist.image
    message: dict[str, Any] = {
        "prompt": observation.instruction,
        "observation/image": first,
        "observation/wrist_image": second,
        "observation/exterior_image_1_left": first,
        "observation/wrist_image_left": second,
    }
    state = observation.state
    if state is not None:
        finger = 0.04 * state.gripper
        message["observation/joint_position"] = state.q.astype(np.float32)
        message["observation/gripper_position"] = np.array([1 - state.gripper], np.float32)
        message["observation/state"] = np.concatenate(
            [state.ee_pose[:3, 3], _rotation_vector(state.ee_pose[:3, :3]), [finger, -finger]]
        ).astype(np.float32)
    return message


def chunk_from_openpi(message: dict[Any, Any]) -> ActionChunk:
    """Read the actions of an openpi answer.

    Raises:
        StudioError: If they are no (N, 7) finite delta end-effector actions.
    """
    with reading("answer"):
        actions = np.asarray(message["actions"], dtype=np.float64)
    if actions.ndim != 2 or actions.shape[1] != ACTION_DIM or not len(actions):
        raise StudioError(
            f"The server sent actions of shape {actions.shape}; this studio drives (N, "
            f"{ACTION_DIM}) end-effector steps only."
        )
    if not np.isfinite(actions).all():
        raise StudioError("The server sent actions that are not finite; they are refused.")
    return ActionChunk(actions=actions)


def _image(value: Any, what: str) -> NDArray[np.uint8]:
    if not isinstance(value, np.ndarray) or value.ndim != 3:
        raise StudioError(f"The {what} is no array with three axes; send (H, W, 3) uint8 RGB.")
    if value.shape[0] == 3 and value.shape[2] != 3:
        value = np.moveaxis(value, 0, -1)
    if value.dtype.kind == "f":
        if not (np.isfinite(value).all() and value.min() >= 0 and value.max() <= 1):
            raise StudioError(f"The {what} has floating values outside 0..1; send uint8 RGB.")
        value = np.rint(value * 255).astype(np.uint8)
    return check_image(np.ascontiguousarray(value), what)


def _rotation_vector(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Axis times angle [rad] of a (3, 3) rotation."""
    cosine = np.clip((np.trace(rotation) - 1) / 2, -1, 1)
    angle = np.arccos(cosine)
    if np.pi - angle < 1e-4:  # the antisymmetric part vanishes: the axis is in the symmetric part
        column = int(np.argmax(np.diag(rotation)))
        axis = rotation[:, column] + np.eye(3)[column]
        return angle * axis / np.linalg.norm(axis)
    antisymmetric = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    return antisymmetric / (2 * np.sinc(angle / np.pi))
