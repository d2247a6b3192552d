"""Feeds the panel of episodes from the store and hands its wishes on. Assembly only."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject

from app.actions import Actions
from app.episodes import EpisodeKeeper
from app.steer.episode_panel import EpisodePanel
from app.store import Store


class EpisodeWiring(QObject):
    """Connects an :class:`EpisodePanel`.

    Attributes:
        panel: The panel.
    """

    def __init__(
        self, store: Store, keeper: EpisodeKeeper, actions: Actions, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.panel = panel = EpisodePanel(actions.by_name)
        self._store, self._keeper = store, keeper
        panel.progress_given.connect(keeper.set_progress)
        panel.rubric_chosen.connect(keeper.choose_rubric)
        panel.note_written.connect(self._write)
        panel.note_rewritten.connect(self._rewrite)
        panel.outcome_revised.connect(keeper.revise)
        panel.success_confirmed.connect(keeper.succeed)
        store.episodes_changed.connect(self.show)
        store.instruction_changed.connect(self._show_rubrics)
        store.recording_changed.connect(self._show_recording)
        self.show()

    def show(self) -> None:
        """Show everything anew."""
        store = self._store
        self.panel.set_episodes(store.episodes, time.monotonic_ns())
        last = store.episodes.last
        instruction = last.instruction if last is not None else store.instruction
        self.panel.set_lab_says(store.lab_says, instruction)
        self._show_rubrics()

    def tick(self) -> None:
        """Let the clock of the open episode go on."""
        if self._store.episodes.current is not None and self.panel.isVisible():
            self.panel.set_episodes(self._store.episodes, time.monotonic_ns())

    def _show_rubrics(self, *_: object) -> None:
        keeper = self._keeper
        self.panel.set_rubrics(keeper.rubrics, keeper.chosen, keeper.rubric())

    def _show_recording(self) -> None:
        self.panel.set_recording(bool(self._store.recording.path))

    def _write(self, words: str) -> None:
        if not self._keeper.write_note(words):
            self.panel.note_box.setText(words)

    def _rewrite(self, number: int, remark: int, words: str) -> None:
        if not self._keeper.rewrite_note(number, remark, words):
            self.show()
