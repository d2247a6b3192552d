"""The Run button: pressed where one act is enough, held where the arm moves only while held."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QHideEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from app import theme
from app.action_button import ActionButton
from app.arming import Arming
from app.store import Phase, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLook:
    """What the button says and does.

    Attributes:
        text: Its words; empty for the action's own.
        role: "run", or "armed" for another colour.
        holds: Whether a press means to hold it.
        tip: Its tooltip; empty for the action's own.
    """

    text: str = ""
    role: str = "run"
    holds: bool = False
    tip: str = ""


def run_look(store: Store, arming: Arming, keys: str) -> RunLook:
    """Return the look for what is armed and held now.

    Args:
        store: The window's state.
        arming: What is armed.
        keys: The keys that may be held, in words.
    """
    if not store.motion.hold_to_run:
        return RunLook()
    tip = f"Hold this button, or {keys}, for as long as the arm shall move; letting go stops it."
    offer, seconds = arming.offer, arming.seconds_left
    if store.phase == Phase.RUNNING and arming.held:
        return RunLook(text="Let go to stop", role="armed", holds=True, tip=tip)
    if offer is not None:
        words = "Armed" if offer.order is not None else f"Hold: {offer.words}"
        return RunLook(text=f"{words} · {seconds} s", role="armed", holds=True, tip=tip)
    if arming.is_armed and not store.auto:
        return RunLook(text="Arming …")
    if store.auto:
        words = "Going on" if arming.held else "Hold to go on"
        return RunLook(text=words, role="armed", holds=True, tip=tip)
    return RunLook(text="Arm   Ctrl+↵", tip=f"Arm the selected plan for a few seconds. {tip}")


class RunButton(ActionButton):
    """Follows its action, or tells for how long it is held."""

    held = Signal(bool)

    _look = RunLook()
    _holding = False

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(action, role="run", parent=parent)

    def set_look(self, look: RunLook) -> None:
        """Show what a press would do now."""
        if look == self._look:
            return
        self._look = look
        theme.set_role(self, look.role)
        if self._holding and not look.holds:
            self._let_go()
        self._follow()

    @property
    def look(self) -> RunLook:
        """What it says and does."""
        return self._look

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hold, where that is what a press means."""
        if not self._look.holds or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._holding = True
        self.setDown(True)
        self.held.emit(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Let go as soon as the pointer slips off the button."""
        if not self._holding:
            super().mouseMoveEvent(event)
        elif not self.rect().contains(event.position().toPoint()):
            self._let_go()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; a held button is never a click."""
        if self._holding:
            if event.button() == Qt.MouseButton.LeftButton:
                self._let_go()
        elif self.isDown() or not self._look.holds:
            super().mouseReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Let go when the keyboard goes elsewhere."""
        super().focusOutEvent(event)
        self._let_go()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of what nobody sees."""
        super().hideEvent(event)
        self._let_go()

    def event(self, event: QEvent) -> bool:
        """Let go when the mouse is taken away, or the window is no longer in front."""
        if event.type() in (QEvent.Type.UngrabMouse, QEvent.Type.WindowDeactivate):
            self._let_go()
        return super().event(event)

    def _let_go(self) -> None:
        if self._holding:
            self._holding = False
            self.setDown(False)
            self.held.emit(False)

    def _follow(self) -> None:
        super()._follow()
        look = self._look
        if look.text:
            self.setText(look.text)
            self.setAccessibleName(look.text)
        if look.holds:
            self.setEnabled(True)
        if look.tip:
            self.setToolTip(look.tip)
