"""Cameras from command-line options."""

from __future__ import annotations

import json
from pathlib import Path

from core.camera import CameraModel
from core.types import StudioError
from robot.base import Camera, CameraError

_MAX_NAME = 32


def open_cameras(sources: list[str], calibrations: list[str]) -> list[Camera]:
    """Open the cameras that options name.

    Args:
        sources: Such as "front=opencv:0" or "wrist=file:/data/wrist.mp4".
        calibrations: Such as "front=front.json"; the file holds a camera's message
            (:meth:`core.camera.CameraModel.to_message`).

    Raises:
        StudioError: If an option is not understood, or a camera is not there; cameras that were
            opened before are closed again.
    """
    parsed = [_split(text, "--camera", "front=opencv:0") for text in sources]
    names = [name for name, _ in parsed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise StudioError(f"Camera '{twice[0]}' is given twice; give each camera its own name.")
    models = _calibrations(calibrations, names)
    cameras: list[Camera] = []
    try:
        for name, source in parsed:
            cameras.append(_open(name, source, models.get(name)))
    except StudioError:
        for camera in cameras:
            camera.close()
        raise
    return cameras


def _open(name: str, source: str, model: CameraModel | None) -> Camera:
    from robot.cameras.file import FileCamera
    from robot.cameras.opencv import OpenCvCamera

    kind, _, rest = source.partition(":")
    if kind == "opencv" and rest:
        return OpenCvCamera(name, rest, model)
    if kind == "file" and rest:
        return FileCamera(name, rest, model)
    raise CameraError(
        f"Camera '{name}' has the source '{source}'; expected opencv:NUMBER or file:PATH."
    )


def _calibrations(options: list[str], names: list[str]) -> dict[str, CameraModel]:
    models: dict[str, CameraModel] = {}
    for text in options:
        name, file = _split(text, "--calibration", "front=front.json")
        if name not in names:
            raise StudioError(f"There is a calibration for '{name}', but no such --camera.")
        try:
            models[name] = CameraModel.from_message(json.loads(Path(file).read_text("utf-8")))
        except OSError as error:
            raise StudioError(
                f"The calibration '{file}' cannot be read: {error.strerror}."
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StudioError(
                f"'{file}' is no calibration; expected JSON with width, height, intrinsics "
                "(3 x 3 px) and pose (4 x 4)."
            ) from error
    return models


def _split(text: str, option: str, example: str) -> tuple[str, str]:
    name, _, rest = text.partition("=")
    if not rest or not name.isidentifier() or len(name) > _MAX_NAME:
        raise StudioError(f"{option} is '{text}'; expected NAME=SOURCE, such as {example}.")
    return name, rest
