"""The line at the bottom: phase, frames, thinking, robot and recording, four times a second."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QWidget

from app import theme
from app.boundary import Boundary
from app.steer.answer_state import stage_seconds
from app.steer.camera_panel import OLD_MS, age_text

PERIOD_MS = 250

LITTLE_ROOM_S = 1800.0
"""A disk that lasts for less than this is said to be nearly full [s]."""


def size_text(size: int) -> str:
    """Write a file size as "812 kB" or "12.4 MB"."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size / 1e3:.0f} kB"


def clock_text(seconds: float) -> str:
    """Write a duration as "03:12", or as "1:03:12" from an hour on."""
    minutes, rest = divmod(int(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def span_text(seconds: float) -> str:
    """Write how long something lasts, roughly: "12 min", "5 h", "9 days"."""
    for unit, scale in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * scale:
            return f"{seconds / scale:.0f} {unit}"
    return "a minute" if seconds >= 60 else "less than a minute"


def think_text(timings: Mapping[str, float]) -> str:
    """Write the time of an answer with the share of each stage.

    Args:
        timings: Seconds since the request per stage, and "total".
    """
    if not timings:
        return ""
    total = timings.get("total", max(timings.values()))
    parts = [f"{stage} {seconds:.1f}" for stage, seconds in stage_seconds(timings).items()]
    inside = f" ({' '.join(parts)})" if len(parts) > 1 else ""
    return f"think {total:.1f} s{inside}"


class StatusBar(QStatusBar):
    """Remembers what it is told and writes it down at 4 Hz, however often it is told."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(8, 2, 8, 2)
        self._wanted: dict[str, tuple[str, str]] = {}
        self._labels: dict[str, QLabel] = {}
        row = QWidget()
        row.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for name in ("phase", "frames", "think", "robot", "episode", "recording"):
            label = QLabel()
            label.setContentsMargins(4, 2, 4, 2)
            self._labels[name] = label
            label.hide()
            if name == "recording":
                layout.addStretch(1)
            layout.addWidget(label)
        self.addWidget(Boundary(row), 1)
        self._timer = QTimer(self)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.write)
        self._timer.start()

    def set_phase(self, phase: str, *, busy: bool = False, fault: bool = False) -> None:
        """Say what the studio is doing, as one word."""
        role = "badge-fault" if fault else "badge-accent" if busy else "badge"
        self._wanted["phase"] = (phase.upper(), role)

    def set_frames(self, age_ms: float | None, fps: float) -> None:
        """Say how old the newest picture is and how many come per second; None for none yet."""
        if age_ms is None:
            self._wanted["frames"] = ("no picture yet", "warn")
        elif age_ms > OLD_MS:
            self._wanted["frames"] = (f"⚠ frame {age_text(age_ms)} old · {fps:.0f} fps", "warn")
        else:
            self._wanted["frames"] = (f"frame {age_text(age_ms)} · {fps:.0f} fps", "caption")

    def set_thinking(self, seconds: float) -> None:
        """Say for how long the model has been thinking [s]."""
        self._wanted["think"] = (f"thinking {seconds:.1f} s", "accent")

    def set_timings(self, timings: Mapping[str, float]) -> None:
        """Say how long the last answer took; seconds since the request per stage."""
        self._wanted["think"] = (think_text(timings), "caption")

    def set_robot(self, words: str, *, fault: bool = False) -> None:
        """Say what the arm is doing."""
        self._wanted["robot"] = (words, "fault" if fault else "caption")

    def set_episode(self, words: str) -> None:
        """Say which episode is open; nothing for none."""
        self._wanted["episode"] = (words, "accent")

    def set_recording(
        self,
        seconds: float | None,
        size: int = 0,
        dropped: int = 0,
        room_s: float | None = None,
    ) -> None:
        """Say how the log is doing.

        Args:
            seconds: Its length [s]; None for no log.
            size: Bytes in the file.
            dropped: Frames that it lost.
            room_s: How long the disk lasts [s]; None while nobody can say.
        """
        if seconds is None:
            self._wanted["recording"] = ("○ not recording", "warn")
            return
        lost = f"{dropped} dropped" if dropped else "0 drops"
        text = f"● REC {clock_text(seconds)} · {size_text(size)} · {lost}"
        scarce = room_s is not None and room_s < LITTLE_ROOM_S
        if room_s is not None and scarce:
            text += f" · ⚠ disk full in {span_text(room_s)}"
        self._wanted["recording"] = (text, "warn" if dropped or scarce else "caption")

    def write(self) -> None:
        """Write down what is new since the last time."""
        for name, (text, role) in self._wanted.items():
            label = self._labels[name]
            if label.text() != text:
                label.setText(text)
            theme.set_role(label, role)
            label.setVisible(bool(text))

    @property
    def texts(self) -> dict[str, str]:
        """What is written at the moment."""
        return {name: label.text() for name, label in self._labels.items()}
