"""The settings: a change holds at once, and what is not possible is refused beside its field."""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.field_row import FieldRow
from app.notify import Notifier
from app.preferences import Preferences
from app.settings_fields import FIELDS, FOLDER, SECRET, Field
from app.task import Tasks, Work
from app.toasts import wrapped
from app.tokens import save_token
from core.types import StudioError


class SettingsDialog(QDialog):
    """All settings in one list; it does not block the window and there is nothing to confirm."""

    def __init__(
        self, preferences: Preferences, tasks: Tasks, notifier: Notifier, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._preferences, self._tasks, self._notifier = preferences, tasks, notifier
        self.setWindowTitle("Settings")
        self.resize(620, 640)
        self.rows: dict[tuple[str, str], FieldRow] = {}
        inside = QWidget()
        theme.set_role(inside, "clear")
        column = QVBoxLayout(inside)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        for group, fields in groupby(FIELDS, key=lambda field: field.group):
            heading = QLabel(group)
            theme.set_role(heading, "heading")
            column.addWidget(heading)
            for field in fields:
                row = self.rows[field.kind, field.name] = FieldRow(field)
                row.edited.connect(self._edited)
                column.addWidget(row)
            column.addSpacing(8)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName("All settings")
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        self.problem = wrapped(self)
        theme.set_role(self.problem, "fault")
        self.problem.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 12)
        layout.setSpacing(8)
        for widget in (self.problem, scroll):
            layout.addWidget(widget)
        layout.addLayout(self._foot())
        preferences.changed.connect(self._show)
        self._show()

    def _foot(self) -> QHBoxLayout:
        words = wrapped(self)
        words.setText(f"Changes hold at once. The file may be edited too: {self._preferences.path}")
        theme.set_role(words, "caption")
        opened = QPushButton("Open the file")
        opened.setToolTip("Open the settings in an editor; comments in it are kept.")
        opened.setAutoDefault(False)  # Enter in a field ends that field and nothing else
        opened.clicked.connect(self._open_file)
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 0, 24, 0)
        foot.setSpacing(12)
        foot.addWidget(words, 1)
        foot.addWidget(opened, 0, Qt.AlignmentFlag.AlignTop)
        return foot

    def row(self, name: str) -> FieldRow:
        """Return the row of a setting."""
        return next(row for (kind, key), row in self.rows.items() if key == name != kind)

    def showEvent(self, event: QShowEvent) -> None:
        """Take over what was edited in the file meanwhile."""
        super().showEvent(event)
        self._preferences.reload(self._reloaded)

    def _reloaded(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        self._show()

    @Slot(str)
    def _show(self, changed: str = "") -> None:
        for (kind, name), row in self.rows.items():
            if kind != SECRET and changed in ("", name):
                row.set_value(getattr(self._preferences.settings, name))
                row.show_problem("")

    @Slot(object, object)
    def _edited(self, field: Field, value: Any) -> None:
        if field.kind == SECRET:
            self._keep_token(field, value)
        elif field.kind == FOLDER:
            self._use_folder(field, value)
        else:
            self._use(field, value)

    def _use(self, field: Field, value: Any) -> None:
        row = self.rows[field.kind, field.name]
        try:
            self._preferences.change(field.name, value)
        except StudioError as error:
            row.show_problem(str(error))
        else:
            row.show_problem("")

    def _use_folder(self, field: Field, value: str) -> None:
        row = self.rows[field.kind, field.name]
        if not value.strip():
            self._use(field, value)
            return
        self._tasks.run(
            "Looking at the folder",
            lambda work: check_folder(value, work),
            lambda _: self._use(field, value),
            row.show_problem,
        )

    def _keep_token(self, field: Field, token: str) -> None:
        row = self.rows[field.kind, field.name]
        self._tasks.run(
            "Keeping the token",
            lambda work: save_token(field.name, token),
            lambda _: row.show_problem(""),
            row.show_problem,
            cancellable=False,
        )

    def _open_file(self) -> None:
        path = self._preferences.path
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self._notifier.info(f"The settings are in {path}; it is made with the first change.")


def check_folder(folder: str, work: Work | None = None) -> None:
    """Make a folder and see whether files can be written into it.

    Raises:
        StudioError: If that is not possible.
    """
    path = Path(folder).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(
            f"The folder {path} cannot be made: {error.strerror}; choose another one."
        ) from error
    if not os.access(path, os.W_OK):
        raise StudioError(f"Nothing can be written into {path}; choose another folder.")
