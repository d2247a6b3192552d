"""``python main.py camera check``: look at a camera and its calibration before a rig uses them."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.camera import CameraModel
from core.types import Frame, StudioError
from robot.base import Camera, CameraError
from robot.cameras.calibration import Calibration, calibration_item, load_calibration, today
from robot.cameras.opencv import without_secret
from robot.cameras.steady import SteadyCamera
from robot.check_item import CheckItem, CheckState
from robot.rig.camera_options import SOURCES, open_camera

STEADY_HZ = 10.0
"""Pictures per second below which the arm is shown too late."""

LONGEST_GAP_MS = 200.0
"""A gap between two pictures at which a rig holds the arm."""

FIRST_SECONDS = 5.0
"""How long the first picture may take [s]."""

_READ_SECONDS = 0.25
_GRID = np.arange(0.2, 0.81, 0.1), np.arange(-0.4, 0.41, 0.1)
"""Points at the height of the base [m] that a picture is marked with: ahead, to the side."""

_AXIS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What a camera delivered while it was watched.

    Attributes:
        frames: How many pictures.
        seconds: From the first to the last [s].
        gap_ms: Longest time between two of them [ms].
        age_ms: Median age of a picture when it was read [ms].
        repeated: How many were the same as the one before, pixel by pixel.
        last: The last one.
    """

    frames: int
    seconds: float
    gap_ms: float
    age_ms: float
    repeated: int
    last: Frame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``python main.py camera check``."""
    parser.add_argument("source", help=SOURCES)
    parser.add_argument("--calibration", type=Path, metavar="FILE", help="its calibration file")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to watch it")
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="keep a picture (PNG), with the robot's axes and a 10 cm grid at its base's height",
    )


def run_camera_check(args: argparse.Namespace) -> int:
    """Watch a camera and say how it does.

    Returns:
        0, or 1 when something has to be mended.

    Raises:
        StudioError: If the camera or its calibration cannot be used at all.
    """
    if not 0.5 <= args.seconds <= 600.0:
        raise StudioError(f"--seconds is {args.seconds}; expected 0.5 to 600.")
    found = None if args.calibration is None else load_calibration(args.calibration)
    name = without_secret(args.source)
    camera = SteadyCamera(
        open_camera(name, args.source, None if found is None else found.model),
        None if found is None else found.distortion,
    )
    try:
        look = watch(camera, args.seconds)
    finally:
        camera.close()
    items = judge(look, found)
    for item in items:
        print(f"{item.state:<8}{item.name}: {item.found}", flush=True)
        if item.mend:
            print(f"{'':<8}{item.mend}", flush=True)
    if args.picture is not None:
        keep_picture(args.picture, look.last.image, None if found is None else found.model)
        print(f"{'':<8}The picture is in {args.picture}.", flush=True)
    return int(any(item.state == CheckState.FAIL for item in items))


def watch(camera: Camera, seconds: float) -> Look:
    """Read from a camera for some time.

    Raises:
        CameraError: If it delivers fewer than two pictures.
    """
    frames = 0
    repeated = 0
    times: list[float] = []
    ages: list[float] = []
    last: Frame | None = None
    end = time.monotonic() + FIRST_SECONDS
    while time.monotonic() < end:
        frame = camera.read(_READ_SECONDS)
        if frame is None:
            continue
        if last is None:
            end = time.monotonic() + seconds
        elif np.array_equal(frame.image, last.image):
            repeated += 1
        frames += 1
        times.append(1e-9 * frame.t_ns)
        ages.append(time.monotonic() - times[-1])
        last = frame
    if last is None or frames < 2:
        raise CameraError(
            f"Camera '{camera.name}' delivered {frames} pictures in all; look at its cable, and "
            "whether another program uses it."
        )
    return Look(
        frames=frames,
        seconds=times[-1] - times[0],
        gap_ms=1e3 * float(np.diff(times).max()),
        age_ms=1e3 * float(np.median(ages)),
        repeated=repeated,
        last=last,
    )


def judge(look: Look, found: Calibration | None) -> list[CheckItem]:
    """Return what there is to say about a camera and its calibration."""
    height, width = look.last.image.shape[:2]
    rate = (look.frames - 1) / max(look.seconds, 1e-3)
    items = [
        CheckItem(
            name="pictures",
            state=CheckState.OK if rate >= STEADY_HZ else CheckState.WARN,
            found=f"{width} x {height} pixels, {rate:.1f} a second, {look.age_ms:.0f} ms old when "
            "read.",
            mend="" if rate >= STEADY_HZ else "More light, a smaller picture or another port help.",
        ),
        CheckItem(
            name="longest gap",
            state=CheckState.OK if look.gap_ms <= LONGEST_GAP_MS else CheckState.FAIL,
            found=f"{look.gap_ms:.0f} ms between two pictures.",
            mend=""
            if look.gap_ms <= LONGEST_GAP_MS
            else f"The arm is held when no picture comes for {LONGEST_GAP_MS:.0f} ms.",
        ),
        _repeated(look),
        calibration_item(look.last.camera, None if found is None else found.made, today()),
    ]
    return items if found is None else [*items, place_item(found.model)]


def _repeated(look: Look) -> CheckItem:
    still = look.repeated == look.frames - 1
    return CheckItem(
        name="new pictures",
        state=CheckState.WARN if still else CheckState.OK,
        found=f"{look.repeated} of {look.frames} pictures are exactly the one before.",
        mend="A camera with a lens always sees noise; this one seems to be frozen."
        if still
        else "",
    )


def place_item(model: CameraModel) -> CheckItem:
    """Say where a calibration puts the camera, for a person to compare with the real one."""
    wide = 2.0 * np.degrees(np.arctan(0.5 * model.width / model.intrinsics[0, 0]))
    x, y, z = model.pose[:3, 3]
    if model.mounted_on_hand:
        where = f"{np.linalg.norm(model.pose[:3, 3]):.2f} m from the tool centre, on the hand"
        return _place(f"It sees {wide:.0f} degrees across, {where}.")
    where = f"at x {x:.2f}, y {y:.2f}, z {z:.2f} m from the robot's base"
    sight = model.pose[:3, 2]
    if sight[2] >= -1e-3 or z <= 0.0:
        return CheckItem(
            name="place",
            state=CheckState.FAIL,
            found=f"It sees {wide:.0f} degrees across, {where}, and does not look down at a table.",
            mend="The pose leads from the camera (z forward, y down) to the base; is this one the "
            "inverse?",
        )
    hit = model.pose[:3, 3] - z / sight[2] * sight
    return _place(
        f"It sees {wide:.0f} degrees across, {where}, and looks at x {hit[0]:.2f}, y {hit[1]:.2f} "
        "on the table."
    )


def _place(found: str) -> CheckItem:
    return CheckItem(name="place", state=CheckState.OK, found=found)


def keep_picture(file: Path, image: NDArray[np.uint8], model: CameraModel | None) -> None:
    """Write a picture, with the base's axes and a grid at its height where they are known.

    Raises:
        StudioError: If it cannot be written.
    """
    picture = np.ascontiguousarray(image[..., ::-1])
    if model is not None and not model.mounted_on_hand:
        _draw(picture, model)
    good, data = cv2.imencode(".png", picture)
    assert good, "every picture can be a PNG"
    try:
        file.write_bytes(data.tobytes())
    except OSError as error:
        raise StudioError(f"The picture '{file}' cannot be written: {error.strerror}.") from error


def _draw(picture: NDArray[np.uint8], model: CameraModel) -> None:
    height, width = picture.shape[:2]
    scale = np.array([width / model.width, height / model.height])

    def pixel(*point: float) -> tuple[int, int] | None:
        place = model.project(np.array(point)) * scale
        near = bool(np.isfinite(place).all()) and float(np.abs(place).max()) < 10 * width
        return (int(place[0]), int(place[1])) if near else None

    for x in _GRID[0]:
        for y in _GRID[1]:
            if (dot := pixel(float(x), float(y), 0.0)) is not None:
                cv2.circle(picture, dot, 2, (255, 255, 255), cv2.FILLED)
    for axis, colour in enumerate([(60, 60, 230), (60, 200, 60), (230, 120, 40)]):
        start, end = pixel(0.0, 0.0, 0.0), pixel(*(_AXIS * np.eye(3)[axis]))
        if start is not None and end is not None:
            cv2.arrowedLine(picture, start, end, colour, 2)
