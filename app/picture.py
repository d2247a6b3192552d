"""Pictures: from an array to a pixmap, fitted and drawn into an area of a widget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPainter, QPixmap


def to_qimage(rgb: NDArray[np.uint8]) -> QImage:
    """Copy an (H, W, 3) uint8 RGB array into a picture that owns its pixels.

    Raises:
        ValueError: The array has another shape or type.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"picture is {rgb.dtype} {rgb.shape}; expected uint8 (H, W, 3) RGB")
    rows = np.ascontiguousarray(rgb)
    height, width = rows.shape[:2]
    # The stride is given because Qt otherwise expects rows padded to four bytes. The conversion,
    # which a pixmap needs anyway, makes the copy: the picture would change with the array.
    shared = QImage(rows.data, width, height, rows.strides[0], QImage.Format.Format_RGB888)
    return shared.convertToFormat(QImage.Format.Format_RGB32)


def to_pixmap(rgb: NDArray[np.uint8]) -> QPixmap:
    """Copy an (H, W, 3) uint8 RGB array into a pixmap."""
    return QPixmap.fromImage(to_qimage(rgb))


def fit(size: QSize | QSizeF, area: QRectF, *, centred: bool = True) -> QRectF:
    """Return the largest rectangle of the proportions of ``size`` within ``area``.

    Args:
        size: Proportions.
        area: Where it has to fit.
        centred: In the middle; otherwise at the top left, flush with a caption above.
    """
    if size.width() <= 0 or size.height() <= 0:
        return QRectF(area.topLeft(), QSizeF(0, 0))
    scale = min(area.width() / size.width(), area.height() / size.height())
    fitted = QSizeF(size.width() * scale, size.height() * scale)
    if not centred:
        return QRectF(area.topLeft(), fitted)
    return QRectF(area.center() - QPointF(fitted.width() / 2, fitted.height() / 2), fitted)


def draw_pixmap(painter: QPainter, pixmap: QPixmap, area: QRectF) -> None:
    """Draw a pixmap; enlarged pixels stay square, reduced ones are smoothed."""
    smooth = area.width() < pixmap.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawPixmap(area, pixmap, QRectF(pixmap.rect()))
