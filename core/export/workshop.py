"""The folder in which an export grows: finished parts last, unfinished ones leave nothing.

Everything happens in ``NAME.part``, which becomes ``NAME`` in the last step. A part is made in a
folder of its own, moved into place file by file and then written down; one that is not written down
with all its files is made again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from core.export.job import Facts
from core.ply import write_whole
from core.types import StudioError

MANIFEST = "export.json"
_STATE, _MAKING, _LOCK = ".parts.json", ".making", ".lock"


class Workshop:
    """Holds the folder of one export; use :meth:`close` at the end, however it went."""

    def __init__(self, out: Path, fingerprint: str) -> None:
        """Open the folder, or take up what an earlier, broken-off export left.

        Raises:
            StudioError: If another export is in it or at work on it, or it cannot be made.
        """
        self.out = out.absolute()
        self.folder = self.out.with_name(self.out.name + ".part")
        self.fingerprint = fingerprint
        self._done: dict[str, dict[str, Any]] = {}
        try:
            if self.out.exists() and any(self.out.iterdir()):
                raise StudioError(
                    f"{self.out} holds other files already. Choose another folder, or move it away."
                )
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / _LOCK).open("w")
        except OSError as error:
            raise StudioError(f"{self.out} cannot be made: {error.strerror}.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise StudioError(f"Another export is writing to {self.out}. Wait for it.") from None
        self._take_up()

    def facts(self, key: str) -> Facts | None:
        """Return what a part that is finished told, or None if it has to be made."""
        known = self._done.get(key)
        if known is None or not all(self._whole(name, size) for name, size in known["files"]):
            return None
        return cast("Facts", known["facts"])

    def bench(self) -> Path:
        """Return an empty folder to make a part in."""
        making = self.folder / _MAKING
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        return making

    def keep(self, key: str, facts: Facts) -> None:
        """Move a part from the bench to its place and write it down.

        Raises:
            StudioError: If it cannot be written.
        """
        making = self.folder / _MAKING
        files: list[tuple[str, int]] = []
        try:
            for path in sorted(path for path in making.rglob("*") if path.is_file()):
                name = path.relative_to(making)
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                files.append((name.as_posix(), path.stat().st_size))
                os.replace(path, self.folder / name)
        except OSError as error:
            raise StudioError(f"{self.folder} cannot be written: {error.strerror}.") from error
        self._done[key] = {"files": files, "facts": facts}
        self._write_state()

    def complete(self, manifest: dict[str, Any]) -> Path:
        """Write the manifest and give the folder its name; returns that.

        Raises:
            StudioError: If it cannot be written.
        """
        manifest = manifest | {"fingerprint": self.fingerprint}
        write_whole(self.folder / MANIFEST, json.dumps(manifest, indent=2).encode())
        try:
            shutil.rmtree(self.folder / _MAKING, ignore_errors=True)
            (self.folder / _STATE).unlink(missing_ok=True)
            (self.folder / _LOCK).unlink(missing_ok=True)
            os.rename(self.folder, self.out)  # onto nothing, or onto an empty folder
        except OSError as error:
            raise StudioError(f"{self.out} cannot be written: {error.strerror}.") from error
        return self.out

    def close(self) -> None:
        """Let go of the folder; what is finished in it stays for the next time."""
        useful = any(part["files"] for part in self._done.values())
        shutil.rmtree(self.folder / _MAKING if useful else self.folder, ignore_errors=True)
        self._lock.close()

    def _take_up(self) -> None:
        """Read what is finished; what belongs to another export is thrown away."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            state = json.loads((self.folder / _STATE).read_text())
            if state["fingerprint"] == self.fingerprint:
                self._done = state["parts"]
                return
        strangers = [path for path in self.folder.iterdir() if path.name != _LOCK]
        if strangers and not (self.folder / _STATE).exists() and strangers != [self._making]:
            self._lock.close()
            raise StudioError(
                f"{self.folder} is no unfinished export. Move it away, or choose another name."
            )
        for path in strangers:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._write_state()

    @property
    def _making(self) -> Path:
        return self.folder / _MAKING

    def _whole(self, name: str, size: int) -> bool:
        with suppress(OSError):
            return (self.folder / name).stat().st_size == size
        return False

    def _write_state(self) -> None:
        state = {"fingerprint": self.fingerprint, "parts": self._done}
        write_whole(self.folder / _STATE, json.dumps(state).encode())


def already_there(out: Path, fingerprint: str) -> bool:
    """Whether a folder holds this very export, finished."""
    with suppress(OSError, ValueError, AttributeError):
        return json.loads((out / MANIFEST).read_text()).get("fingerprint") == fingerprint
    return False
