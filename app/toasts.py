"""Toasts in the corner of the window, and the list of everything that was said."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import icons, theme
from app.notify import Level, Notice, Notifier

SHOWN = 3
_WIDTH = 380
_MARGIN = 8
_SECONDS = {Level.INFO: 4, Level.WARNING: 8, Level.ERROR: 14}
_ICON = {
    Level.INFO: ("info", "accent"),
    Level.WARNING: ("warning", "warn"),
    Level.ERROR: ("warning-circle", "fault"),
}


class Toast(QFrame):
    """One message; it goes by itself or by its cross."""

    gone = Signal(QWidget)

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self.text = notice.text
        theme.set_role(self, "card")
        self.setAutoFillBackground(True)
        picture = QLabel(self)
        picture.setPixmap(icons.icon(*_ICON[notice.level]).pixmap(20, 20))
        words = QLabel(notice.text, self)
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        words.setSizePolicy(policy)
        cross = QToolButton(self)
        cross.setIcon(icons.icon("x", "muted"))
        cross.setAutoRaise(True)
        cross.setToolTip("Dismiss")
        cross.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        cross.setAccessibleName("Dismiss message")
        cross.clicked.connect(self.leave)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
        self._clock = QTimer(self, singleShot=True, interval=1000 * _SECONDS[notice.level])
        self._clock.timeout.connect(self.leave)
        self._clock.start()

    def leave(self) -> None:
        """Go away."""
        self._clock.stop()
        self.hide()
        self.gone.emit(self)


class Toasts(QObject):
    """Stacks the newest messages in the lower corner of an area, away from the picture."""

    def __init__(self, notifier: Notifier, host: QWidget, area: QWidget | None = None) -> None:
        """Listen.

        Args:
            notifier: Whose messages.
            host: Parent of the toasts.
            area: Widget inside the host over which they appear; the host itself when left out.
        """
        super().__init__(host)
        self._host = host
        self._area = area or host
        self._toasts: list[Toast] = []
        notifier.posted.connect(self._show)
        self._area.installEventFilter(self)

    def _show(self, notice: Notice) -> None:
        for toast in [t for t in self._toasts if t.text == notice.text]:
            toast.leave()
        toast = Toast(notice, self._host)
        toast.gone.connect(self._forget)
        self._toasts.append(toast)
        for old in self._toasts[:-SHOWN]:
            old.leave()
        toast.show()
        self._arrange()

    def _forget(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            toast.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        corner = self._area.mapTo(self._host, self._area.rect().bottomRight())
        width = min(_WIDTH, self._area.width() - 2 * _MARGIN)
        bottom = corner.y() - _MARGIN
        for toast in reversed(self._toasts):
            toast.setFixedWidth(width)
            toast.resize(width, toast.heightForWidth(width))
            bottom -= toast.height()
            toast.move(corner.x() - _MARGIN - width, bottom)
            toast.raise_()
            bottom -= 8

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the area's size."""
        if watched is self._area and event.type() == QEvent.Type.Resize:
            self._arrange()
        return False


class HistoryDialog(QDialog):
    """Everything that was said in this session, newest first."""

    def __init__(self, notifier: Notifier, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Messages")
        self.resize(560, 360)
        self._list = QListWidget(self)
        self._list.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addWidget(self._list)
        for notice in notifier.history:
            self._add(notice)
        notifier.posted.connect(self._add)

    def _add(self, notice: Notice) -> None:
        text = f"{notice.time:%H:%M:%S}  {notice.text}"
        item = QListWidgetItem(icons.icon(*_ICON[notice.level]), text)
        self._list.insertItem(0, item)
