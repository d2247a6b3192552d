"""Metrics of a run: a line of JSON each, and the same numbers for TensorBoard."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from core.ply import write_whole
from core.types import StudioError

log = logging.getLogger(__name__)

FILE = "metrics.jsonl"


class Metrics:
    """Writes what the main process measured."""

    def __init__(self, folder: Path, step: int) -> None:
        """Open the files; a resumed run continues them.

        Args:
            folder: Folder of the run.
            step: Steps done. Later lines are of a run that stopped before it saved; they are made
                again, and dropped.
        """
        self._path = folder / FILE
        _drop_later(self._path, step)
        self._board = _board(folder / "tensorboard", step)

    def write(self, values: dict[str, Any]) -> None:
        """Append a line; ``values`` needs a "step"."""
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")
        except OSError as error:
            raise StudioError(
                f"the metrics cannot be written to '{self._path}': {error}; make room and go on "
                "with --resume"
            ) from error
        if self._board is not None:
            for name, value in values.items():
                if name != "step" and isinstance(value, int | float):
                    self._board.add_scalar(name, value, values["step"])

    def close(self) -> None:
        """Finish the files."""
        if self._board is not None:
            self._board.close()


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's metrics."""
    path = folder / FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [json.loads(line) for line in lines if line.strip()]


def _drop_later(path: Path, step: int) -> None:
    if not path.is_file():
        return
    kept: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if int(json.loads(line)["step"]) <= step:
                kept.append(line)
        except (ValueError, KeyError, TypeError):
            continue  # a kill cut the last line off
    write_whole(path, "".join(f"{line}\n" for line in kept).encode())


def _board(folder: Path, step: int) -> Any:
    """Return TensorBoard's writer, or None when its package is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        log.warning(
            "no curves for TensorBoard: its package is missing (pip install "
            "'steering-studio[train]'); metrics.jsonl has the same numbers"
        )
        return None
    return SummaryWriter(str(folder), purge_step=step + 1 if step else None)
