"""The model's answer as it arrives: when, how surely and what, in words, a picture and bars."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
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
from app.steer.action_bars import ROW, ActionBars
from app.steer.action_words import ranges_of, summary, values_of
from app.steer.answer_notices import notices
from app.steer.answer_spans import Told, percent, told
from app.steer.answer_state import Stage, StageState, has_parts, places, shown, stages
from app.steer.codes_box import CodesBox
from app.steer.notice_list import NoticeList
from app.steer.section import Section
from app.steer.time_strip import TimeStrip
from app.steer.trace_table import TraceTable, numbers
from core.protocol.partial import PartialAnswer
from core.types import Capabilities, Reasoning

TIMED_WIDTH = 320
"""Below this width [px] several stages have no room for their times; the tooltips have them."""

TALL = 480
"""Below this height [px] depth and trace are folded, unless a person unfolds them: the actions are
what has to be seen before they are run."""

WITHIN = "mm and ° · range in training"
BESIDE = "relative to the largest value"
"""What the bars compare with."""

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
    """Stages with ticks, a timeline, what is odd in words, then depth, trace and actions."""

    cell_hovered = Signal(int)
    """Depth cell under the pointer, row by row from 0; -1 for none."""
    step_hovered = Signal(int)
    """Step of the actions under the pointer, from 0; -1 for none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._capabilities: Capabilities | None = None
        self._reasoning: Reasoning | None = None
        self._complete, self._stale = True, ""
        self._size: tuple[int, int] | None = None
        self._parts, self._scale = False, ""
        self._hint = QLabel(answer_hint(None))
        theme.set_role(self._hint, "hint")
        self._hint.setWordWrap(True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stage_labels: list[QLabel] = []
        self._stage_row = QHBoxLayout()
        self._stage_row.setSpacing(6)
        self._copy = self._flat("copy", "Copy the raw answer", "Copy the raw answer")
        self._copy.clicked.connect(self._copy_text)
        self._toggle = self._flat("code", "Raw answer", "Show the answer as the model wrote it")
        self._toggle.setCheckable(True)
        self._toggle.toggled.connect(self._show_raw)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addLayout(self._stage_row)
        head.addStretch(1)
        head.addWidget(self._copy)
        head.addWidget(self._toggle)

        self.strip = TimeStrip()
        self.notices = NoticeList()
        self.codes = CodesBox()
        self.trace = TraceTable()
        self.bars = ActionBars()
        self._totals = QLabel()
        self._totals.setWordWrap(True)
        self._totals.setFont(theme.ui_font(9.0))
        self._totals.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        actions = QWidget()
        column = QVBoxLayout(actions)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.bars)
        column.addWidget(self._totals)
        self.sections = {
            "depth": Section("Depth", self.codes),
            "trace": Section("Trace", self.trace),
            "actions": Section("Actions", actions),
        }
        self.codes.grid.cell_hovered.connect(self.cell_hovered)
        self.bars.step_hovered.connect(self.step_hovered)
        self._touched: set[Section] = set()
        for section in self.sections.values():
            section.turned.connect(self._touched.add)
        self.bars.pointed.connect(self._show_pointed)
        self._raw = QPlainTextEdit()
        self._raw.setReadOnly(True)
        self._raw.setFont(theme.mono_font(8.5))
        self._raw.setMinimumHeight(96)
        self._raw.setAccessibleName("Raw answer")

        inside = QWidget()
        theme.set_role(inside, "clear")
        body = QVBoxLayout(inside)
        body.setContentsMargins(0, 0, 8, 0)
        body.setSpacing(4)
        self._buttons = QHBoxLayout()
        body.addWidget(self._hint)
        body.addWidget(self.notices)
        body.addLayout(self._buttons)
        for widget in (*self.sections.values(), self._raw):
            body.addWidget(widget)
        body.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.strip)
        layout.addWidget(scroll, 1)
        self.set_reasoning(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold what there is no room for; what a person has folded or unfolded stays so."""
        super().resizeEvent(event)
        for name in ("depth", "trace"):
            section = self.sections[name]
            if section not in self._touched:
                section.set_open(self.height() >= TALL)

    def set_capabilities(self, capabilities: Capabilities | None) -> None:
        """Show only the stages that the policy has."""
        self._capabilities = capabilities
        self._hint.setText(answer_hint(capabilities))
        if self._reasoning is not None:
            self.set_reasoning(self._reasoning, complete=self._reasoning.chunk is not None)

    def set_picture_size(self, size: tuple[int, int] | None) -> None:
        """Tell the (width, height) of the picture that traces refer to [px]."""
        if size != self._size:
            self._size = size
            if self._reasoning is not None:
                self._show_trace(self._reasoning, shown(self._reasoning), told(self._reasoning))

    def set_stale(self, why: str) -> None:
        """Say why the answer is out of date; an empty text says that it is not."""
        if why != self._stale:
            self._stale = why
            self._show_notices()

    def set_rejected(self, step: int | None, reason: str = "") -> None:
        """Mark the step that the guard rejects; None marks none."""
        if self.bars.set_rejected(step, reason) and step is not None:
            self._scroll_to_step(step)

    def set_reasoning(self, reasoning: Reasoning | None, complete: bool = True) -> None:
        """Show an answer, or as much of it as has arrived.

        Args:
            reasoning: The answer; None goes back to the hint.
            complete: Whether nothing more will come.
        """
        self._reasoning, self._complete = reasoning, complete
        there = reasoning is not None
        self._hint.setVisible(not there)
        for widget in (self._copy, self._toggle):
            widget.setVisible(there)
        self._raw.setVisible(there and self._toggle.isChecked())
        if reasoning is None:
            self._parts = False
            self._set_stages(())
            self.strip.set_passes((), {})
            self._show_notices()
            for section in self.sections.values():
                section.hide()
            return
        part, decided = shown(reasoning), told(reasoning)
        self._parts = has_parts(reasoning, part)
        found = stages(reasoning, part, self._capabilities, complete=complete)
        # the timeline says the times more exactly where it can
        self._set_stages(found, timed=decided is None)
        self.strip.set_passes(decided.passes if decided else (), reasoning.timings)
        self._show_notices()
        self._show_codes(reasoning, part, decided)
        self._show_trace(reasoning, part, decided)
        self._show_actions(reasoning, part, decided)
        if self._toggle.isChecked():
            self._raw.setPlainText(reasoning.text)

    def add_button(self, button: QWidget) -> None:
        """Put a button below the warnings."""
        self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    def set_progress(self, step: int) -> None:
        """Mark the first steps of the shown actions as executed."""
        self.bars.set_done(step)

    def highlight_cell(self, cell: int) -> None:
        """Mark a depth cell that is pointed at elsewhere; -1 marks none."""
        self.codes.highlight_cell(cell)

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
        return self.trace.accessibleDescription()

    @property
    def words(self) -> str:
        """Errors and warnings as they are shown."""
        return self.notices.words

    def _flat(self, picture: str, name: str, tip: str) -> QPushButton:
        button = QPushButton()
        button.setIcon(icon(picture, "muted"))
        button.setAccessibleName(name)
        button.setToolTip(tip)
        theme.set_role(button, "flat")
        button.setFixedSize(24, 24)
        return button

    def _set_stages(self, found: tuple[Stage, ...], *, timed: bool = True) -> None:
        while len(self._stage_labels) < len(found):
            label = QLabel()
            self._stage_labels.append(label)
            self._stage_row.addWidget(label)
        timed = timed and (self.width() >= TIMED_WIDTH or len(found) == 1)
        for index, label in enumerate(self._stage_labels):
            label.setVisible(index < len(found))
            if index < len(found):
                label.setText(stage_text(found[index], timed=timed))
                label.setToolTip(stage_text(found[index]))
                theme.set_role(label, MARKS[found[index].state][1])

    def _show_codes(self, reasoning: Reasoning, part: PartialAnswer, decided: Told | None) -> None:
        codes = part.depth_codes
        if not codes and reasoning.depth is not None:
            codes = tuple(reasoning.depth.codes.tolist())
        sure = decided.codes if decided is not None and len(decided.codes) else None
        section = self.sections["depth"]
        section.setVisible(bool(codes))
        if codes:
            self.codes.set_codes(codes, sure)
            section.set_note("" if sure is None else f"{percent(float(np.nanmean(sure)))} sure")

    def _show_trace(self, reasoning: Reasoning, part: PartialAnswer, decided: Told | None) -> None:
        section, steered = self.sections["trace"], reasoning.steered_by
        section.button.setText("Trace" if steered is None else "Your trace")
        if steered is not None:
            lines = [steered.points]
        elif reasoning.traces:
            lines = [trace.points for trace in reasoning.traces]
        else:
            lines = [np.asarray(line) for line in part.traces]
        line = lines[0] if lines else None
        sure = () if decided is None or steered is not None else tuple(decided.points.tolist())
        absence = no_trace(self._capabilities)
        self.trace.set_points(line, self._size, sure, absence)
        section.setVisible(line is not None or bool(absence))
        arms = f" · {len(lines)} arms, the first shown" if len(lines) > 1 else ""
        section.set_note("" if line is None else numbers(line, self._size).length + arms)

    def _show_actions(
        self, reasoning: Reasoning, part: PartialAnswer, decided: Told | None
    ) -> None:
        chunk, ranges = reasoning.chunk, ranges_of(self._capabilities)
        expected = self._capabilities.chunk if self._capabilities else 0
        if chunk is not None:
            expected = len(chunk.actions)
        actions = chunk.actions if chunk is not None else values_of(part.rows, ranges)
        self.bars.set_rows(
            places(reasoning, part),
            expected,
            actions,
            ranges=ranges if part.rows else (),
            confidence=None if decided is None else decided.values,
        )
        self._totals.setText("" if actions is None else summary(actions))
        self._totals.setVisible(actions is not None)
        self._scale = WITHIN if ranges and part.rows else BESIDE if chunk is not None else ""
        section = self.sections["actions"]
        section.setVisible(self.bars.row_count > 0 or not self._complete)
        self._show_pointed("")

    def _show_pointed(self, words: str) -> None:
        self.sections["actions"].set_note(words or self._scale)

    def _show_notices(self) -> None:
        reasoning = self._reasoning
        if reasoning is None:
            self.notices.set_said(())
            return
        stale = self._stale if self._complete else ""
        self.notices.set_said(notices(reasoning, parts=self._parts, stale=stale))

    def _scroll_to_step(self, step: int) -> None:
        inside, layout = self._scroll.widget(), self.layout()
        if inside is None or layout is None or not self.bars.isVisible():
            return
        layout.activate()
        place = self.bars.mapTo(inside, self.bars.cell_rect(step, 0).center().toPoint())
        self._scroll.ensureVisible(0, place.y(), 0, 2 * ROW)

    def _show_raw(self, show: bool) -> None:
        if show and self._reasoning is not None:
            self._raw.setPlainText(self._reasoning.text)
        self._raw.setVisible(show)

    def _copy_text(self) -> None:
        if self._reasoning is not None:
            QApplication.clipboard().setText(self._reasoning.text)
