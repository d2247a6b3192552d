"""Cameras from command-line options."""

from __future__ import annotations

from pathlib import Path

from core.camera import CameraModel
from core.types import StudioError
from robot.base import Camera, CameraError
from robot.cameras.calibration import Calibration, calibration_item, load_calibration, today
from robot.check_item import CheckItem

SOURCES = "opencv:NUMBER, rtsp://… or http://…, realsense:SERIAL, file:PATH"
_STREAMS = ("rtsp", "rtsps", "http", "https")
_MAX_NAME = 32


def open_cameras(sources: list[str], calibrations: list[str]) -> list[Camera]:
    """Open the cameras that options name.

    Args:
        sources: Such as "front=opencv:0" or "wrist=file:/data/wrist.mp4".
        calibrations: Such as "front=front.json"; see :mod:`robot.cameras.calibration`.

    Raises:
        StudioError: If an option is not understood, or a camera is not there; cameras that were
            opened before are closed again.
    """
    from robot.cameras.steady import SteadyCamera

    parsed = _parse(sources)
    known = _calibrations(calibrations, [name for name, _ in parsed])
    cameras: list[Camera] = []
    try:
        for name, source in parsed:
            found = known.get(name)
            camera = open_camera(name, source, None if found is None else found.model)
            cameras.append(SteadyCamera(camera, None if found is None else found.distortion))
    except StudioError:
        for camera in cameras:
            camera.close()
        raise
    return cameras


def calibration_items(sources: list[str], calibrations: list[str]) -> list[CheckItem]:
    """Return what a checklist says about the calibrations of the cameras that options name.

    Raises:
        StudioError: If an option is not understood.
    """
    names = [name for name, _ in _parse(sources)]
    known = _calibrations(calibrations, names)
    made = {name: calibration.made for name, calibration in known.items()}
    return [calibration_item(name, made.get(name), today()) for name in names]


def open_camera(name: str, source: str, model: CameraModel | None) -> Camera:
    """Open one camera.

    Args:
        name: Such as "front".
        source: One of :data:`SOURCES`.
        model: Calibration, when known.

    Raises:
        CameraError: If the source is not understood, or not there.
    """
    from robot.cameras.file import FileCamera
    from robot.cameras.opencv import OpenCvCamera
    from robot.cameras.realsense import RealSenseCamera

    kind, _, rest = source.partition(":")
    if kind in _STREAMS and rest.startswith("//"):
        return OpenCvCamera(name, source, model)
    if kind == "opencv" and rest:
        # OpenCV would play a film as fast as it can, once
        return (FileCamera if Path(rest).is_file() else OpenCvCamera)(name, rest, model)
    if kind == "realsense" and rest:
        return RealSenseCamera(name, rest, model)
    if kind == "file" and rest:
        return FileCamera(name, rest, model)
    raise CameraError(f"Camera '{name}' has the source '{source}'; expected {SOURCES}.")


def _parse(sources: list[str]) -> list[tuple[str, str]]:
    parsed = [_split(text, "--camera", "front=opencv:0") for text in sources]
    names = [name for name, _ in parsed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudioError(f"Camera '{twice[0]}' is given twice; give each camera its own name.")
    return parsed


def _calibrations(options: list[str], names: list[str]) -> dict[str, Calibration]:
    known: dict[str, Calibration] = {}
    for text in options:
        name, file = _split(text, "--calibration", "front=front.json")
        if name not in names:
            raise StudioError(f"There is a calibration for '{name}', but no such --camera.")
        known[name] = load_calibration(Path(file))
    return known


def _split(text: str, option: str, example: str) -> tuple[str, str]:
    name, _, rest = text.partition("=")
    if not rest or not name.isidentifier() or len(name) > _MAX_NAME:
        raise StudioError(f"{option} is '{text}'; expected NAME=SOURCE, such as {example}.")
    return name, rest
