"""The cameras of a recording beside each other, with the traces and the path over the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QBoxLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.review.reel import Shown
from app.steer import trace_item
from app.steer.image_view import ImageView
from app.steer.trace_item import TraceItem
from core.camera import CameraModel
from core.trace import to_pixels


class CameraPicture(QWidget):
    """One camera, and the lines over its picture."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = ImageView()
        self.view.setMinimumSize(120, 90)
        self.view.setAccessibleName(f"Recorded picture of {name}")
        self.view.set_message("No picture yet")
        self.view.setAcceptDrops(False)  # a dropped file is the page's
        caption = QLabel(name)
        theme.set_role(caption, "caption")
        self.path = TraceItem(trace_item.PATH, 1)
        self.model = TraceItem(trace_item.MODEL, 2)
        self.user = TraceItem(trace_item.USER, 4)
        self._seen: object = None
        for item in (self.path, self.model, self.user):
            self.view.scene().addItem(item)
            self.view.scale_changed.connect(item.set_scale_factor)
            item.set_scale_factor(max(self.view.scale_factor, 1e-3))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(caption)
        column.addWidget(self.view, 1)

    def set_image(self, image: NDArray[np.uint8] | None) -> None:
        """Show a picture; the same one again costs nothing."""
        if image is not self._seen:
            self._seen = image
            self.view.set_image(image)

    def to_view(self, points: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
        """Turn (L, 2) trace points, 0..255, into places in the picture."""
        if points is None or not len(points) or self.view.image_size == (0, 0):
            return None
        return to_pixels(points, self.view.image_size) + 0.5


class Pictures(QWidget):
    """All cameras of a session at one moment; the annotated one is the largest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cameras: dict[str, CameraPicture] = {}
        self._models: dict[str, CameraModel | None] = {}
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)

    def set_cameras(self, names: tuple[str, ...], models: dict[str, CameraModel | None]) -> None:
        """Make room for these cameras, the annotated one first."""
        while self._row.count():
            item = self._row.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._models = models
        self.cameras = {name: CameraPicture(name) for name in names}
        for place, picture in enumerate(self.cameras.values()):
            self._row.addWidget(picture, 2 if place == 0 and len(names) > 1 else 1)

    def set_direction(self, way: QBoxLayout.Direction) -> None:
        """Put the cameras beside or below each other."""
        self._row.setDirection(way)

    def set_shown(self, shown: Shown) -> None:
        """Show a moment: the pictures, the model's trace, the drawn one, and the planned path."""
        for name, picture in self.cameras.items():
            frame = shown.frames.get(name)
            picture.set_image(None if frame is None else frame.image)
        first = next(iter(self.cameras.values()), None)
        if first is None:
            return
        answer = shown.answer
        traces = () if answer is None else answer.reasoning.traces
        first.model.set_points(first.to_view(traces[0].points) if traces else None)
        first.user.set_points(first.to_view(shown.moment.draft))
        name = next(iter(self.cameras))
        path = None if answer is None else answer.poses
        first.path.set_points(self._projected(name, path))
        if answer is not None:
            first.path.set_style(trace_item.PATH if answer.allowed else trace_item.REJECTED)

    def _projected(
        self, camera: str, poses: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        model = self._models.get(camera)
        if model is None or model.mounted_on_hand or poses is None or not len(poses):
            return None
        return model.project(poses[:, :3, 3])
