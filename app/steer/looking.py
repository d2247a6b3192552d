"""Feeds the pictures of the cameras, and does what the person asks for to see them better."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QMenu, QToolButton

from app.actions import Actions
from app.live import LiveFeed
from app.observe import camera_order
from app.steer.camera_panel import CameraPanel
from app.steer.canvas import Canvas
from app.steer.zoom import percent
from app.store import RigInfo, Store
from core.types import Frame

TICK_MS = 250


class Looking(QObject):
    """Hands frames to the large picture, the small ones beside it and the one in its corner."""

    def __init__(
        self,
        store: Store,
        feed: LiveFeed,
        actions: Actions,
        *,
        canvas: Canvas,
        cameras: CameraPanel,
    ) -> None:
        """Connect everything.

        Args:
            store: The state.
            feed: Where frames come from.
            actions: The actions of the window.
            canvas: The large picture.
            cameras: The small ones.
        """
        super().__init__(canvas)
        self._store, self._feed, self._actions = store, feed, actions
        self._canvas, self._cameras = canvas, cameras
        view = canvas.view
        self._inlay = view.layers.inlay
        self.zoom_button = QToolButton()
        self._build_zoom_button()
        feed.frame_arrived.connect(self._take_frame)
        for signal in (
            store.rig_changed,
            store.phase_changed,
            store.observation_changed,
            store.looking_changed,
        ):
            signal.connect(self._show_cameras)
        cameras.camera_chosen.connect(canvas.look_through)
        self._inlay.clicked.connect(self._look_through_inlay)
        view.scale_changed.connect(self._show_scale)
        for name, slot in (
            ("actual_size", view.actual_size),
            ("zoom_in", view.zoom_in),
            ("zoom_out", view.zoom_out),
            ("next_camera", canvas.next_camera),
            ("inlay_corner", self._move_inlay),
            ("pan_left", view.pan_left),
            ("pan_right", view.pan_right),
            ("pan_up", view.pan_up),
            ("pan_down", view.pan_down),
        ):
            actions[name].triggered.connect(slot)
        actions["inlay"].toggled.connect(self._show_cameras)
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self._show_cameras()

    def shutdown(self) -> None:
        """Stop looking."""
        self._clock.stop()

    def _build_zoom_button(self) -> None:
        menu = QMenu(self.zoom_button)
        for name in ("fit", "actual_size", "zoom_in", "zoom_out"):
            menu.addAction(self._actions[name])
        button = self.zoom_button
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setToolTip("Size of the picture, in pixels of the screen per pixel of the camera")
        button.setAccessibleName("Zoom")
        # As wide as its longest text, so that nothing beside it moves.
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance(percent(32.0)) + 24)
        self._canvas.add_tool(button)
        self._show_scale(self._canvas.view.scale_factor)

    @Slot(float)
    def _show_scale(self, scale: float) -> None:
        self.zoom_button.setText(percent(scale))

    @Slot(object)
    def _take_frame(self, frame: Frame) -> None:
        self._canvas.take_frame(frame)
        self._show_small(frame)

    def _show_small(self, frame: Frame) -> None:
        age = self._feed.age_ms(frame.camera) or 0.0
        inset = self._cameras.insets.get(frame.camera)
        if inset is not None:
            inset.set_frame(frame, age)
        if frame.camera == self._inlay.name:
            first = self._inlay.pixmap.isNull()
            self._inlay.set_frame(frame, age)
            if first:  # only now are its proportions known
                self._canvas.view.layers.arrange()

    @Slot()
    def _tick(self) -> None:
        for frame in self._feed.frames.values():
            self._show_small(frame)
        self._canvas.tick(self._feed.age_ms(self._canvas.camera))

    @Slot()
    def _show_cameras(self, *_: object) -> None:
        """Show every camera once, and the live picture of one that is pinned."""
        names, shown = camera_order(self._store.rig), self._canvas.camera
        inlay = inlay_camera(self._store.rig, shown) if self._actions["inlay"].isChecked() else ""
        live = [shown] if self._canvas.is_pinned and shown in names else []
        others = [name for name in names if name not in (shown, inlay)]
        self._cameras.set_cameras(others + live)
        # The large picture says it itself while it is the one.
        annotated = self._canvas.annotated
        self._cameras.set_marked(annotated if shown != annotated else "")
        self._canvas.view.layers.set_inlay(inlay)
        self._inlay.set_marked(inlay == annotated)
        for name in names:
            frame = self._feed.frames.get(name)
            if frame is not None:
                self._take_frame(frame)

    @Slot()
    def _look_through_inlay(self) -> None:
        self._canvas.look_through(self._inlay.name)

    @Slot()
    def _move_inlay(self) -> None:
        """Move it on; the first press brings it."""
        if self._actions["inlay"].isChecked():
            self._canvas.view.layers.move_inlay()
        else:
            self._actions["inlay"].setChecked(True)


def inlay_camera(rig: RigInfo | None, shown: str) -> str:
    """Choose the camera for the corner: one on the hand, else the first that is not shown."""
    others = [name for name in camera_order(rig) if name != shown]
    if rig is None or not others:
        return ""
    for name in others:
        model = rig.cameras[name]
        if model is not None and model.mounted_on_hand:
            return name
    return others[0]
