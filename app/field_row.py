"""One setting as it is edited: a label, a field, a sentence, and what is wrong with the value."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import theme
from app.file_dialog import Ask, ask_file
from app.icons import icon
from app.settings_fields import CHOICE, FOLDER, NUMBER, SECRET, SWITCH, Field
from app.toasts import wrapped

_LABEL_WIDTH = 136
_MOST = 99_999


class FieldRow(QWidget):
    """Edits one setting; it tells what was typed and shows what is wrong with it."""

    edited = Signal(object, object)
    """The :class:`Field` and its new value."""

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        label = QLabel(field.label)
        label.setFixedWidth(_LABEL_WIDTH)
        self.editor = self._make_editor()
        self.editor.setAccessibleName(f"{field.group}: {field.label}")
        self.editor.setAccessibleDescription(field.help)
        self.editor.setToolTip(field.help)
        label.setBuddy(self.editor)
        self._help = wrapped(self)
        self._help.setText(field.help)
        theme.set_role(self._help, "caption")
        self._problem = wrapped(self)
        theme.set_role(self._problem, "fault")
        self._problem.hide()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.editor, 1)
        if field.kind == FOLDER:
            line.addWidget(self._browse_button())
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addLayout(line)
        column.addWidget(self._help)
        column.addWidget(self._problem)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)

    def _make_editor(self) -> QWidget:
        field = self.field
        if field.kind == CHOICE:
            box = QComboBox()
            for value, text in field.choices:
                box.addItem(text, value)
            box.currentIndexChanged.connect(lambda _: self._tell(box.currentData()))
            return box
        if field.kind == NUMBER:
            spin = QSpinBox()
            # Wider than what is allowed: a number that is refused is answered with a sentence.
            spin.setRange(0, _MOST)
            spin.lineEdit().setTextMargins(6, 0, 0, 0)
            spin.setSuffix(field.unit)
            spin.setSingleStep(10 if field.unit else 1)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._tell)
            return spin
        if field.kind == SWITCH:
            check = QCheckBox("On")
            check.toggled.connect(self._tell)
            return check
        line = QLineEdit()
        line.setPlaceholderText(field.hint)
        if field.kind == SECRET:
            line.setEchoMode(QLineEdit.EchoMode.Password)
            line.setPlaceholderText("unchanged")
        line.editingFinished.connect(self._line_finished)
        return line

    def _browse_button(self) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon("folder-open"))
        button.setToolTip("Choose a folder.")
        button.setAccessibleName(f"Choose: {self.field.label}")
        button.clicked.connect(self._browse)
        return button

    def _browse(self) -> None:
        ask_file(self.window(), self.field.label, self.value(), Ask.FOLDER, self._chosen)

    @Slot(list)
    def _chosen(self, folders: list[str]) -> None:
        self.set_value(folders[0])
        self._tell(folders[0])

    def value(self) -> Any:
        """Return what stands in the field."""
        editor = self.editor
        if isinstance(editor, QComboBox):
            return editor.currentData()
        if isinstance(editor, QSpinBox):
            return editor.value()
        if isinstance(editor, QCheckBox):
            return editor.isChecked()
        assert isinstance(editor, QLineEdit)
        return editor.text()

    def set_value(self, value: Any) -> None:
        """Show a value, without telling anybody."""
        editor = self.editor
        editor.blockSignals(True)
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findData(value))
        elif isinstance(editor, QSpinBox):
            editor.setValue(value)
        elif isinstance(editor, QCheckBox):
            editor.setChecked(value)
        elif isinstance(editor, QLineEdit) and editor.text() != value:
            editor.setText(value)
        editor.blockSignals(False)
        self._said = value

    def show_problem(self, sentence: str) -> None:
        """Show what is wrong below the field, in place of its help; nothing takes it away."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self._help.setVisible(not sentence)
        if self.editor.property("invalid") != bool(sentence):
            self.editor.setProperty("invalid", bool(sentence))
            self.editor.style().unpolish(self.editor)
            self.editor.style().polish(self.editor)

    @property
    def problem(self) -> str:
        """The sentence that is shown; nothing when all is well."""
        return self._problem.text()

    def _line_finished(self) -> None:
        # Leaving the field says the same again; only news is told.
        if self.value() != self._said:
            self._tell(self.value())

    def _tell(self, value: object) -> None:
        self._said = value
        self.edited.emit(self.field, value)

    _said: object = ""
