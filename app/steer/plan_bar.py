"""The plans as cards: whose it is, and what the guard says; the selected one would be run."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.store import Plan, PlanKind

TITLES = {PlanKind.MODEL: "Model's plan", PlanKind.USER: "Your plan"}

HINT = "Plans appear here: the model's after Think, yours after Steer. A click selects one to run."
HEIGHT = 52


def verdict_words(plan: Plan) -> tuple[str, str]:
    """Return what the card says and the role to say it in."""
    if plan.chunk is None:
        return "✗ no actions in the answer", "fault"
    if plan.refusal:
        return f"✗ {plan.refusal}", "fault"
    if plan.preview is None:
        return "… the rig checks the path", "caption"
    if not plan.preview.verdict.ok:
        return f"✗ {plan.preview.verdict.reason}", "fault"
    if plan.doubts:
        return f"⚠ look before you run: {plan.doubts[0]}", "warn"
    seconds = len(plan.chunk.actions) / plan.chunk.rate_hz
    return f"✓ {len(plan.chunk.actions)} steps, {seconds:.1f} s", "ok"


class _Swatch(QWidget):
    """The line and the dots of a trace, as in the picture."""

    def __init__(self, kind: PlanKind) -> None:
        super().__init__()
        self._kind = kind
        self.setFixedSize(32, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mine = self._kind == PlanKind.USER
        colour = QColor(theme.DATA.user if mine else theme.DATA.model)
        for pen in (QPen(QColor(theme.DATA.casing), 5), QPen(colour, 2.5)):
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(6, 8, 26, 8)
        painter.setBrush(QColor(theme.DATA.casing) if mine else colour)
        painter.setPen(QPen(colour, 2))
        painter.drawEllipse(3, 5, 6, 6)
        painter.end()


class PlanCard(QFrame):
    """One plan; a click or Space selects it."""

    chosen = Signal(object)

    def __init__(self, kind: PlanKind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(TITLES[kind])
        theme.set_role(self, "card")
        title = QLabel(TITLES[kind])
        theme.set_role(title, "title")
        self._words = QLabel()
        self._words.setMaximumWidth(280)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(_Swatch(kind))
        top.addWidget(title)
        top.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 12, 4)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addWidget(self._words)

    @property
    def words(self) -> str:
        """The verdict as it is shown."""
        return self._words.text()

    def set_plan(self, plan: Plan, selected: bool) -> None:
        """Show a plan."""
        words, role = verdict_words(plan)
        self._words.setToolTip(words)
        metrics = self._words.fontMetrics()
        self._words.setText(metrics.elidedText(words, Qt.TextElideMode.ElideRight, 280))
        theme.set_role(self._words, role)
        if self.property("selected") != selected:
            self.setProperty("selected", selected)
            self.style().unpolish(self)
            self.style().polish(self)
        self.setAccessibleDescription(("selected, " if selected else "") + words)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._kind)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self._kind)
        else:
            super().keyPressEvent(event)


class PlanBar(QWidget):
    """The cards side by side."""

    plan_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = {kind: PlanCard(kind) for kind in PlanKind}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self._hint = QLabel(HINT)
        theme.set_role(self._hint, "hint")
        layout.addWidget(self._hint)
        for card in self.cards.values():
            card.chosen.connect(self.plan_chosen)
            card.hide()
            layout.addWidget(card)
        layout.addStretch(1)
        # The same height with and without cards, so that the picture above keeps its place.
        self.setFixedHeight(HEIGHT)

    def set_plans(self, plans: dict[PlanKind, Plan], selected: PlanKind | None) -> None:
        """Show exactly these plans."""
        for kind, card in self.cards.items():
            if kind in plans:
                card.set_plan(plans[kind], kind == selected)
            card.setVisible(kind in plans)
        self._hint.setVisible(not plans)
