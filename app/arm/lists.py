"""Opens the two checklists and asks the rig what it finds."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMainWindow

from app.arm.checklist_dialog import READY, RECOVER, ChecklistDialog, Item
from app.motion_info import LATCHED
from app.studio import Studio
from robot.rig.states import MotionState


class Lists(QObject):
    """The list before the arm moves, and the one before it is released.

    Attributes:
        ready: The first, once it was opened; likewise ``recover``.
    """

    def __init__(self, studio: Studio, window: QMainWindow) -> None:
        super().__init__(window)
        self._studio, self._window = studio, window
        self._offered = False
        self.ready: ChecklistDialog | None = None
        self.recover: ChecklistDialog | None = None
        studio.motion.confirmation_wanted.connect(self.show_recover)
        studio.store.rig_changed.connect(self._rig_changed)
        studio.store.motion_changed.connect(self._motion_changed)

    def close_top(self) -> bool:
        """Close what is open; false when nothing is."""
        for dialog in (self.recover, self.ready):
            if dialog is not None and dialog.isVisible():
                dialog.close()
                return True
        return False

    @Slot()
    def show_ready(self) -> None:
        """Show what has to be right before the arm moves."""
        if self.ready is None:
            self.ready = ChecklistDialog(READY, "The arm may be used", self._window)
            self.ready.wanted.connect(self._look_ready)
            self.ready.confirmed.connect(self._acknowledge)
            self.ready.speed_wanted.connect(self._set_speed)
        motion = self._studio.store.motion
        self.ready.set_speed(motion.speed, motion.max_speed)
        _raise(self.ready)
        self._look_ready()

    @Slot()
    def show_recover(self) -> None:
        """Show what has to be looked at before a stop or a fault is released."""
        if self.recover is None:
            self.recover = ChecklistDialog(RECOVER, "Release; nothing moves by that", self._window)
            self.recover.wanted.connect(self._look_recover)
            self.recover.confirmed.connect(self._release)
        _raise(self.recover)
        self._look_recover()

    @Slot()
    def _look_ready(self) -> None:
        self._fill(self.ready, recovery=False)

    @Slot()
    def _look_recover(self) -> None:
        self._fill(self.recover, recovery=True)

    def _fill(self, dialog: ChecklistDialog | None, *, recovery: bool) -> None:
        if dialog is None:
            return
        dialog.set_items(None)

        def show(found: list[dict[str, Any]]) -> None:
            dialog.set_items([Item.from_message(message) for message in found])

        self._studio.rig.call(lambda client: client.checklist(recovery=recovery), show, dialog.say)

    @Slot(object)
    def _acknowledge(self, names: list[str]) -> None:
        dialog = self.ready
        if dialog is None:
            return
        self._studio.log.note(f"checklist confirmed: {', '.join(names)}")

        def done(_: object) -> None:
            dialog.close()

        self._studio.rig.call(lambda client: client.acknowledge(names), done, dialog.say)

    @Slot(float)
    def _set_speed(self, share: float) -> None:
        studio, dialog = self._studio, self.ready
        if dialog is None:
            return

        def done(_: object) -> None:
            studio.store.set_motion(speed=share)
            studio.controller.preview_again()

        def refused(sentence: str) -> None:
            motion = studio.store.motion
            dialog.set_speed(motion.speed, motion.max_speed)
            dialog.say(sentence)

        studio.rig.call(lambda client: client.set_speed(share), done, refused)

    @Slot(object)
    def _release(self, names: list[str]) -> None:
        self._studio.log.note(f"recovery confirmed: {', '.join(names)}")
        self._studio.motion.confirm_release(tuple(names))

    @Slot()
    def _rig_changed(self) -> None:
        if self._studio.store.rig is None:
            self._offered = False
            self.close_top()
        self._offer()

    @Slot()
    def _motion_changed(self) -> None:
        if self._studio.store.motion.state not in LATCHED and self.recover is not None:
            self.recover.close()
        self._offer()

    def _offer(self) -> None:
        """Show the list by itself, once for every real arm that waits for it."""
        rig, motion = self._studio.store.rig, self._studio.store.motion
        waits = motion.state == MotionState.CONNECTED
        if rig is not None and rig.kind != "lab" and waits and not self._offered:
            self._offered = True
            self.show_ready()


def _raise(dialog: ChecklistDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
