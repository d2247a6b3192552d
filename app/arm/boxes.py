"""The boxes that arms must not leave, one per arm's address, in a small file of the settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from core.types import StudioError
from robot.guard import Workspace

FILE = "workspaces.yaml"

Corner = NDArray[np.float64]


def load_box(folder: Path, host: str) -> Workspace | None:
    """Read the box of one arm.

    Args:
        folder: Folder of the settings.
        host: Address of the arm.

    Returns:
        The box; None when none was kept for this arm.

    Raises:
        StudioError: If the file, or what it says of this arm, cannot be read.
    """
    path = folder / FILE
    known = _read(path)
    if host not in known:
        return None
    try:
        return box_from([float(value) for value in known[host]])
    except (TypeError, ValueError) as error:
        raise StudioError(
            f"The workspace of {host} in {path} is wrong: {known[host]!r}; expected six numbers "
            "in metres. Set it anew (Ctrl+Shift+B)."
        ) from error


def save_box(folder: Path, host: str, box: Workspace) -> None:
    """Keep the box of one arm; those of others stay.

    Raises:
        StudioError: If the file cannot be written.
    """
    path = folder / FILE
    known = _read(path)
    known[host] = [round(float(value), 4) for value in (*box.low, *box.high)]
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary.write_text(yaml.safe_dump(known, default_flow_style=None), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StudioError(
            f"The workspace could not be kept in {path}: {error}. It holds until the rig ends."
        ) from error


def box_from(numbers: list[float]) -> Workspace:
    """Make a box of six numbers: the low corner x, y, z, then the high one [m].

    Raises:
        StudioError: If they are no box.
    """
    if len(numbers) != 6:
        raise ValueError(f"{len(numbers)} numbers")
    return Workspace(low=np.array(numbers[:3]), high=np.array(numbers[3:]))


def around(corners: list[Corner]) -> tuple[Corner, Corner]:
    """Return the low and the high corner of the box around (3,) points [m]; at least one."""
    points = np.array(corners, dtype=np.float64)
    return points.min(axis=0), points.max(axis=0)


def _read(path: Path) -> dict[str, Any]:
    try:
        loaded: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudioError(f"The workspaces in {path} cannot be read: {error}") from error
    if not isinstance(loaded, dict):
        raise StudioError(f"The workspaces in {path} must be lines like '192.168.1.5: [...]'.")
    return {str(host): numbers for host, numbers in loaded.items()}
