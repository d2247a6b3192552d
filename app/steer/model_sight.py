"""Keeps the thumbnail and the window of what the model sees in step with the state."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app.actions import Actions
from app.steer.model_input import ModelImage, ModelInput
from app.steer.model_view import ModelView
from app.steer.model_window import Look, ModelWindow
from app.store import Store


class ModelSight(QObject):
    """Opens and feeds the window."""

    def __init__(self, store: Store, actions: Actions, view: ModelView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view, self._actions = view, actions
        self.window = ModelWindow(parent)
        self.input = ModelInput(store, self)
        self.input.changed.connect(self._take)
        self.window.shown_changed.connect(actions["see_as_model"].setChecked)
        view.enlarge_asked.connect(self._enlarge)
        actions["see_as_model"].triggered.connect(self._toggle)
        actions["see_difference"].triggered.connect(self._show_difference)
        self.input.refresh()

    @Slot(object)
    def _take(self, image: ModelImage) -> None:
        self._view.set_image(image)
        self.window.set_image(image)

    @Slot()
    def _enlarge(self) -> None:
        self.window.set_look(Look.SEEN)
        self._open()

    @Slot(bool)
    def _toggle(self, wanted: bool) -> None:
        if wanted:
            self._enlarge()
        else:
            self.window.hide()

    @Slot()
    def _show_difference(self) -> None:
        """Open it with the change; a second press closes it."""
        if self.window.isVisible() and self.window.look == Look.CHANGE:
            self.window.hide()
            return
        self.window.set_look(Look.CHANGE)
        self._open()

    def close(self) -> bool:
        """Close the window; false when it is closed already."""
        was_open = self.window.isVisible()
        self.window.hide()
        return was_open

    def _open(self) -> None:
        self.window.show()
        self.window.raise_()
