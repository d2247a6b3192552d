"""What happens in space, in Foxglove's schemas: point clouds, lifted traces, plans, the workspace.

A viewer shows these beside the pictures; like :mod:`core.session.foxglove_views` nothing here is
read back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from foxglove.messages import (
    Color,
    CubePrimitive,
    FrameTransform,
    LinePrimitive,
    LinePrimitiveLineType,
    PackedElementField,
    PackedElementFieldNumericType,
    Point3,
    PointCloud,
    Pose,
    PosesInFrame,
    Quaternion,
    SceneEntity,
    SceneUpdate,
    Timestamp,
    Vector3,
)
from numpy.typing import NDArray

from core.camera import CameraModel
from core.pointcloud import lift, lift_trace
from core.session.events import Event, Observed, Previewed, Reasoned, SessionStarted, Steered
from core.types import DepthMap, Trace, TraceSource

BASE_FRAME, HAND_FRAME = "base", "hand"

CLOUD_POINTS = 20_000
"""Most points of a cloud; a viewer needs no more, and an answer may come every second."""

TRACE_COLOURS = {
    TraceSource.MODEL: Color(r=0.94, g=0.89, b=0.26, a=1.0),
    TraceSource.USER: Color(r=0.34, g=0.71, b=0.91, a=1.0),
}
_GOOD, _REFUSED = Color(r=0.0, g=0.62, b=0.45, a=1.0), Color(r=0.84, g=0.37, b=0.0, a=1.0)
_WORKSPACE = Color(r=0.6, g=0.6, b=0.6, a=0.15)
_POINT = np.dtype([("xyz", "<f4", 3), ("rgba", "u1", 4)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """What is known when an event comes, from those before it.

    Attributes:
        image: (H, W, 3) uint8 RGB, the first picture of the last observation.
        camera: Where that was taken from; None if nobody knows, or the hand carries it.
        depth: The last depth map.
    """

    image: NDArray[np.uint8] | None = None
    camera: CameraModel | None = None
    depth: DepthMap | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) of the picture that traces refer to [px]."""
        return None if self.image is None else (self.image.shape[1], self.image.shape[0])


def space_views(event: Event, sight: Sight, stamp: Timestamp) -> Iterator[tuple[str, Any]]:
    """Yield topics and messages that show an event in space.

    Args:
        event: The event.
        sight: What is known by now, the event included.
        stamp: Its time.
    """
    match event:
        case SessionStarted():
            for name, camera in event.cameras.items():
                if camera is not None:
                    parent = HAND_FRAME if camera.mounted_on_hand else BASE_FRAME
                    yield "/tf", _transform(parent, name, camera.pose, stamp)
            if event.workspace is not None:
                yield "/scene/workspace", _workspace(event.workspace, stamp)
        case Observed() if (state := event.observation.state) is not None:
            if pose(state.ee_pose) is not None:
                yield "/tf", _transform(BASE_FRAME, HAND_FRAME, state.ee_pose, stamp)
        case Reasoned():
            if event.reasoning.depth_map is not None:
                yield from _cloud(event.reasoning.depth_map, sight, stamp)
            yield from _traces("/scene/trace/model", event.reasoning.traces, sight, stamp)
        case Steered():
            yield from _traces("/scene/trace/user", (event.trace,), sight, stamp)
        case Previewed():
            yield from _plan(event, stamp)
        case _:
            pass


def pose(transform: NDArray[np.float64]) -> Pose | None:
    """Return a (4, 4) transform as Foxglove's pose; None for what is no place."""
    found = _place(transform)
    return None if found is None else Pose(position=found[0], orientation=found[1])


def _place(transform: NDArray[np.float64]) -> tuple[Vector3, Quaternion] | None:
    rows: list[list[float]] = transform.tolist()
    if not all(map(math.isfinite, chain.from_iterable(rows))):
        return None
    (a, b, c, x), (d, e, f, y), (g, h, i, z), _ = rows
    if a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) <= 0:
        return None
    qx, qy, qz, qw = _quaternion(a, b, c, d, e, f, g, h, i)
    return Vector3(x=x, y=y, z=z), Quaternion(x=qx, y=qy, z=qz, w=qw)


def _quaternion(
    a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float, i: float
) -> tuple[float, float, float, float]:
    """Return (x, y, z, w) of a rotation matrix by rows.

    Shepperd's method (Journal of Guidance and Control 1(3), 1978): divide by the largest part.
    scipy does the same for many at once, but takes fifty microseconds for one, of which a fast arm
    sends a thousand a second.
    """
    largest = max(a + e + i, a, e, i)
    if largest == a + e + i:
        x, y, z, w = h - f, c - g, d - b, 1 + a + e + i
    elif largest == a:
        x, y, z, w = 1 + a - e - i, b + d, c + g, h - f
    elif largest == e:
        x, y, z, w = b + d, 1 - a + e - i, f + h, c - g
    else:
        x, y, z, w = c + g, f + h, 1 - a - e + i, d - b
    norm = math.hypot(x, y, z, w)
    return x / norm, y / norm, z / norm, w / norm


def _transform(
    parent: str, child: str, transform: NDArray[np.float64], stamp: Timestamp
) -> FrameTransform:
    where, turned = _place(transform) or (None, None)
    return FrameTransform(
        timestamp=stamp,
        parent_frame_id=parent,
        child_frame_id=child,
        translation=where,
        rotation=turned,
    )


def _cloud(depth: DepthMap, sight: Sight, stamp: Timestamp) -> Iterator[tuple[str, PointCloud]]:
    if sight.image is None or sight.camera is None:
        return
    found = lift(depth, sight.image, sight.camera)
    some = slice(None, None, -(-len(found.points) // CLOUD_POINTS) or 1)
    points = found.points[some]
    packed = np.zeros(len(points), _POINT)
    packed["xyz"] = points
    packed["rgba"][:, :3] = np.rint(255 * found.colours[some])
    packed["rgba"][:, 3] = 255
    number, byte = PackedElementFieldNumericType.Float32, PackedElementFieldNumericType.Uint8
    fields = [PackedElementField(name=n, offset=4 * i, type=number) for i, n in enumerate("xyz")]
    colours = ("red", "green", "blue", "alpha")
    fields += [
        PackedElementField(name=name, offset=12 + i, type=byte) for i, name in enumerate(colours)
    ]
    cloud = PointCloud(
        timestamp=stamp,
        frame_id=BASE_FRAME,
        pose=pose(np.eye(4)),
        point_stride=_POINT.itemsize,
        fields=fields,
        data=packed.tobytes(),
    )
    yield "/cloud", cloud


def _traces(
    topic: str, traces: Sequence[Trace], sight: Sight, stamp: Timestamp
) -> Iterator[tuple[str, SceneUpdate]]:
    """Lay traces onto what the last depth map shows."""
    if sight.depth is None or sight.camera is None or not traces:
        return
    lifted = [(t, lift_trace(t.points, sight.depth, sight.camera)) for t in traces]
    lines = [_line(points, TRACE_COLOURS[trace.source], 0.006) for trace, points in lifted]
    yield topic, _scene(topic, stamp, lines=lines)


def _plan(event: Previewed, stamp: Timestamp) -> Iterator[tuple[str, Any]]:
    found = [place for matrix in event.poses if (place := pose(matrix)) is not None]
    yield "/plan/poses", PosesInFrame(timestamp=stamp, frame_id=BASE_FRAME, poses=found)
    line = _line(event.poses[:, :3, 3], _GOOD if event.ok else _REFUSED, 0.004)
    yield "/scene/plan", _scene("/scene/plan", stamp, lines=[line])


def _workspace(corners: NDArray[np.float64], stamp: Timestamp) -> SceneUpdate:
    place = np.eye(4)
    place[:3, 3] = corners.mean(axis=0)
    x, y, z = (float(v) for v in corners[1] - corners[0])
    box = CubePrimitive(pose=pose(place), size=Vector3(x=x, y=y, z=z), color=_WORKSPACE)
    return _scene("/scene/workspace", stamp, cubes=[box])


def _line(points: NDArray[Any], colour: Color, thickness: float) -> LinePrimitive:
    finite = points[np.isfinite(points).all(axis=1)]
    return LinePrimitive(
        type=LinePrimitiveLineType.LineStrip,
        pose=pose(np.eye(4)),
        thickness=thickness,
        points=[Point3(x=float(x), y=float(y), z=float(z)) for x, y, z in finite],
        color=colour,
    )


def _scene(name: str, stamp: Timestamp, **primitives: Any) -> SceneUpdate:
    """Return one thing; it takes the place of what had its name before."""
    entity = SceneEntity(timestamp=stamp, frame_id=BASE_FRAME, id=name, **primitives)
    return SceneUpdate(entities=[entity])
