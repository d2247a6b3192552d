"""openpi's observations and actions, as plain openpi clients send and servers expect them.

Keys follow Physical-Intelligence/openpi (``examples/libero``, ``examples/droid``).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.overlay import prepare_frame
from core.policy.keys import ObservationKeys
from core.policy.messages import check_image, reading
from core.types import ACTION_DIM, ActionChunk, DepthTokens, Frame, Observation, StudioError

MAIN_IMAGE_KEYS = ("image", "observation/image", "observation/exterior_image_1_left")
WRIST_IMAGE_KEYS = ("wrist_image", "observation/wrist_image", "observation/wrist_image_left")
MAX_TOLD = 300
"""Longest part of a server's error that is repeated [characters]."""


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
                + f" (it has {_some(message)})."
            )
    prompt = message.get("prompt")
    if isinstance(prompt, np.ndarray) and prompt.ndim == 0:
        prompt = prompt.item()
    if not isinstance(prompt, str):
        raise StudioError("The observation has no instruction; send it as text under 'prompt'.")
    return Observation(frames=tuple(frames), instruction=prompt)


def observation_to_openpi(
    observation: Observation,
    keys: ObservationKeys | None = None,
    size: tuple[int, int] | None = None,
) -> dict[str, Any]:
    """Write an observation for any openpi server.

    Args:
        observation: The first frame is the main image; a camera with "wrist" in its name, or else
            the second frame, the wrist image.
        keys: Names of the parts; default: those of openpi's LIBERO example.
        size: (width, height) [px] that the server wants images in; they are padded with black to
            keep their proportions. None leaves them as they are.
    """
    keys = keys or ObservationKeys()
    first = fit_image(observation.frames[0].image, size)
    message: dict[str, Any] = {keys.prompt: observation.instruction, keys.image: first}
    if keys.wrist_image:
        wrist = next((f for f in observation.frames[1:] if "wrist" in f.camera), None)
        if wrist is None and len(observation.frames) > 1:
            wrist = observation.frames[1]
        second = np.zeros_like(first) if wrist is None else fit_image(wrist.image, size)
        message[keys.wrist_image] = second
    state = observation.state
    if state is not None:
        finger = 0.04 * state.gripper
        rotation = _rotation_vector(state.ee_pose[:3, :3])
        parts = {
            keys.joints: state.q,
            keys.gripper: np.array([1 - state.gripper]),
            keys.state: np.concatenate([state.ee_pose[:3, 3], rotation, [finger, -finger]]),
        }
        message |= {key: value.astype(np.float32) for key, value in parts.items() if key}
    return message


def fit_image(image: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    """Fit an image into ``size`` (width, height) [px], centred on black; None leaves it."""
    if size is None or image.shape[1::-1] == size:
        return image
    height, width = image.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    result = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    result[top : top + inner[1], left : left + inner[0]] = prepare_frame(image, inner)
    return result


def answer_from_openpi(message: dict[Any, Any]) -> tuple[ActionChunk, DepthTokens | None]:
    """Read the actions of an openpi answer, and the depth tokens if it has some.

    Raises:
        StudioError: If the actions are no (N, 7) finite end-effector steps (a single step may come
            as (7,)), or the depth is no 100 codes.
    """
    with reading("answer"):
        actions = np.atleast_2d(np.asarray(message["actions"], dtype=np.float64))
        depth = message.get("depth")
        tokens = None if depth is None else _depth(depth)
    if actions.ndim != 2 or actions.shape[1] != ACTION_DIM or not len(actions):
        raise StudioError(
            f"The server sent actions of shape {actions.shape}; this studio drives (N, "
            f"{ACTION_DIM}) end-effector steps only."
        )
    if not np.isfinite(actions).all():
        raise StudioError("The server sent actions that are not finite; they are refused.")
    return ActionChunk(actions=actions), tokens


def error_from_openpi(text: str) -> str:
    """Put the error of an openpi server, usually a Python traceback, into one sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "The policy server refused the request without saying why."
    # The last line of a traceback names the error; a plain sentence comes first.
    told = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    if len(told) > MAX_TOLD:
        told = told[: MAX_TOLD - 1] + "…"
    sentence = f"The policy server refused the request: {told}"
    if told.startswith("KeyError"):
        sentence += "; name the keys that it expects with --policy-keys."
    return sentence


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


def _depth(value: Any) -> DepthTokens:
    codes = np.ravel(np.asarray(value))
    if codes.dtype.kind not in "iu":
        raise StudioError(f"The depth in this answer is {codes.dtype}; expected whole numbers.")
    return DepthTokens(codes=codes.astype(np.int64))


def _some(message: dict[Any, Any]) -> str:
    names = [f"'{str(key)[:40]}'" for key in list(message)[:5]]
    return ", ".join(names) or "nothing"


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
