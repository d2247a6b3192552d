"""Coloured points as a PLY file, which every viewer of point clouds opens."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError

_VERTEX = np.dtype([("place", "<f4", 3), ("colour", "u1", 3)])


def ply_bytes(
    points: NDArray[np.floating], colours: NDArray[np.floating], comment: str = ""
) -> bytes:
    """Write points as a binary little-endian PLY.

    Args:
        points: (N, 3) [m].
        colours: (N, 3) RGB in 0..1.
        comment: One line for the header, such as the frame and the scale.

    Raises:
        ValueError: The shapes do not fit each other.
    """
    if points.ndim != 2 or points.shape[1] != 3 or colours.shape != points.shape:
        raise ValueError(
            f"cloud has points {points.shape} and colours {colours.shape}; expected (N, 3) twice"
        )
    vertices = np.zeros(len(points), _VERTEX)
    vertices["place"] = points
    vertices["colour"] = np.rint(255.0 * np.clip(colours, 0.0, 1.0))
    lines = ["ply", "format binary_little_endian 1.0"]
    lines += [f"comment {' '.join(comment.split())}"] if comment.strip() else []
    lines += [f"element vertex {len(points)}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    lines += [f"property uchar {channel}" for channel in ("red", "green", "blue")]
    header = "\n".join([*lines, "end_header", ""])
    return header.encode("ascii", "replace") + vertices.tobytes()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file completely or not at all; a file of that name is replaced only at the end.

    Raises:
        StudioError: If it cannot be written there.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        try:
            beside.write_bytes(data)
            beside.replace(path)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise StudioError(
            f"{path} could not be written ({error.strerror or error}). Choose another folder."
        ) from error
