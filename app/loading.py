"""Shows the start of the policy server, which loads a model, as work that can be given up."""

from __future__ import annotations

import re

from PySide6.QtCore import QObject, Slot

from app.ladder import DOWN
from app.studio import Studio
from app.task import Task

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class Loading(QObject):
    """Turns the status of the policy server into a task."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self._studio = studio
        self._task: Task | None = None
        studio.store.services_changed.connect(self._look)

    @Slot()
    def _look(self) -> None:
        studio = self._studio
        status = studio.store.services.get("policy", "")
        here = studio.services is not None and "policy" not in studio.addresses
        if not here or not status or status in DOWN:
            if self._task is not None:
                self._task.end()
                self._task = None
            return
        if self._task is None:
            self._task = studio.tasks.follow("Loading the model", self._give_up)
        self._task.tell(fraction_of(status), status)

    def _give_up(self) -> None:
        self._task = None
        if self._studio.services is not None:
            self._studio.services.stop("policy")
            self._studio.notifier.info(
                "The model is not loaded; Ctrl+Shift+R starts the policy server again."
            )


def fraction_of(words: str) -> float | None:
    """Read the last percentage out of a sentence, as 0 to 1; None when there is none."""
    found = _PERCENT.findall(words)
    return float(found[-1]) / 100 if found else None
