"""From what is live to what the policy is asked about, and where the gripper is in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.live import LiveFeed
from app.store import PlanKind, RigInfo, Store
from core import trace
from core.types import Frame, Observation, RobotState, StudioError

Points = NDArray[np.float64]

STALE_MS = 1000.0
"""A frame older than this is no picture of now."""


def camera_order(rig: RigInfo | None) -> list[str]:
    """Return the names of the cameras; the one that traces refer to comes first."""
    return list(rig.cameras) if rig is not None else []


def observation_from(store: Store, feed: LiveFeed) -> Observation:
    """Take the newest frames and state.

    Raises:
        StudioError: If the first camera is missing or has stopped delivering.
    """
    names = camera_order(store.rig)
    if not names:
        raise StudioError("The rig has no camera; add one to its settings and restart it.")
    wanted = store.capabilities.images if store.capabilities is not None else 1
    frames: list[Frame] = []
    for name in names[: max(wanted, 1)]:
        frame, age = feed.frames.get(name), feed.age_ms(name)
        if frame is None or age is None:
            raise StudioError(f"Camera '{name}' has not delivered a picture yet; check it.")
        if age > STALE_MS:
            raise StudioError(
                f"Camera '{name}' has not delivered a picture for {age / 1000:.1f} s; check it."
            )
        frames.append(frame)
    return Observation(frames=tuple(frames), instruction=store.instruction, state=feed.state)


def gripper_pixel(rig: RigInfo | None, camera: str, state: RobotState | None) -> Points | None:
    """Project the end effector into a camera's picture.

    Returns:
        (2,) fractions of the image, 0..1 from its corner when inside; None when the camera is not
        calibrated, rides on the hand, or the end effector is behind it.
    """
    model = rig.cameras.get(camera) if rig is not None else None
    if model is None or model.mounted_on_hand or state is None:
        return None
    pixel = model.project(state.ee_pose[:3, 3]) / (model.width, model.height)
    return pixel if np.isfinite(pixel).all() else None


def path_pixels(rig: RigInfo | None, camera: str, poses: NDArray[np.float64]) -> Points | None:
    """Project (N, 4, 4) end-effector poses; (N, 2) fractions of the image, NaN where behind it."""
    model = rig.cameras.get(camera) if rig is not None else None
    if model is None or model.mounted_on_hand:
        return None
    return model.project(np.asarray(poses)[:, :3, 3]) / (model.width, model.height)


def gripper_in_model_units(store: Store) -> Points | None:
    """Return where the gripper is in the pinned picture, (2,) in 0..255, clipped to its edge."""
    if store.observation is None:
        return None
    frame = store.observation.frames[0]
    place = gripper_pixel(store.rig, frame.camera, store.observation.state)
    if place is None:
        return None
    height, width = frame.image.shape[:2]
    return trace.to_model(place * (width, height) - 0.5, (width, height))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TraceStart:
    """Where a drawn trace should begin.

    Attributes:
        place: (2,) in 0..255.
        words: What is there.
    """

    place: Points
    words: str

    def is_start_of(self, points: Points) -> bool:
        """Whether an (L, 2) trace begins here, L >= 1."""
        return bool(np.linalg.norm(points[0] - self.place) <= trace.REACHED)


def trace_start(store: Store) -> TraceStart | None:
    """Say where a trace should begin: at the gripper, else where the model's own does.

    The gripper is where the arm's state puts it in the picture that is shown: the pinned one, or
    the live one of the first camera. None when the camera is not calibrated, or does not see it,
    and the model has not drawn a trace either.
    """
    camera, state = next(iter(camera_order(store.rig)), ""), store.robot
    if store.observation is not None:
        camera = store.observation.frames[0].camera
        state = store.observation.state or state
    place = gripper_pixel(store.rig, camera, state)
    model = store.rig.cameras.get(camera) if store.rig is not None else None
    if place is not None and model is not None and ((place >= 0) & (place < 1)).all():
        size = (model.width, model.height)
        return TraceStart(place=trace.to_model(place * size - 0.5, size), words="the gripper")
    plan = store.plans.get(PlanKind.MODEL)
    traces = plan.reasoning.traces if plan is not None else ()
    if traces and len(traces[0].points):
        place = np.asarray(traces[0].points[0], dtype=np.float64)
        return TraceStart(place=place, words="the model's first point")
    return None


def remaining_trace(points: Points, position: Points, travelled: Points) -> tuple[Points, Points]:
    """Split a trace at the gripper.

    Args:
        points: (L, 2) what was left before, in 0..255.
        position: (2,) where the gripper is.
        travelled: (K, 2) where the gripper was before.

    Returns:
        What is left, (2.., 2), and the gripper's own way by now: not the vertices, which it passes
        at a distance.
    """
    way = travelled if len(travelled) else points[:1]
    return trace.follow_line(points, position), np.vstack([way, position])
