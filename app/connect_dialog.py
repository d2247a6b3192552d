"""Asks where another policy server or rig is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.settings import address_problem
from app.toasts import wrapped

TITLES = {"policy": "Another policy server", "rig": "Another rig"}
HINTS = {"policy": "ws://192.168.1.5:8000", "rig": "ws://192.168.1.6:8202"}
WORDS = {
    "policy": "The model that runs here is ended; its program prints this address and its token.",
    "rig": "The simulated lab is ended, and the arm behind that address takes its place.",
}
REMINDERS = {
    "policy": "",
    "rig": (
        "If that arm is real: STOP and Esc of this window are a convenience, they are not "
        "safety-rated. Have the arm's own emergency stop within reach of your hand, and try it, "
        "before you connect. The first connection is slow, and its checklist comes first."
    ),
}


class ConnectDialog(QDialog):
    """Address and token of a service; it does not block the window, so Esc still stops the arm."""

    wanted = Signal(str, str, str, bool)
    """Service, address, token, and whether to keep the token."""

    def __init__(self, name: str, address: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._name = name
        self.setWindowTitle(TITLES[name])
        self.setMinimumWidth(460)
        words = wrapped(self)
        words.setText(WORDS[name])
        theme.set_role(words, "caption")
        self.reminder = wrapped(self)
        self.reminder.setText(REMINDERS[name])
        theme.set_role(self.reminder, "warn")
        self.reminder.setVisible(bool(REMINDERS[name]))
        self.address = QLineEdit(address)
        self.address.setPlaceholderText(HINTS[name])
        self.address.setAccessibleName("Address")
        self.address.textChanged.connect(self._typed)
        self._problem = wrapped(self)
        theme.set_role(self._problem, "fault")
        self._problem.hide()
        self.token = QLineEdit()
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setPlaceholderText("empty if it asks for none")
        self.token.setAccessibleName("Token")
        self.keep = QCheckBox("Keep the token for the next start, readable by me only")
        form = QFormLayout()
        form.setSpacing(8)
        form.addRow(QLabel("Address"), self.address)
        form.addRow("", self._problem)
        form.addRow(QLabel("Token"), self.token)
        form.addRow("", self.keep)
        self.go = QPushButton("Connect")
        theme.set_role(self.go, "primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self._connect)
        leave = QPushButton("Cancel")
        leave.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(leave)
        foot.addWidget(self.go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(words)
        layout.addWidget(self.reminder)
        layout.addLayout(form)
        layout.addLayout(foot)

    @property
    def problem(self) -> str:
        """The sentence that is shown; nothing when the address is fine."""
        return self._problem.text()

    def _typed(self) -> None:
        self._show_problem("")

    def _show_problem(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def _connect(self) -> None:
        address = self.address.text().strip()
        sentence = address_problem(address) if address else "Type the address first."
        self._show_problem(sentence)
        if not sentence:
            self.wanted.emit(self._name, address, self.token.text(), self.keep.isChecked())
            self.close()
