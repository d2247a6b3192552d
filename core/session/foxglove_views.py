"""The same events once more in Foxglove's schemas, so that viewers draw them.

Nothing here is read back; :mod:`core.session.reader` rebuilds events from their full JSON form and
from the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from foxglove import Schema
from foxglove.messages import (
    CameraCalibration,
    CompressedImage,
    CompressedVideo,
    ImageAnnotations,
    JointState,
    JointStates,
    KeyValuePair,
    Log,
    LogLevel,
    Point2,
    PointsAnnotation,
    PointsAnnotationType,
    PoseInFrame,
    RawImage,
    Timestamp,
)
from numpy.typing import NDArray

from core.camera import CameraModel
from core.session.events import (
    Event,
    Fault,
    Reasoned,
    SessionStarted,
    StateSampled,
    Steered,
    Stopped,
    describe,
)
from core.session.foxglove_space import BASE_FRAME, TRACE_COLOURS, Sight, pose, space_views
from core.trace import to_pixels
from core.types import RobotState, Trace

NS = 1_000_000_000


class FoxgloveMessage(Protocol):
    """A message of ``foxglove.messages``."""

    def encode(self) -> bytes:
        """Return the message as protobuf."""
        ...

    @staticmethod
    def get_schema() -> Schema:
        """Return the message's schema."""
        ...


def views(event: Event, sight: Sight) -> Iterator[tuple[str, FoxgloveMessage]]:
    """Yield topics and messages that show an event.

    Args:
        event: The event.
        sight: What is known by now; traces are drawn when there is a picture for them.
    """
    stamp, size = timestamp(event.wall_ns), sight.size
    match event:
        case StateSampled():
            yield from _state(event.state, stamp)
        case SessionStarted():
            for name, camera in event.cameras.items():
                if camera is not None:
                    yield f"/camera/{name}/calibration", _calibration(name, camera, stamp)
        case Reasoned() if size:
            for trace in event.reasoning.traces:
                yield "/trace/model", _annotation(trace, size, stamp)
        case Steered() if size:
            yield "/trace/user", _annotation(event.trace, size, stamp)
        case _:
            pass
    yield from space_views(event, sight, stamp)
    if event.decisive:
        bad = isinstance(event, (Fault, Stopped))
        level = LogLevel.Error if bad else LogLevel.Info
        message = Log(
            timestamp=stamp, level=level, message=describe(event), name=type(event).__name__
        )
        yield "/log", message


def jpeg_picture(data: bytes, frame_id: str, wall_ns: int) -> CompressedImage:
    """Wrap a JPEG."""
    stamp = timestamp(wall_ns)
    return CompressedImage(timestamp=stamp, frame_id=frame_id, data=data, format="jpeg")


def png_picture(data: bytes, frame_id: str, wall_ns: int) -> CompressedImage:
    """Wrap a PNG."""
    return CompressedImage(timestamp=timestamp(wall_ns), frame_id=frame_id, data=data, format="png")


def video_picture(data: bytes, frame_id: str, wall_ns: int) -> CompressedVideo:
    """Wrap one picture of an H.264 stream."""
    return CompressedVideo(
        timestamp=timestamp(wall_ns), frame_id=frame_id, data=data, format="h264"
    )


def depth_picture(values: NDArray[np.float32], wall_ns: int) -> RawImage:
    """Wrap an (H, W) float32 map without loss."""
    height, width = values.shape
    return RawImage(
        timestamp=timestamp(wall_ns),
        width=width,
        height=height,
        encoding="32FC1",
        step=4 * width,
        data=np.ascontiguousarray(values, dtype="<f4").tobytes(),
    )


def timestamp(wall_ns: int) -> Timestamp:
    """Return nanoseconds since 1970 as Foxglove's time."""
    return Timestamp(sec=wall_ns // NS, nsec=wall_ns % NS)


def _state(state: RobotState, stamp: Timestamp) -> Iterator[tuple[str, FoxgloveMessage]]:
    joints = [JointState(name=f"joint{i + 1}", position=float(q)) for i, q in enumerate(state.q)]
    joints.append(JointState(name="gripper", position=float(state.gripper)))
    yield f"/robot/{state.arm}/joints", JointStates(timestamp=stamp, joints=joints)
    yield (
        f"/robot/{state.arm}/pose",
        PoseInFrame(timestamp=stamp, frame_id=BASE_FRAME, pose=pose(state.ee_pose)),
    )


def _calibration(name: str, camera: CameraModel, stamp: Timestamp) -> CameraCalibration:
    k: list[float] = camera.intrinsics.ravel().tolist()
    return CameraCalibration(
        timestamp=stamp,
        frame_id=name,
        width=camera.width,
        height=camera.height,
        K=k,
        R=np.eye(3).ravel().tolist(),
        P=[*k[0:3], 0.0, *k[3:6], 0.0, *k[6:9], 0.0],
    )


def _annotation(trace: Trace, size: tuple[int, int], stamp: Timestamp) -> ImageAnnotations:
    # viewers put (0, 0) at the corner of the top-left pixel, a trace at its centre
    pixels: Any = to_pixels(trace.points, size) + 0.5
    line = PointsAnnotation(
        timestamp=stamp,
        type=PointsAnnotationType.LineStrip,
        points=[Point2(x=float(x), y=float(y)) for x, y in pixels],
        outline_color=TRACE_COLOURS[trace.source],
        thickness=2.0,
        metadata=[KeyValuePair(key="arm", value=trace.arm)],
    )
    return ImageAnnotations(timestamp=stamp, points=[line])
