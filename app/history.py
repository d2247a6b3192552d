"""Everything that was said in this session, with a filter and a way to take it along."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import icons, theme
from app.notify import Level, Notice, Notifier
from app.toasts import LEVEL_ICON

EMPTY = "Nothing has been said yet. Messages of this session are kept here."
NO_MATCH = "No message matches; empty the search field or tick more kinds."
NAMES = {Level.INFO: "Information", Level.WARNING: "Warnings", Level.ERROR: "Errors"}


class HistoryDialog(QDialog):
    """The list of messages, newest first; it does not block the window."""

    def __init__(self, notifier: Notifier, parent: QWidget) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self.setWindowTitle("Messages")
        self.resize(640, 420)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search in the messages")
        self.search.setAccessibleName("Search in the messages")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.refresh)
        self.kinds = {level: QCheckBox(name) for level, name in NAMES.items()}
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.search, 1)
        for box in self.kinds.values():
            box.setChecked(True)
            box.toggled.connect(self.refresh)
            head.addWidget(box)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Messages")
        self.list.setColumnCount(2)
        self.list.setHeaderLabels(["Time", "Message"])
        self.list.setRootIsDecorated(False)
        self.list.setWordWrap(True)
        self.list.setUniformRowHeights(False)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        theme.set_role(self._empty, "caption")
        self.copy = QPushButton(icons.icon("copy"), "Copy")
        self.copy.setToolTip("Copy the chosen messages, or all that are listed, with their times.")
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self.copy_text)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._empty, 1)
        layout.addLayout(foot)
        notifier.posted.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self, *_: object) -> None:
        """List what matches."""
        wanted = self.search.text().casefold()
        self.list.clear()
        for notice in reversed(self._notifier.history):
            if self.kinds[notice.level].isChecked() and wanted in notice.text.casefold():
                item = QTreeWidgetItem([f"{notice.time:%H:%M:%S}", said(notice)])
                item.setIcon(0, icons.icon(*LEVEL_ICON[notice.level]))
                item.setData(0, Qt.ItemDataRole.UserRole, line(notice))
                item.setToolTip(0, str(notice.level).capitalize())
                item.setToolTip(1, notice.text)
                item.setTextAlignment(0, Qt.AlignmentFlag.AlignTop)
                self.list.addTopLevelItem(item)
        empty = not self.list.topLevelItemCount()
        self._empty.setText(NO_MATCH if self._notifier.history else EMPTY)
        self._empty.setVisible(empty)
        self.list.setVisible(not empty)
        self.copy.setEnabled(not empty)

    def copy_text(self) -> None:
        """Put the chosen messages on the clipboard, or all that are listed, one a line."""
        items = [self.list.topLevelItem(k) for k in range(self.list.topLevelItemCount())]
        chosen = [item for item in items if item is not None and item.isSelected()] or items
        lines = [str(item.data(0, Qt.ItemDataRole.UserRole)) for item in chosen if item is not None]
        QGuiApplication.clipboard().setText("\n".join(lines))


def said(notice: Notice) -> str:
    """Return the message with how often it was said."""
    return f"{notice.text}  (×{notice.count})" if notice.count > 1 else notice.text


def line(notice: Notice) -> str:
    """Return a message as one line of text."""
    return f"{notice.time:%H:%M:%S}  {notice.level:7}  {said(notice)}"
