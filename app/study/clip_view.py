"""Two videos that look alike in everything but their pictures, and a clock that drives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QElapsedTimer, QObject, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from core.study.clips import RATE_HZ, SIZE
from core.study.plan import Playback
from core.study.votes import Shown

Clip = Sequence[QImage]


class ClipView(QWidget):
    """Shows one picture of a video, as large as there is room, always of the same shape."""

    def __init__(self, name: str) -> None:
        """Build the view; ``name`` is what a screen reader says."""
        super().__init__()
        self.setAccessibleName(name)
        self.setMinimumSize(SIZE[0] * 2 // 3, SIZE[1] * 2 // 3)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._picture = QImage()
        self._veil = ""

    def sizeHint(self) -> QSize:
        return QSize(*SIZE)

    def set_picture(self, picture: QImage) -> None:
        """Show a picture."""
        self._picture = picture
        self.update()

    def set_veil(self, words: str) -> None:
        """Cover the picture with words; nothing uncovers it."""
        self._veil = words
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(theme.tokens().view))
        scale = min(self.width() / SIZE[0], self.height() / SIZE[1])
        width, height = SIZE[0] * scale, SIZE[1] * scale
        place = QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
        if not self._picture.isNull() and not self._veil:
            painter.drawImage(place, self._picture)
        if self._veil:
            painter.setPen(QColor(theme.tokens().text))
            painter.setFont(theme.ui_font(13.0))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._veil)
        painter.end()


class Player(QObject):
    """Plays the two videos of an item: together, or one after the other in the drawn order.

    Both are as long as each other and move by one clock, so that no side is ever ahead.
    """

    changed = Signal()
    """What is playing, or what may be played, has changed."""

    viewed = Signal(str, float, bool)
    """A video was watched: "left", "right" or "both"; for how long [s]; to its end."""

    def __init__(self, views: Mapping[Shown, ClipView], speed: float = 1.0) -> None:
        """Drive two views.

        Args:
            views: One for each side.
            speed: Of the clock; more than 1 only where nobody watches, in tests and the demo.
        """
        super().__init__()
        self._views, self._speed = dict(views), speed
        self._clips: dict[Shown, Clip] = {}
        self._playback, self._first = Playback.TOGETHER, Shown.LEFT
        self._playing: tuple[Shown, ...] = ()
        self._seen: set[Shown] = set()
        self._elapsed = QElapsedTimer()
        self._clock = QTimer(self, interval=max(1, round(500 / RATE_HZ / speed)))
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.timeout.connect(self._tick)

    def load(self, clips: Mapping[Shown, Clip], playback: Playback, first: Shown | None) -> None:
        """Take the videos of an item; nothing of it has been watched yet.

        Args:
            clips: One for each side, of the same length.
            playback: Together or in turn.
            first: Which comes first, in turn.
        """
        self.stop()
        self._clips, self._playback = dict(clips), playback
        self._first = first or Shown.LEFT
        self._seen.clear()
        for side, view in self._views.items():
            view.set_picture(self._clips[side][0])
        self._cover()
        self.changed.emit()

    @property
    def playing(self) -> tuple[Shown, ...]:
        """What is playing."""
        return self._playing

    @property
    def all_seen(self) -> bool:
        """Whether both were watched to the end."""
        return len(self._seen) == 2

    @property
    def turn(self) -> Shown | None:
        """The side that has to be watched next; None when both play at once or all was seen."""
        if self._playback == Playback.TOGETHER or self.all_seen:
            return None
        return self._first if self._first not in self._seen else _other(self._first)

    def may_play(self, side: Shown) -> bool:
        """Whether a side may be played now: in turn the second waits for the first."""
        return self.all_seen or self.turn in (None, side) or side in self._seen

    def play(self, side: Shown | None = None) -> None:
        """Play one side from its beginning; without one what is to be watched next."""
        if not self._clips or self._playing:
            return
        if side is None:
            turn = self.turn
            wanted = (Shown.LEFT, Shown.RIGHT) if turn is None else (turn,)
            if turn is None and self._playback == Playback.IN_TURN:
                wanted = (self._first,)
        elif self.may_play(side):
            wanted = (side,)
        else:
            return
        self._playing = wanted
        self._cover()
        self._elapsed.start()
        self._clock.start()
        self.changed.emit()

    def stop(self) -> None:
        """Stop what is playing; it counts as watched in part."""
        if self._playing:
            self._end(complete=False)

    @Slot()
    def _tick(self) -> None:
        at = int(self._elapsed.elapsed() / 1000 * RATE_HZ * self._speed)
        length = min(len(clip) for clip in self._clips.values())
        for side in self._playing:
            self._views[side].set_picture(self._clips[side][min(at, length - 1)])
        if at >= length:
            self._end(complete=True)

    def _end(self, *, complete: bool) -> None:
        self._clock.stop()
        sides, self._playing = self._playing, ()
        if complete:
            self._seen.update(sides)
        self._cover()
        name = "both" if len(sides) == 2 else str(sides[0])
        self.viewed.emit(name, self._elapsed.elapsed() / 1000, complete)
        self.changed.emit()

    def _cover(self) -> None:
        """In turn, what has not been played stays covered."""
        for side, view in self._views.items():
            hidden = (
                self._playback == Playback.IN_TURN
                and side not in self._seen
                and side not in self._playing
            )
            view.set_veil(("First" if side == self._first else "Second") if hidden else "")


def _other(side: Shown) -> Shown:
    return Shown.RIGHT if side == Shown.LEFT else Shown.LEFT
