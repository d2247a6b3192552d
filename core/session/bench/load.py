"""What a busy session hands over: two cameras, a fast arm, and a person who decides something."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.types import Frame, RobotState

CAMERAS = ("front", "wrist")
SIZE = (640, 480)
PICTURES_PER_SECOND = 30
STATES_PER_SECOND = 1000
_SCENES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """Where the load goes; each function returns when the caller could go on.

    Attributes:
        frame: Takes a live picture.
        state: Takes a measurement.
        decision: Takes the number of a decision.
    """

    frame: Callable[[Frame], object]
    state: Callable[[RobotState], object]
    decision: Callable[[int], object]


@dataclass(slots=True, kw_only=True)
class Handed:
    """What was handed over, and how long each call took.

    Attributes:
        frames: Number of pictures.
        states: Number of measurements.
        decisions: Number of decisions.
        append_s: Time of every call [s].
        seconds: How long the whole lasted [s].
    """

    frames: int = 0
    states: int = 0
    decisions: int = 0
    append_s: list[float] = field(default_factory=list[float])
    seconds: float = 0.0


def scenes(seed: int) -> list[NDArray[np.uint8]]:
    """Return a second of a moving, slightly noisy picture: (480, 640, 3) uint8 each, read-only."""
    noise = np.random.default_rng(seed)
    width, height = SIZE
    coarse = noise.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    table = cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)
    images: list[NDArray[np.uint8]] = []
    for step in range(_SCENES):
        image = np.roll(table, 4 * step, axis=1)
        cv2.circle(image, (20 * step % width, height // 2), 40, (220, 40, 40), -1)
        grain = noise.integers(-6, 7, image.shape, dtype=np.int16)
        image = np.clip(image + grain, 0, 255).astype(np.uint8)
        image.setflags(write=False)
        images.append(image)
    return images


def play(
    sink: Sink,
    seconds: float,
    images: list[NDArray[np.uint8]],
    *,
    states_per_s: int = STATES_PER_SECOND,
    pictures_per_s: int = PICTURES_PER_SECOND,
    decision_every_s: float = 1.0,
    cancelled: Callable[[], bool] = lambda: False,
) -> Handed:
    """Hand the load over in real time; what is late is handed over at once, nothing is left out.

    Args:
        sink: Where it goes.
        seconds: How long.
        images: From :func:`scenes`; shown in turn.
        states_per_s: Measurements a second.
        pictures_per_s: Pictures of each camera a second; 0 for none.
        decision_every_s: Time between two decisions [s].
        cancelled: Whether to end early.
    """
    handed = Handed()
    pose = np.eye(4)
    started = time.monotonic()
    next_picture, next_decision = 0.0, decision_every_s
    for tick in count():
        due = tick / states_per_s
        if due >= seconds or cancelled():
            break
        if (wait := started + due - time.monotonic()) > 0:
            time.sleep(wait)
        now_ns = time.monotonic_ns()
        pose[0, 3] = 0.4 + 0.1 * np.sin(due)
        angles = np.sin(due + np.arange(7))
        _timed(handed, sink.state, RobotState(q=angles, ee_pose=pose, gripper=0.5, t_ns=now_ns))
        handed.states += 1
        if pictures_per_s and due >= next_picture:
            number = handed.frames // len(CAMERAS)
            for camera in CAMERAS:
                image = images[number % len(images)]
                frame = Frame(camera=camera, image=image, t_ns=now_ns, seq=number)
                _timed(handed, sink.frame, frame)
                handed.frames += 1
            next_picture = (number + 1) / pictures_per_s
        if due >= next_decision:
            _timed(handed, sink.decision, handed.decisions)
            handed.decisions += 1
            next_decision += decision_every_s
    handed.seconds = time.monotonic() - started
    return handed


def _timed(handed: Handed, call: Callable[[Any], object], value: Any) -> None:
    started = time.perf_counter()
    call(value)
    handed.append_s.append(time.perf_counter() - started)
