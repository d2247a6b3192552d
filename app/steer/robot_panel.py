"""The arm: what it does, what the guard says of the plan, and the two big buttons."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import theme
from app.action_button import ActionButton
from app.motion_info import MotionInfo, motion_words
from app.steer.run_button import RunButton
from core.types import RobotState
from robot.rig.states import MotionState

NO_PLAN = "No plan yet: press Think, or draw your own."


def arm_words(motion: MotionInfo, state: RobotState | None) -> tuple[str, str]:
    """Return the words for what the arm may do and the role to show them in.

    Args:
        motion: What the rig says.
        state: What the arm measures; None before the first.
    """
    if state is None and motion.state == MotionState.DISCONNECTED:
        return "No robot yet", "caption"
    words, role = motion_words(motion)
    return f"Arm {words.lower()}", role


def arm_facts(motion: MotionInfo, clamped: str = "") -> str:
    """Return what else there is to know: speed, time to the first motion, clamped numbers."""
    facts = [] if motion.speed >= 1.0 else [f"speed {100 * motion.speed:.0f} %"]
    if motion.latency_s is not None:
        facts.append(f"moves after {1000 * motion.latency_s:.0f} ms")
    return " · ".join([*facts, *([clamped] if clamped else [])])


class GripperGauge(QWidget):
    """Two fingers as far apart as the gripper's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._opening = -1.0
        self.setFixedSize(44, 20)
        self.setAccessibleName("Gripper")

    def sizeHint(self) -> QSize:
        """Return the fixed size."""
        return QSize(44, 20)

    def set_opening(self, opening: float) -> None:
        """Show an opening, 0 closed to 1 open; a negative one is unknown."""
        opening = min(opening, 1.0)
        if abs(opening - self._opening) > 0.004:
            self._opening = opening
            words = "unknown" if opening < 0 else f"{100 * opening:.0f} % open"
            self.setToolTip(f"Gripper {words}")
            self.setAccessibleDescription(words)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the fingers on their rail."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = theme.tokens()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(QRectF(2, 2, self.width() - 4, 3), 1.5, 1.5)
        known = self._opening >= 0
        painter.setBrush(QColor(colours.text if known else colours.edge))
        reach = 1.0 + (self.width() / 2 - 10) * max(self._opening, 0.0)
        middle = self.width() / 2
        for left in (middle - reach - 6, middle + reach):
            painter.drawRoundedRect(QRectF(left, 2, 6, self.height() - 4), 2, 2)
        painter.end()


class RobotPanel(QWidget):
    """State of the arm and verdict on the left, Run and STOP on the right, always in place."""

    def __init__(
        self,
        run: QAction,
        stop: QAction,
        release: QAction | None = None,
        home: QAction | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._verdict = QLabel(NO_PLAN)
        self._verdict.setWordWrap(True)
        theme.set_role(self._verdict, "caption")
        self._mode = QLabel()
        self._gripper = GripperGauge()
        self._opening = QLabel()
        theme.set_role(self._opening, "caption")
        self._facts = QLabel()
        theme.set_role(self._facts, "caption")
        self._faults = QLabel("Fault training is on")
        theme.set_role(self._faults, "badge-warn")
        self._faults.hide()
        self._blocker = QLabel()
        theme.set_role(self._blocker, "caption")
        self._blocker.setWordWrap(True)
        self._blocker.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        state = QHBoxLayout()
        state.setSpacing(8)
        for widget in (self._mode, self._gripper, self._opening, self._facts, self._faults):
            state.addWidget(widget)
        state.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addLayout(state)
        words.addWidget(self._verdict)

        self.run_button = RunButton(run)
        self.run_button.setMinimumWidth(144)
        self.stop_button = ActionButton(stop, role="stop")
        self.stop_button.setMinimumWidth(144)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(words, 3)
        layout.addWidget(self._blocker, 2)
        self._extra: list[ActionButton] = []
        for action in (home, release):
            if action is not None:
                button = ActionButton(action)
                button.setMinimumHeight(32)
                layout.addWidget(button)
                self._extra.append(button)
        self._release = release
        layout.addSpacing(8)
        layout.addWidget(self.run_button)
        layout.addSpacing(8)
        layout.addWidget(self.stop_button)
        self._motion = MotionInfo()
        self._state: RobotState | None = None
        self.set_state(None)

    def set_motion(self, motion: MotionInfo, clamped: str = "") -> None:
        """Show what the arm may do, how fast, and how many numbers of the plan were clamped."""
        self._motion = motion
        self._show_words()
        facts = arm_facts(motion, clamped)
        if facts != self._facts.text():
            self._facts.setText(facts)
        self._facts.setVisible(bool(facts))
        self._faults.setVisible(bool(motion.faults))
        self._faults.setToolTip(f"Faults are made on purpose: {motion.faults}")

    def _show_words(self) -> None:
        words, role = arm_words(self._motion, self._state)
        if words != self._mode.text():
            self._mode.setText(words)
        theme.set_role(self._mode, role)

    def set_state(self, state: RobotState | None) -> None:
        """Show how far the gripper is open, and where it is."""
        self._state = state
        self._show_words()
        opening = -1.0 if state is None else state.gripper
        self._gripper.set_opening(opening)
        self._gripper.setVisible(opening >= 0)
        text = "" if opening < 0 else f"{100 * opening:.0f} %"
        if text != self._opening.text():
            self._opening.setText(text)
        if state is not None:
            x, y, z = state.ee_pose[:3, 3]
            place = f"Gripper at x {x:.3f}, y {y:.3f}, z {z:.3f} m in the base frame"
            why = f"{self._motion.why}\n" if self._motion.why else ""
            self._mode.setToolTip(f"{why}{place}\nThe arm itself says: {state.mode}")

    def set_verdict(self, allowed: bool | None, words: str = "") -> None:
        """Show what the guard says.

        Args:
            allowed: True and False as the guard says; None while there is no plan.
            words: Its reason, or a remark, as a short sentence.
        """
        if allowed is None:
            self._verdict.setText(words or NO_PLAN)
            theme.set_role(self._verdict, "caption")
        elif allowed:
            self._verdict.setText(f"✓ {words or 'The guard allows this plan'}")
            theme.set_role(self._verdict, "ok")
        else:
            self._verdict.setText(f"✗ {words or 'The guard rejects this plan'}")
            theme.set_role(self._verdict, "fault")

    def set_blocker(self, words: str) -> None:
        """Say what holds Run back; empty when nothing does."""
        if words != self._blocker.text():
            self._blocker.setText(words)

    def set_stopped(self, stopped: bool) -> None:
        """Show the button that releases the latched stop only while it is latched."""
        for button in self._extra:
            if button.action() is self._release:
                button.setVisible(stopped)

    @property
    def verdict(self) -> str:
        """The guard's words as they are shown."""
        return self._verdict.text()

    @property
    def mode(self) -> str:
        """The state's words as they are shown."""
        return self._mode.text()
