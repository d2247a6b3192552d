"""The folder in which a data set grows: finished episodes last, unfinished ones leave nothing.

``OUT.part`` holds the finished shards and the data set while it is put together; the last step
gives it the name OUT. Whoever starts the same command again goes on with what is finished.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.ply import write_whole
from core.types import StudioError

_PLAN, _LOCK, _SHARDS, _SET = "plan.json", "lock", "shards", "set"


class Workplace:
    """Holds ``OUT.part``; use :meth:`close` at the end, however it went."""

    def __init__(self, out: Path, plan: dict[str, Any] | None) -> None:
        """Open the folder, or take up what an earlier run of the same plan left.

        Args:
            out: Where the data set will be.
            plan: What two runs have in common that may go on with each other's work; None when
                the work is done in one go, and nothing of it stays when it is broken off.

        Raises:
            StudioError: If OUT holds something, or the folder belongs to another plan or run.
        """
        self.out, self._whole = out.absolute(), plan is None
        self.folder = self.out.with_name(self.out.name + ".part")
        if self.out.exists() and (not self.out.is_dir() or any(self.out.iterdir())):
            raise StudioError(
                f"{self.out} holds something already. Choose another folder, or move it away."
            )
        try:
            (self.folder / _SHARDS).mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / _LOCK).open("w")
        except OSError as error:
            raise StudioError(f"{self.folder} cannot be made: {error.strerror}.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StudioError(f"Another run is writing to {self.out}. Wait for it.") from None
        if plan is not None:
            self._take_up(plan)
            return
        for left in self.folder.iterdir():
            if left.name != _LOCK:
                shutil.rmtree(left) if left.is_dir() else left.unlink()

    def shard(self, number: int) -> Path:
        """Return the file of an episode."""
        return self.folder / _SHARDS / f"episode-{number:06d}.parquet"

    def bench(self) -> Path:
        """Return the folder in which the data set is put together."""
        folder = self.folder / _SET
        folder.mkdir(exist_ok=True)
        return folder

    def complete(self) -> Path:
        """Give the data set its name and throw the shards away; returns where it is.

        Raises:
            StudioError: If it cannot be moved there.
        """
        try:
            os.rename(self.folder / _SET, self.out)  # onto nothing, or onto an empty folder
        except OSError as error:
            raise StudioError(f"{self.out} cannot be written: {error.strerror}.") from error
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.out

    def close(self) -> None:
        """Let go of the folder; what is finished stays for the next time."""
        if self._whole:
            shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    def _take_up(self, plan: dict[str, Any]) -> None:
        path = self.folder / _PLAN
        text = json.dumps(plan, sort_keys=True)
        if path.is_file():
            known = ""
            with suppress(OSError, UnicodeDecodeError):
                known = path.read_text(encoding="utf-8")
            if known != text:
                self._lock.close()
                raise StudioError(
                    f"{self.folder} is the unfinished work of another command, or of another state "
                    "of the data set. Delete it, or choose another folder."
                )
            return
        write_whole(path, text.encode())


def clear_leftovers(out: Path) -> None:
    """Remove what a run left that was killed right after it had finished."""
    shutil.rmtree(out.with_name(out.name + ".part"), ignore_errors=True)
