"""Toasts in the corner of the window: messages that go by themselves, and work that is going on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import icons, theme
from app.notify import Level, Notice, Notifier
from app.task import Task, Tasks

SHOWN = 3
_WIDTH = 380
_MARGIN = 8
_SECONDS = {Level.INFO: 4, Level.WARNING: 8}
"""How long a message stays; an error stays until it is dismissed."""
LEVEL_ICON = {
    Level.INFO: ("info", "accent"),
    Level.WARNING: ("warning", "warn"),
    Level.ERROR: ("warning-circle", "fault"),
}


class Card(QFrame):
    """What toasts have in common: an icon, words, and that they can go."""

    gone = Signal(QWidget)
    resized = Signal()

    def __init__(self, icon: tuple[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        theme.set_role(self, "card")
        self.setAutoFillBackground(True)
        picture = QLabel(self)
        picture.setPixmap(icons.icon(*icon).pixmap(20, 20))
        self.words = wrapped(self)
        self.column = QVBoxLayout()
        self.column.setSpacing(8)
        self.column.addWidget(self.words)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(12, 8, 8, 8)
        self.row.setSpacing(8)
        self.row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        self.row.addLayout(self.column, 1)

    def leave(self) -> None:
        """Go away."""
        self.hide()
        self.gone.emit(self)


class Toast(Card):
    """One message; it goes by itself or by its cross."""

    def __init__(self, notice: Notice, parent: QWidget) -> None:
        super().__init__(LEVEL_ICON[notice.level], parent)
        self.level, self.text, self.count = notice.level, notice.text, 1
        self._clock = QTimer(self, singleShot=True)
        self._clock.timeout.connect(self.leave)
        cross = QToolButton(self)
        cross.setIcon(icons.icon("x", "muted"))
        cross.setToolTip("Dismiss this message; the list of messages keeps it.")
        cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        cross.setAccessibleName("Dismiss message")
        cross.clicked.connect(self.leave)
        self.row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
        self.say(1)

    def say(self, count: int) -> None:
        """Say it, or say it once more."""
        self.count = count
        self.words.setText(f"{self.text}  (×{count})" if count > 1 else self.text)
        if self.level in _SECONDS:
            self._clock.start(1000 * _SECONDS[self.level])

    def leave(self) -> None:
        """Go away."""
        self._clock.stop()
        super().leave()


class TaskToast(Card):
    """Work that is going on, with a bar and a way to give it up; it goes when the work ends."""

    def __init__(self, task: Task, parent: QWidget) -> None:
        super().__init__(("hourglass", "accent"), parent)
        self.task = task
        self.words.setText(task.title)
        theme.set_role(self.words, "title")
        self._part = wrapped(self)
        theme.set_role(self._part, "caption")
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(task.title)
        self.column.addWidget(self._part)
        self.column.addWidget(self.bar)
        self.cancel = QPushButton("Cancel", self)
        self.cancel.setToolTip(f"Give up: {task.title[:1].lower()}{task.title[1:]}.")
        self.cancel.setAccessibleName(f"Cancel: {task.title}")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.setVisible(task.cancellable)
        self.cancel.clicked.connect(task.cancel)
        self.row.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignBottom)
        task.changed.connect(self._follow)
        task.ended.connect(self.leave)
        self._follow()

    @Slot()
    def _follow(self) -> None:
        fraction = self.task.fraction
        self.bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self.bar.setValue(round(1000 * fraction))
        if self._part.text() != self.task.words:
            self._part.setText(self.task.words)
            self._part.setVisible(bool(self.task.words))
            self.resized.emit()


class Toasts(QObject):
    """Stacks what is new in the lower corner of an area, away from the picture."""

    def __init__(
        self,
        notifier: Notifier,
        host: QWidget,
        area: QWidget | None = None,
        tasks: Tasks | None = None,
    ) -> None:
        """Listen.

        Args:
            notifier: Whose messages.
            host: Parent of the toasts.
            area: Widget inside the host over which they appear; the host itself when left out.
            tasks: Whose work.
        """
        super().__init__(host)
        self._host = host
        self._area = area or host
        self._toasts: list[Card] = []
        notifier.posted.connect(self._show)
        if tasks is not None:
            tasks.shown.connect(self._follow)
        self._area.installEventFilter(self)

    @property
    def messages(self) -> list[Toast]:
        """The messages on the screen, oldest first."""
        return [card for card in self._toasts if isinstance(card, Toast)]

    @property
    def work(self) -> list[TaskToast]:
        """The work on the screen, oldest first."""
        return [card for card in self._toasts if isinstance(card, TaskToast)]

    @Slot(object)
    def _show(self, notice: Notice) -> None:
        for toast in self.messages:
            if (toast.level, toast.text) == (notice.level, notice.text):
                toast.say(toast.count + 1)
                self._arrange()
                return
        self._add(Toast(notice, self._host))
        while len(self.messages) > SHOWN:
            # What has to be dismissed by hand stays longest.
            passing = [t for t in self.messages[:-1] if t.level != Level.ERROR]
            (passing or self.messages)[0].leave()

    @Slot(object)
    def _follow(self, task: Task) -> None:
        if task.running:
            self._add(TaskToast(task, self._host))

    def _add(self, card: Card) -> None:
        card.gone.connect(self._forget)
        card.resized.connect(self._arrange)
        self._toasts.append(card)
        card.show()
        self._arrange()

    @Slot(QWidget)
    def _forget(self, card: Card) -> None:
        if card in self._toasts:
            self._toasts.remove(card)
            card.deleteLater()
            self._arrange()

    @Slot()
    def _arrange(self) -> None:
        corner = self._area.mapTo(self._host, self._area.rect().bottomRight())
        width = min(_WIDTH, self._area.width() - 2 * _MARGIN)
        bottom = corner.y() - _MARGIN
        for card in reversed(self._toasts):
            card.setFixedWidth(width)
            card.resize(width, card.heightForWidth(width))
            bottom -= card.height()
            card.move(corner.x() - _MARGIN - width, bottom)
            card.raise_()
            bottom -= 8

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the area's size and place."""
        if watched is self._area and event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._arrange()
        return False


def wrapped(parent: QWidget) -> QLabel:
    """Return a label that breaks its plain text and takes the height that needs."""
    label = QLabel(parent)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label
