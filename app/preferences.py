"""The settings in use: changed at once, saved by and by, read again when somebody edited them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.settings import Settings, load_settings, problem, settings_file
from app.settings_file import save_settings
from app.task import Tasks
from core.types import StudioError

logger = logging.getLogger(__name__)


class Preferences(QObject):
    """Holds the settings and tells about every change.

    Attributes:
        settings: What holds now: the file with what the command line says instead.
    """

    changed = Signal(str)
    """Name of the setting that is different now."""
    save_failed = Signal(str)

    def __init__(
        self,
        settings: Settings,
        tasks: Tasks,
        *,
        saved: Settings | None = None,
        path: Path | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Begin with settings that have been read.

        Args:
            settings: What holds now.
            tasks: Where files are read and written.
            saved: What the file says, if the command line says something else.
            path: The file; the person's own when left out.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.settings = settings
        self.path = path or settings_file()
        self._tasks = tasks
        self._unsaved: dict[str, Any] = {}
        self._saving = False
        self._known = saved or settings
        """What the file said last."""

    def change(self, name: str, value: Any) -> None:
        """Use another value from now on, and save it.

        Raises:
            StudioError: If that value is not possible; nothing changes then.
        """
        if sentence := problem(name, value):
            raise StudioError(sentence)
        self._use(name, value)
        self._unsaved[name] = value
        self._save()

    def reload(self, done: Callable[[str], None]) -> None:
        """Read the file again and use what was edited in it.

        Args:
            done: Gets what is wrong with the file; nothing when it was read.
        """

        def take(found: Settings) -> None:
            before, self._known = self._known, found
            for name, value in asdict(found).items():
                # What the command line said instead holds until the file says something new.
                if value != getattr(before, name):
                    self._use(name, value)
            done("")

        path = self.path
        self._tasks.run("Reading the settings", lambda work: load_settings(path), take, done)

    def flush(self) -> None:
        """Save what is not saved yet, at the very end, when nobody waits for the event loop."""
        if self._unsaved:
            try:
                save_settings(self._unsaved, self.path)
            except StudioError as error:
                logger.error("%s", error)

    def _use(self, name: str, value: Any) -> None:
        if getattr(self.settings, name) != value:
            self.settings = replace(self.settings, **{name: value})
            self.changed.emit(name)

    def _save(self) -> None:
        if self._saving or not self._unsaved:
            return
        values, self._unsaved = self._unsaved, {}
        self._saving = True
        path = self.path
        self._tasks.run(
            "Saving the settings",
            lambda work: save_settings(values, path),
            lambda _: self._saved(values),
            self._not_saved,
            cancellable=False,
        )

    def _saved(self, values: dict[str, Any]) -> None:
        self._saving = False
        self._known = replace(self._known, **values)
        self._save()

    def _not_saved(self, sentence: str) -> None:
        self._saving = False
        self.save_failed.emit(sentence)
        self._save()
