"""A camera's calibration file: read, checked entry by entry, and judged by its age.

JSON with ``width`` and ``height`` [px], ``intrinsics`` (3 x 3) [px], ``pose`` (4 x 4, camera to the
robot's base, or to its end effector with ``mounted_on_hand``) [m], and optionally ``distortion``
(4, 5 or 8 numbers in OpenCV's order) and ``made`` (the day, such as "2026-11-23").
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import StudioError
from robot.check_item import CheckItem, CheckState

OLD_DAYS = 30
"""A tripod that nobody moved for longer than this is rare."""

MOST_PIXELS = 10_000
FARTHEST = 10.0
_DISTORTIONS = (0, 4, 5, 8)
_ENTRIES = {"width", "height", "intrinsics", "pose", "mounted_on_hand", "distortion", "made"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """What is known about a camera's lens and place.

    Attributes:
        model: The pinhole camera of straightened pictures.
        distortion: (0,), (4,), (5,) or (8,) coefficients of the lens in OpenCV's order.
        made: Day on which it was made; the file's own when it does not say.
    """

    model: CameraModel
    distortion: NDArray[np.float64]
    made: date


def load_calibration(file: Path) -> Calibration:
    """Read a calibration file.

    Raises:
        StudioError: If it cannot be read, or an entry cannot be right; the sentence says which.
    """
    try:
        content = json.loads(file.read_text("utf-8"))
        written = datetime.fromtimestamp(file.stat().st_mtime).date()
    except OSError as error:
        raise StudioError(f"The calibration '{file}' cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise StudioError(f"'{file}' is no calibration: it is not JSON ({error}).") from error
    try:
        return parse_calibration(content, written)
    except ValueError as error:
        raise StudioError(f"'{file}' is no calibration: {error}.") from error


def parse_calibration(content: Any, written: date) -> Calibration:
    """Check the content of a calibration file.

    Args:
        content: What the JSON says.
        written: Day of the file, which counts when the content tells none.

    Raises:
        ValueError: If something cannot be right, said without a full stop.
    """
    if not isinstance(content, Mapping):
        raise ValueError("expected a map with width, height, intrinsics and pose")
    unknown = sorted(str(name) for name in content if name not in _ENTRIES)
    if unknown:
        raise ValueError(f"there is no entry '{unknown[0]}'; it has {', '.join(sorted(_ENTRIES))}")
    width, height = (_pixels(content, name) for name in ("width", "height"))
    on_hand = content.get("mounted_on_hand", False)
    if not isinstance(on_hand, bool):
        raise ValueError(f"mounted_on_hand is {on_hand!r}; expected true or false")
    model = CameraModel(
        width=width,
        height=height,
        intrinsics=_intrinsics(_array(content, "intrinsics", (3, 3)), width, height),
        pose=_pose(_array(content, "pose", (4, 4))),
        mounted_on_hand=on_hand,
    )
    return Calibration(
        model=model, distortion=_distortion(content), made=_made(content.get("made"), written)
    )


def calibration_item(camera: str, made: date | None, today: date) -> CheckItem:
    """Return what a checklist says about a camera's calibration.

    Args:
        camera: Name of the camera.
        made: Day of its calibration; None when it has none.
        today: Today.
    """
    name = f"calibration of camera {camera}"
    if made is None:
        return CheckItem(
            name=name,
            state=CheckState.WARN,
            found=f"Camera '{camera}' is not calibrated: nothing is drawn into its pictures.",
            mend="Give its calibration file with --calibration; "
            "'python main.py camera check' looks at one.",
        )
    days = (today - made).days
    age = "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"
    found = f"Camera '{camera}' was calibrated {age}."
    if days <= OLD_DAYS:
        return CheckItem(name=name, state=CheckState.OK, found=found)
    return CheckItem(
        name=name,
        state=CheckState.WARN,
        found=found,
        mend="Compare the drawn gripper with the real one in its picture; calibrate it again if "
        "they are apart.",
    )


def today() -> date:
    """Return today's date here."""
    return datetime.fromtimestamp(time.time()).date()


def _pixels(content: Mapping[Any, Any], name: str) -> int:
    value = content.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_PIXELS:
        raise ValueError(f"{name} is {value!r}; expected a whole number of pixels")
    return value


def _array(
    content: Mapping[Any, Any], name: str, shape: tuple[int, ...] | None
) -> NDArray[np.float64]:
    try:
        array = np.array(content.get(name), dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} are no numbers") from error
    if shape is not None and array.shape != shape:
        wanted = " x ".join(map(str, shape))
        raise ValueError(f"{name} has shape {array.shape}; expected {wanted} numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has a number that is not finite")
    return array


def _intrinsics(matrix: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    if matrix[0, 0] <= 0.0 or matrix[1, 1] <= 0.0 or not np.allclose(matrix[2], [0, 0, 1]):
        raise ValueError(
            "intrinsics are no camera matrix; expected [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] with "
            "positive fx and fy"
        )
    if not (0.0 < matrix[0, 2] < width and 0.0 < matrix[1, 2] < height):
        raise ValueError(
            f"intrinsics put the centre at ({matrix[0, 2]:.0f}, {matrix[1, 2]:.0f}), outside of "
            f"{width} x {height} pixels; do they belong to another size?"
        )
    return matrix


def _pose(pose: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = pose[:3, :3]
    if not np.allclose(pose[3], [0, 0, 0, 1]):
        raise ValueError("the last row of pose is not 0, 0, 0, 1; is it transposed?")
    if not np.allclose(turn @ turn.T, np.eye(3), atol=1e-3) or np.linalg.det(turn) < 0.0:
        raise ValueError("pose has no rotation in its upper left 3 x 3 numbers")
    far = float(np.linalg.norm(pose[:3, 3]))
    if far > FARTHEST:
        raise ValueError(f"pose puts the camera {far:.0f} m away; are these millimetres?")
    return pose


def _distortion(content: Mapping[Any, Any]) -> NDArray[np.float64]:
    if content.get("distortion") is None:
        return np.zeros(0)
    values = _array(content, "distortion", None).reshape(-1)
    if len(values) not in _DISTORTIONS:
        raise ValueError(f"distortion has {len(values)} numbers; expected 4, 5 or 8")
    return values


def _made(text: Any, written: date) -> date:
    if text is None:
        return written
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError as error:
        raise ValueError(f"made is {text!r}; expected a day such as 2026-11-23") from error
