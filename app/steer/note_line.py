"""One line of words under a field that always fits: long quotes are cut, sentences shortened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app import theme

LEAST_QUOTE = 40
"""Width below which a quote is not cut any more [px]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of the line.

    Attributes:
        text: The words.
        look: "", "old" (struck through), "new" (strong) or "link".
        short: Said instead where there is little room.
        quote: Whether it may be cut with an ellipsis.
    """

    text: str
    look: str = ""
    short: str = ""
    quote: bool = False


class NoteLine(QLabel):
    """Shows parts side by side; ``chosen`` carries the text of a link that was clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[Part, ...] = ()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.LinksAccessibleByMouse)
        self.linkActivated.connect(self.chosen)
        theme.theme().changed.connect(self._lay_out)

    def sizeHint(self) -> QSize:
        """Return the height of a line."""
        return QSize(200, QFontMetrics(self.font()).height() + 2)

    def minimumSizeHint(self) -> QSize:
        """Return the height of a line; any width will do."""
        return QSize(1, self.sizeHint().height())

    def set_parts(self, parts: Sequence[Part], role: str) -> None:
        """Show these parts in one of the looks of the style sheet."""
        theme.set_role(self, role)
        if tuple(parts) != self._parts:
            self._parts = tuple(parts)
            self.setToolTip(escape(self.words))
            self.setAccessibleName(self.words)
            self._lay_out()

    @property
    def words(self) -> str:
        """Everything that is said, at full length."""
        return " ".join(part.text for part in self._parts)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._lay_out()

    def _lay_out(self, *_: object) -> None:
        self.setText("&nbsp; ".join(_html(part) for part in self._fitting()))

    def _fitting(self) -> list[Part]:
        """Say it at full length if there is room, else shortly, else with cut quotes."""
        parts = list(self._parts)
        if self._width(parts) > self.width():
            parts = [replace(part, text=part.short or part.text) for part in parts]
        over = self._width(parts) - self.width()
        quotes = [part for part in parts if part.quote]
        if over > 0 and quotes:
            share = sum(map(self._part_width, quotes)) - over
            room = max(share // len(quotes), LEAST_QUOTE)
            parts = [self._cut(part, room) if part.quote else part for part in parts]
        return parts

    def _cut(self, part: Part, width: int) -> Part:
        metrics = QFontMetrics(self._font(part))
        return replace(part, text=metrics.elidedText(part.text, Qt.TextElideMode.ElideRight, width))

    def _width(self, parts: Sequence[Part]) -> int:
        space = QFontMetrics(self.font()).horizontalAdvance("  ")
        return sum(map(self._part_width, parts)) + space * max(len(parts) - 1, 0) + 4

    def _part_width(self, part: Part) -> int:
        return QFontMetrics(self._font(part)).horizontalAdvance(part.text)

    def _font(self, part: Part) -> QFont:
        font = QFont(self.font())
        font.setBold(part.look == "new")
        return font


def _html(part: Part) -> str:
    text = escape(part.text).replace(" ", "&nbsp;")
    if part.look == "old":
        return f"<s>{text}</s>"
    if part.look == "new":
        return f"<b>{text}</b>"
    if part.look == "link":
        colour = theme.tokens().accent
        return f'<a href="{escape(part.text)}" style="color: {colour}">{text}</a>'
    return text
