"""Watches over the answers of a session: what should change from one to the next and does not."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from core.policy.doubt import texts
from core.policy.history import History, judge_history
from core.types import Observation, Reasoning
from robot.rig import messages


class Watch(QObject):
    """Remembers the last questions, answers and runs, and adds its doubts to new answers.

    The studio sees every cycle, also with a policy on another machine; so this is its business and
    not the policy's.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = History()

    @property
    def history(self) -> History:
        """What new answers are judged by."""
        return self._history

    def judged(
        self, observation: Observation, reasoning: Reasoning, *, after: History | None = None
    ) -> Reasoning:
        """Return an answer with doubts about it added to its warnings, severe ones first.

        Args:
            observation: What the policy was asked about.
            reasoning: Its answer.
            after: What the answer is judged by, where several answer the same question; they
                count as one.
        """
        self._history = (after or self._history).asked(observation, reasoning)
        doubts = texts(judge_history(self._history))
        return replace(reasoning, warnings=(*doubts, *reasoning.warnings)) if doubts else reasoning

    @Slot(object)
    def take_event(self, event: messages.RigEvent) -> None:
        """Note how many steps of the newest answer were executed."""
        if isinstance(event, messages.RunEnded):
            self._history = self._history.ran(event.steps_done)

    @Slot()
    def forget(self, *_: object) -> None:
        """Begin anew: another scene, rig or policy."""
        self._history = History()
