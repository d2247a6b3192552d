"""The model's answer in words and bars, as it arrives."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.icons import icon
from app.steer.absence import answer_hint, no_trace
from app.steer.action_bars import ActionBars
from app.steer.answer_state import Stage, StageState, has_parts, places, shown, stages
from core.policy.doubt import severe_texts
from core.types import Capabilities, Reasoning

INCOMPLETE = "What is shown of this answer is incomplete; none of it can be run."
TIMED_WIDTH = 400
"""Below this width [px] several stages have no room for their times; the tooltips have them."""

MARKS = {
    StageState.DONE: ("✓", "ok"),
    StageState.RUNNING: ("…", "accent"),
    StageState.WAITING: ("○", "caption"),
    StageState.FAILED: ("✗", "fault"),
}


def stage_text(stage: Stage, *, timed: bool = True) -> str:
    """Put a stage into a few characters, such as "depth ✓ 0.3 s"."""
    parts = [stage.name, MARKS[stage.state][0]]
    if stage.detail and stage.state != StageState.WAITING:
        parts.append(stage.detail)
    if timed and stage.seconds >= 0:
        parts.append(f"{stage.seconds:.1f} s")
    return " ".join(parts)


class ReasoningPanel(QWidget):
    """Stages with ticks, trace points, actions as bars, warnings in words, raw text on demand."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._capabilities: Capabilities | None = None
        self._reasoning: Reasoning | None = None
        self._hint = QLabel(answer_hint(None))
        theme.set_role(self._hint, "hint")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stage_labels: list[QLabel] = []
        self._stage_row = QHBoxLayout()
        self._stage_row.setSpacing(8)
        title = QLabel("Answer")
        theme.set_role(title, "title")
        self._copy = QPushButton()
        self._copy.setIcon(icon("copy", "muted"))
        theme.set_role(self._copy, "flat")
        self._copy.setToolTip("Copy the raw answer")
        self._copy.setAccessibleName("Copy the raw answer")
        self._copy.clicked.connect(self._copy_text)
        self._toggle = QPushButton()
        self._toggle.setIcon(icon("code", "muted"))
        self._toggle.setAccessibleName("Raw answer")
        self._toggle.setToolTip("Show the answer as the model wrote it")
        theme.set_role(self._toggle, "flat")
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._show_raw)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(title)
        head.addSpacing(8)
        head.addLayout(self._stage_row)
        head.addStretch(1)
        head.addWidget(self._copy)
        head.addWidget(self._toggle)

        self._trace = QLabel()
        self._trace.setWordWrap(True)
        self._trace.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bars = ActionBars()
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._raw = QPlainTextEdit()
        self._raw.setReadOnly(True)
        self._raw.setFont(theme.mono_font(8.5))
        self._raw.setMinimumHeight(96)
        self._raw.setAccessibleName("Raw answer")

        inside = QWidget()
        theme.set_role(inside, "clear")
        body = QVBoxLayout(inside)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(8)
        self._buttons = QHBoxLayout()
        body.addWidget(self._hint)
        body.addWidget(self._words)
        body.addLayout(self._buttons)
        for widget in (self._trace, self._bars, self._raw):
            body.addWidget(widget)
        body.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)
        self.set_reasoning(None)

    def set_capabilities(self, capabilities: Capabilities | None) -> None:
        """Show only the stages that the policy has."""
        self._capabilities = capabilities
        self._hint.setText(answer_hint(capabilities))
        if self._reasoning is not None:
            self.set_reasoning(self._reasoning, complete=self._reasoning.chunk is not None)

    def set_reasoning(self, reasoning: Reasoning | None, complete: bool = True) -> None:
        """Show an answer, or as much of it as has arrived.

        Args:
            reasoning: The answer; None goes back to the hint.
            complete: Whether nothing more will come.
        """
        self._reasoning = reasoning
        there = reasoning is not None
        self._hint.setVisible(not there)
        for widget in (self._trace, self._bars, self._words, self._copy, self._toggle):
            widget.setVisible(there)
        self._raw.setVisible(there and self._toggle.isChecked())
        if reasoning is None:
            self._set_stages(())
            return
        part = shown(reasoning)
        self._set_stages(stages(reasoning, part, self._capabilities, complete=complete))
        self._set_trace(reasoning, [np.asarray(t) for t in part.traces])
        self._set_words(reasoning, has_parts(reasoning, part))
        chunk = reasoning.chunk
        expected = self._capabilities.chunk if self._capabilities else 0
        if chunk is not None:
            expected = len(chunk.actions)
        actions = chunk.actions if chunk is not None else None
        self._bars.set_rows(places(reasoning, part), expected, actions)
        self._bars.setVisible(self._bars.row_count > 0 or not complete)
        if self._toggle.isChecked():
            self._raw.setPlainText(reasoning.text)

    def add_button(self, button: QWidget) -> None:
        """Put a button below the warnings."""
        self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    def set_progress(self, step: int) -> None:
        """Mark the first steps of the shown actions as executed."""
        self._bars.set_done(step)

    @property
    def stage_texts(self) -> tuple[str, ...]:
        """The stages as they are shown."""
        return tuple(label.text() for label in self._stage_labels if not label.isHidden())

    @property
    def hint(self) -> str:
        """What is said while there is no answer."""
        return self._hint.text()

    @property
    def trace_text(self) -> str:
        """The trace in numbers, or why there is none."""
        return self._trace.text()

    @property
    def words(self) -> str:
        """Errors and warnings as they are shown."""
        return self._words.text()

    def _set_stages(self, found: tuple[Stage, ...]) -> None:
        while len(self._stage_labels) < len(found):
            label = QLabel()
            self._stage_labels.append(label)
            self._stage_row.addWidget(label)
        timed = self.width() >= TIMED_WIDTH or len(found) == 1
        for index, label in enumerate(self._stage_labels):
            label.setVisible(index < len(found))
            if index < len(found):
                label.setText(stage_text(found[index], timed=timed))
                label.setToolTip(stage_text(found[index]))
                theme.set_role(label, MARKS[found[index].state][1])

    def _set_trace(self, reasoning: Reasoning, partial: list[np.ndarray]) -> None:
        if reasoning.steered_by is not None:
            points, whose = [reasoning.steered_by.points], "Your trace"
        elif reasoning.traces:
            points, whose = [t.points for t in reasoning.traces], "Trace"
        else:
            points, whose = partial, "Trace"
        lines = [" → ".join(f"({x:.0f},\u00a0{y:.0f})" for x, y in line) for line in points]
        text = "\n".join(f"{whose}  {line}" for line in lines) or no_trace(self._capabilities)
        self._trace.setVisible(bool(text))
        self._trace.setText(text)
        self._trace.setToolTip("Points in 0 to 255 across the image, x to the right and y down")

    def _set_words(self, reasoning: Reasoning, parts: bool) -> None:
        lines = [f"✗ {reasoning.error}"] if reasoning.error else []
        if reasoning.error and parts:
            lines.append(INCOMPLETE)
        lines += [f"⚠ {warning}" for warning in reasoning.warnings]
        self._words.setText("\n".join(lines))
        self._words.setVisible(bool(lines))
        serious = reasoning.error or severe_texts(reasoning.warnings)
        theme.set_role(self._words, "fault" if serious else "warn")

    def _show_raw(self, show: bool) -> None:
        if show and self._reasoning is not None:
            self._raw.setPlainText(self._reasoning.text)
        self._raw.setVisible(show)

    def _copy_text(self) -> None:
        if self._reasoning is not None:
            QApplication.clipboard().setText(self._reasoning.text)
