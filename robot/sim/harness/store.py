"""Results of trials on disk, a line each, so that a run that broke off goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from core.types import StudioError
from robot.sim.trials import Trial

FORMAT = 1
_FIELDS = {field.name for field in fields(Trial)}
_NEEDED = {"seed", "condition", "kind", "key", "done", "score"}


class TrialStore:
    """Trials of one model on one lab in a file: what it is about in the first line, then trials.

    Attributes:
        trials: What the file holds, by the key of the case.
    """

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        """Open the file, or begin it.

        Args:
            path: File; folders on the way are made.
            about: What must be the same for results to belong together: model, driver, cycles.

        Raises:
            StudioError: If the file is about something else, is damaged, or cannot be written.
        """
        self.path, self._about = path, {"format": FORMAT, **about}
        self.trials: dict[str, Trial] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            length = self._read()
            self._file = path.open("r+b" if length else "wb")
            self._file.truncate(length)
            self._file.seek(length)
            if not length:
                self._write(self._about)
        except OSError as error:
            raise _unwritable(path, error) from error

    def add(self, trial: Trial) -> None:
        """Keep a trial; it is on the disk when this returns.

        Raises:
            StudioError: If it cannot be written.
        """
        try:
            self._write(asdict(trial))
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self.trials[trial.key] = trial

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, row: dict[str, Any]) -> None:
        self._file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self) -> int:
        """Read what is there; returns the length of its whole lines [bytes]."""
        if not self.path.exists():
            return 0
        content = self.path.read_bytes()
        length = content.rfind(b"\n") + 1  # a line that was being written when the power went
        lines = content[:length].split(b"\n")[:-1]
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
                if number == 1:
                    self._check(row)
                else:
                    trial = parse_trial(row)
                    self.trials[trial.key] = trial
            except (ValueError, TypeError) as error:
                raise StudioError(
                    f"line {number} of {self.path} is no trial ({error}); delete the line, or "
                    "choose another folder with --out"
                ) from error
        return length

    def _check(self, row: Any) -> None:
        if not isinstance(row, dict):
            raise ValueError("expected what the file is about")
        odd = [name for name in self._about if row.get(name) != self._about[name]]
        if odd:
            raise StudioError(
                f"{self.path} holds trials of another {odd[0]} ({row.get(odd[0])!r}, now "
                f"{self._about[odd[0]]!r}); choose another folder with --out, or delete it"
            )


def parse_trial(row: Any) -> Trial:
    """Rebuild a trial from a line.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(row, dict) or not _NEEDED <= set(row) <= _FIELDS:
        raise ValueError(f"expected the values {', '.join(sorted(_NEEDED))} and others of a trial")
    number = isinstance(row["score"], (int, float)) and not isinstance(row["score"], bool)
    if not isinstance(row["done"], bool) or not number or not isinstance(row["seed"], int):
        raise ValueError("'done' is no yes or no, or 'score' or 'seed' is no number")
    return Trial(**row)


def model_name(model: str) -> str:
    """Return what identifies a model's weights: its folder's name and their hash.

    Args:
        model: Folder, or hub id (which is its own name).
    """
    folder = Path(model)
    if not folder.is_dir():
        return model
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.json")):
        with path.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return f"{folder.resolve().name} {total.hexdigest()[:16]}"


def _unwritable(path: Path, error: OSError) -> StudioError:
    return StudioError(
        f"the trials cannot be written to {path} ({error.strerror or error}); what is there stays, "
        "and the same command goes on from it"
    )
