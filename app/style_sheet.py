"""The one style sheet: corners, hairlines and the few roles a widget can have.

It is a template over the colours of a theme; widgets ask for a look with ``theme.set_role`` and
never write a style of their own.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.theme import Tokens

ART = Path(__file__).resolve().parent / "art"
"""Small pictures for the controls; a style sheet cannot use the icon font."""

_SHEET = Template("""
QToolTip { background: $surface; color: $text; border: 1px solid $edge; padding: 4px; }
QMainWindow::separator, QSplitter::handle { background: $line; }
QMainWindow::separator { width: 1px; height: 1px; margin: 0; }
QMainWindow::separator:hover { background: $accent; }
QSplitter::handle:horizontal { margin: 0 4px; }
QSplitter::handle:vertical { margin: 4px 0; }
QSplitter::handle:hover { background: $accent; }
QFrame[role="hairline"] { background: $line; border: none; }
QWidget[role="panel"] { background: $surface; }
QFrame[role="card"] { background: $surface; border: 1px solid $line; border-radius: 6px; }
QFrame[role="card"][selected="true"] { border: 2px solid $accent; }

QLabel[role="caption"], QLabel[role="hint"] { color: $muted; }
QLabel[role="over"] {
    color: $muted; background: $surface; border: 1px solid $line; border-radius: 6px;
    padding: 4px 8px; }
QLabel[role="title"] { color: $text; font-weight: 600; }
QLabel[role="heading"] { color: $text; font-size: ${large}pt; font-weight: 600; }
QLabel[role="display"] { color: $text; font-size: ${title}pt; font-weight: 600; }
QLabel[role="question"] { color: $text; font-size: ${huge}pt; font-weight: 600; }
QLabel[role="reading"], QPlainTextEdit[role="reading"], QLineEdit[role="reading"] {
    color: $text; font-size: ${reading}pt; }
QLabel[role="ok"] { color: $ok; }
QLabel[role="warn"] { color: $warn; }
QLabel[role="fault"] { color: $fault; }
QLabel[role="accent"] { color: $accent; }
QLabel[role="number"], QLabel[role="number-selected"] {
    border-radius: 4px; padding: 0px 5px; font-weight: 600; background: $line; color: $text; }
QLabel[role="number-selected"] { background: $accent; color: $on_accent; }
QLabel[role="badge"], QLabel[role="badge-ok"], QLabel[role="badge-fault"],
QLabel[role="badge-accent"], QLabel[role="badge-warn"] {
    border-radius: 6px; padding: 2px 8px; font-weight: 600;
    background: $line; color: $text; }
QLabel[role="badge-ok"] { background: $ok; color: $on_ok; }
QLabel[role="badge-fault"] { background: $fault; color: $on_ok; }
QLabel[role="badge-accent"] { background: $accent; color: $on_accent; }
QLabel[role="badge-warn"] { background: $warn; color: $on_accent; }

QPushButton, QToolButton[role="button"] {
    background: $raised; color: $text; border: 1px solid $edge; border-radius: 6px;
    padding: 4px 12px; min-height: 20px; }
QPushButton:hover, QToolButton[role="button"]:hover { border-color: $accent; }
QPushButton:pressed, QToolButton[role="button"]:pressed { background: $line; }
QPushButton:checked, QToolButton[role="button"]:checked {
    background: $accent; color: $on_accent; border-color: $accent; }
QPushButton:focus, QToolButton[role="button"]:focus {
    border: 2px solid $accent; padding: 3px 11px; }
QPushButton:disabled, QToolButton[role="button"]:disabled {
    background: $window; color: $disabled; border-color: $line; }
QPushButton[role="primary"], QPushButton[role="primary-small"] {
    background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[role="primary"]:hover, QPushButton[role="primary-small"]:hover {
    border-color: $text; }
QPushButton[role="primary"]:focus, QPushButton[role="primary-small"]:focus {
    border: 2px solid $text; }
QPushButton[role="primary"]:disabled, QPushButton[role="primary-small"]:disabled {
    background: $window; color: $disabled; border-color: $line; }
QPushButton[role="run"], QPushButton[role="stop"], QPushButton[role="armed"] {
    font-size: ${large}pt; font-weight: 700; min-height: 36px; padding: 4px 16px; }
QPushButton[role="run"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[role="run"]:hover { border-color: $text; }
QPushButton[role="run"]:disabled {
    background: $window; color: $disabled; border-color: $line; }
QPushButton[role="armed"] {
    background: $warn; color: $on_accent; border: 2px solid $text; padding: 3px 15px; }
QPushButton[role="armed"]:pressed { background: $text; color: $window; }
QPushButton[role="stop"], QPushButton[role="stop"]:disabled {
    background: $stop; color: $on_stop; border: 1px solid $stop; }
QPushButton[role="stop"]:hover { border-color: $text; }
QPushButton[role="stop"]:focus { border: 2px solid $text; }
QPushButton[role="stop"]:pressed { background: $text; color: $window; }
QPushButton[role="answer"], QPushButton[role="answer-primary"] {
    font-size: ${large}pt; font-weight: 600; min-height: 44px; min-width: 128px;
    padding: 4px 24px; }
QPushButton[role="answer"]:focus, QPushButton[role="answer-primary"]:focus {
    padding: 3px 23px; }
QPushButton[role="answer-primary"] {
    background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[role="answer-primary"]:hover { border-color: $text; }
QPushButton[role="answer-primary"]:focus { border: 2px solid $text; }
QPushButton[role="answer-primary"]:disabled {
    background: $window; color: $disabled; border-color: $line; }
QPushButton[role="flat"], QToolButton {
    background: transparent; border: 1px solid transparent; border-radius: 6px; color: $text;
    padding: 4px; }
QPushButton[role="flat"]:hover, QToolButton:hover { background: $line; }
QToolButton:checked { background: $accent; color: $on_accent; }
QPushButton[role="flat"]:checked { background: $line; color: $text; }
QToolButton[role="page"] { padding: 0 10px; }
QToolButton::menu-indicator { image: none; }
QToolButton:checked { background: $accent; color: $on_accent; }
QPushButton[role="flat"]:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton[role="choice"] {
    background: transparent; border: 1px solid transparent; border-radius: 6px; color: $text;
    padding: 4px 8px; text-align: left; }
QPushButton[role="choice"]:hover { background: $line; }
QPushButton[role="choice"]:focus { background: $line; border: 1px solid $accent; }
QPushButton[role="step"] { padding: 2px 4px; min-height: 16px; }
QPushButton[role="step"]:focus { padding: 1px 3px; }
QPushButton[role="menu"] { padding: 2px 20px 2px 8px; min-height: 16px; }
QPushButton[role="menu"]:focus { padding: 1px 19px 1px 7px; }
QPushButton[role="small"], QPushButton[role="primary-small"] { padding: 4px; }
QPushButton[role="small"]:focus, QPushButton[role="primary-small"]:focus { padding: 3px; }
QToolButton[role="section"] { font-weight: 600; padding: 0 4px 0 0; }
QPushButton[role="link"] {
    background: transparent; border: 1px solid transparent; color: $accent; padding: 0 4px; }
QPushButton[role="link"]:hover { text-decoration: underline; }
QPushButton[role="link"]:focus { border: 1px solid $accent; }

QLineEdit, QComboBox, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox {
    background: $base; color: $text; border: 1px solid $edge; border-radius: 6px;
    padding: 4px 8px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus,
QDoubleSpinBox:focus { border: 2px solid $accent; padding: 3px 7px; }
QLineEdit[invalid="true"], QComboBox[invalid="true"], QSpinBox[invalid="true"] {
    border: 2px solid $fault; padding: 3px 7px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow, QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {
    image: url($art/down-$name.svg); width: 12px; height: 12px; }
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {
    image: url($art/up-$name.svg); width: 12px; height: 12px; }
QSpinBox, QDoubleSpinBox { padding-right: 24px; }
QSpinBox:focus, QDoubleSpinBox:focus { padding-right: 23px; }
QSpinBox::up-button, QDoubleSpinBox::up-button {
    subcontrol-origin: border; subcontrol-position: top right; width: 24px; border: none; }
QSpinBox::down-button, QDoubleSpinBox::down-button {
    subcontrol-origin: border; subcontrol-position: bottom right; width: 24px; border: none; }
QComboBox QLineEdit, QComboBox QLineEdit:focus {
    border: none; padding: 0; background: transparent; }
QComboBox QAbstractItemView { background: $surface; color: $text; border: 1px solid $edge;
    selection-background-color: $accent; selection-color: $on_accent; }

QToolBar { background: $window; border: none; padding: 0; spacing: 0; }
QToolBar#header { border-bottom: 1px solid $line; }
QToolBar#arm { border-top: 1px solid $line; }
QMenuBar { background: $window; color: $text; border-bottom: 1px solid $line; }
QMenuBar::item { padding: 4px 8px; background: transparent; border-radius: 6px; }
QMenuBar::item:selected { background: $line; }
QDockWidget { color: $text; }
QTabBar::tab { background: transparent; color: $muted; padding: 4px 12px;
    border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:hover { color: $text; }

QTreeWidget {
    background: $base; color: $text; border: 1px solid $line; border-radius: 6px;
    selection-background-color: $accent; selection-color: $on_accent; }
QTreeWidget QLineEdit, QTreeWidget QLineEdit:focus { border-radius: 0; padding: 0 2px; }
QSlider::groove:horizontal { background: $line; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal:disabled { background: $line; }
QSlider::handle:horizontal {
    background: $raised; border: 1px solid $edge; width: 14px; margin: -6px 0;
    border-radius: 8px; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { border: 2px solid $accent; }
QSlider[role="large"]::groove:horizontal { height: 8px; border-radius: 4px; }
QSlider[role="large"]::handle:horizontal {
    width: 30px; margin: -12px 0; border-radius: 16px; }
QTableView {
    background: $window; color: $text; gridline-color: $line; border: none;
    selection-background-color: $accent; selection-color: $on_accent; }
QTableView QLineEdit, QTableView QLineEdit:focus {
    border: 1px solid $accent; border-radius: 0; padding: 0 2px; }
QHeaderView, QHeaderView::section { background: transparent; color: $muted; border: none; }
QHeaderView::section { padding: 0 4px; border-bottom: 1px solid $line; }
QHeaderView::section:checked { color: $text; font-weight: 600; }
QTableView[role="list"]::item, QTableView[role="list"] QHeaderView::section { padding: 0 8px; }
QTableCornerButton::section { background: transparent; border: none; }

QFrame[role="pop"] { background: $surface; border: 1px solid $edge; border-radius: 6px; }
QFrame[role="step"] { background: $surface; border: 1px solid $line; border-radius: 6px; }
QFrame[role="step-now"] { background: $surface; border: 2px solid $accent; border-radius: 6px; }
QProgressBar { background: $line; border: none; border-radius: 3px; max-height: 6px;
    min-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QCheckBox { spacing: 8px; }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid $edge; border-radius: 4px;
    background: $base; }
QCheckBox::indicator:hover { border-color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent;
    image: url($art/check-$name.svg); }
QCheckBox:focus { color: $accent; }
QCheckBox::indicator:focus { border: 2px solid $accent; }
QCheckBox::indicator:checked:focus { border: 2px solid $text; }
QTreeWidget:focus { border: 1px solid $accent; }

QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 12px; }
QScrollBar:horizontal { height: 12px; }
QScrollBar::handle { background: $edge; border-radius: 3px; margin: 3px; }
QScrollBar::handle:vertical { min-height: 24px; }
QScrollBar::handle:horizontal { min-width: 24px; }
QScrollBar::handle:hover { background: $accent; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget[role="clear"] { background: transparent; }
QStatusBar { background: $window; border-top: 1px solid $line; }
QStatusBar::item { border: none; }
""")


def style_sheet(colours: Tokens, scale: float = 1.0) -> str:
    """Fill the style sheet with the colours of a theme and the size of the letters."""
    values = {name: getattr(colours, name) for name in colours.__slots__}
    values["on_ok"] = colours.on_accent
    values["art"] = ART.as_posix()
    values["disabled"] = colours.edge
    values["large"] = f"{12 * scale:.1f}"
    values["reading"] = f"{13 * scale:.1f}"
    values["huge"] = f"{18 * scale:.1f}"
    values["title"] = f"{15 * scale:.1f}"
    return _SHEET.substitute(values)
