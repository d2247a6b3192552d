"""What is said to the policy over time: earlier instructions, templates, and changes of mind."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal, Slot

from app import own_files
from app.notify import Notifier
from app.own_files import HISTORY
from app.session_log import SessionLog
from app.store import Store
from app.workers import RigLink
from core.session.event import Event
from core.session.events import Observed
from core.types import StudioError

SETTLED_MS = 1500
"""How long the text has to stay the same to count as what the person means."""


def _save(folder: Path, history: tuple[str, ...], notifier: Notifier) -> None:
    """Write the file in a thread of the pool."""
    try:
        own_files.save_history(folder, history)
    except StudioError as error:
        notifier.warning(str(error))


class Instructions(QObject):
    """Remembers instructions across sessions and notes when one is changed after an answer.

    Attributes:
        history: Earlier instructions, newest first.
        templates: Instructions with gaps.
        objects: What the lab has on its table, by name; none with a real arm.
        problems: What is wrong with the person's files.
    """

    history_changed = Signal()
    objects_changed = Signal()

    def __init__(
        self,
        *,
        store: Store,
        log: SessionLog,
        rig: RigLink,
        notifier: Notifier,
        folder: Path,
        parent: QObject | None = None,
    ) -> None:
        """Read the files; the event loop does not run yet.

        Args:
            store: Has the instruction.
            log: Told about changes.
            rig: Asked what is on the lab's table.
            notifier: Told what cannot be saved.
            folder: Folder of the settings.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._store, self._log, self._rig = store, log, rig
        self._notifier, self._folder = notifier, folder
        self.history, damage = own_files.load_history(folder)
        self.templates, wrong = own_files.load_templates(folder)
        self.problems = [*damage, *wrong]
        self.objects: tuple[str, ...] = ()
        self._asked: tuple[int, str] | None = None
        self._noted = ""
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settled.timeout.connect(self.note_change)
        store.instruction_changed.connect(self._settled.start)
        log.listen(self._take_event)

    def note_change(self) -> None:
        """Note in the session that the text is no longer what the policy was asked with."""
        self._settled.stop()
        text = self._store.instruction
        if self._asked is None or text in (self._asked[1], self._noted) or not text.strip():
            return
        before = self._noted or self._asked[1]
        self._noted = text
        self._log.instruction_changed(before, text, self._asked[0])

    def look_at_table(self) -> None:
        """Ask the lab what lies on its table, for the templates."""
        if self._store.rig is None or self._store.rig.kind != "lab":
            self._set_objects(())
            return
        self._rig.call(lambda client: client.lab("objects"), self._set_objects, _leave)

    def shutdown(self) -> None:
        """Note what is pending and wait for the disk."""
        self.note_change()
        self._pool.waitForDone()

    @Slot()
    def _set_objects(self, objects: Any) -> None:
        names = tuple(sorted(str(name) for name in objects))
        if names != self.objects:
            self.objects = names
            self.objects_changed.emit()

    def _take_event(self, event: Event) -> None:
        """Learn what the policy is asked; what a comparison asks beside it is no change of mind."""
        if isinstance(event, Observed) and event.observation.instruction == self._store.instruction:
            self.note_change()
            self._asked = event.request_id, self._store.instruction
            self._noted = ""
            self._remember(self._store.instruction)

    def _remember(self, text: str) -> None:
        text = text.strip()
        if not text or self.history[:1] == [text]:
            return
        self.history = [text, *(other for other in self.history if other != text)][:HISTORY]
        self.history_changed.emit()
        self._pool.start(partial(_save, self._folder, tuple(self.history), self._notifier))


def _leave(_sentence: str) -> None:
    """A lab that does not answer says so elsewhere; the names are only a convenience."""
