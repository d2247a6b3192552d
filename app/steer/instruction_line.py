"""The box of the instruction: earlier ones on the arrow keys, gaps of a template on Tab."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from core.templates import Gap, choices, next_gap

LONGEST_KEPT = 20_000
"""Text beyond this is cut off on pasting, so that an accident cannot freeze the window."""


class InstructionLine(QLineEdit):
    """One line of text.

    Up and Down walk through the history as in a shell; while a gap is selected they walk through
    what can be filled in. Tab goes to the next gap, as long as there is one.

    Attributes:
        history: Earlier instructions, newest first.
        objects: What can be filled in where an object is named.
    """

    gap_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.history: list[str] = []
        self.objects: tuple[str, ...] = ()
        self._place = -1
        self._typed = ""
        self._filled: Gap | None = None
        self.setMaxLength(LONGEST_KEPT)
        self.textEdited.connect(self._forget_place)
        self.selectionChanged.connect(self.gap_changed)
        self.cursorPositionChanged.connect(self.gap_changed)

    def put_template(self, text: str) -> None:
        """Replace the text and select its first gap."""
        self._filled = None
        self.setText(text)
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.setCursorPosition(0)
        self._go_to_gap()

    def gap(self) -> Gap | None:
        """Return the gap that is selected, empty or just filled in."""
        start, length = self.selectionStart(), len(self.selectedText())
        if start < 0:
            return None
        for gap in (next_gap(self.text(), start), self._filled):
            if gap is not None and (gap.start, gap.end) == (start, start + length):
                return gap
        return None

    def fill(self, words: str) -> None:
        """Fill in the selected gap; it stays selected, so that another choice replaces it."""
        gap = self.gap()
        if gap is None:
            return
        self.insert(words)
        self._filled = Gap(name=gap.name, start=gap.start, end=gap.start + len(words))
        self.setSelection(gap.start, len(words))
        self.gap_changed.emit()

    def event(self, event: QEvent) -> bool:
        """Take Tab for the next gap."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if event.key() == Qt.Key.Key_Tab and plain and self._go_to_gap():
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk through the choices for a gap, or through the history, with Up and Down."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        gap = self.gap()
        if step and gap is not None and choices(gap.name, self.objects):
            self._turn(gap, -step)
        elif step and self.history:
            self._recall(step)
        else:
            super().keyPressEvent(event)

    def _go_to_gap(self) -> bool:
        gap = next_gap(self.text(), self.cursorPosition())
        if gap is None:
            return False
        self.setSelection(gap.start, gap.end - gap.start)
        return True

    def _turn(self, gap: Gap, step: int) -> None:
        options = choices(gap.name, self.objects)
        now = self.selectedText()
        index = options.index(now) + step if now in options else 0 if step > 0 else -1
        self.fill(options[index % len(options)])

    def _recall(self, step: int) -> None:
        if self._place < 0:
            self._typed = self.text()
        self._place = min(max(self._place + step, -1), len(self.history) - 1)
        self.setText(self._typed if self._place < 0 else self.history[self._place])

    def _forget_place(self) -> None:
        self._place = -1
