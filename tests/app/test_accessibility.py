"""Whoever hears the window instead of seeing it, or uses only keys, can use all of it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)

from app import theme
from tests.app.conftest import Rigged


def named(widget: QWidget) -> str:
    """Return what a screen reader says of a widget."""
    found = QAccessible.queryAccessibleInterface(widget)
    return found.text(QAccessible.Text.Name) if found is not None else ""


def must_have_a_name(widget: QWidget) -> bool:
    inside = widget.parentWidget()
    if isinstance(widget, (QScrollBar, QHeaderView)):
        return False
    # The arrows of tabs, the cross in a line and the list of a box belong to what is around them.
    if isinstance(inside, (QScrollBar, QTabBar, QLineEdit)):
        return False
    if isinstance(inside, QAbstractScrollArea) and inside.viewport() is widget:
        return False
    if inside is not None and inside.inherits("QComboBoxPrivateContainer"):
        return False
    own = type(widget).__name__ not in (
        "QTabBar",
        "QToolBarExtension",
        "QMenuBar",
        "ExtensionButton",
    )
    # The viewport of a list and the line of a number belong to the widget around them.
    part = widget.objectName().startswith("qt_")
    focusable = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    return own and not part and bool(focusable or isinstance(widget, QAbstractButton))


def open_everything(rigged: Rigged) -> list[QWidget]:
    rigged.ready()
    window, dialogs = rigged.window, rigged.window.dialogs
    window.guide.open()
    dialogs.toggle_connections()
    dialogs.show_settings()
    dialogs.show_help()
    dialogs.show_history()
    dialogs.ask_address("rig")
    rigged.studio.notifier.error("Something is wrong.")
    task = rigged.studio.tasks.follow("Loading the model", lambda: None)
    rigged.until(lambda: bool(window.toasts.work) and bool(window.toasts.messages))
    task.end()
    return [
        window,
        dialogs.settings,
        dialogs.help,
        dialogs.history,
        dialogs.connect_dialog,
    ]


def test_everything_that_can_be_pressed_or_filled_in_has_a_name(rigged: Rigged) -> None:
    nameless = [
        (type(widget).__name__, widget.objectName(), type(widget.parentWidget()).__name__)
        for top in open_everything(rigged)
        for widget in top.findChildren(QWidget)
        if must_have_a_name(widget) and not named(widget).strip()
    ]
    assert not nameless


def test_what_shows_only_an_icon_says_what_it_does(rigged: Rigged) -> None:
    for top in open_everything(rigged):
        for button in top.findChildren(QAbstractButton):
            if not button.icon().isNull() and must_have_a_name(button):
                assert button.toolTip(), named(button)


def test_tab_goes_through_the_window_from_the_top_to_the_bottom(rigged: Rigged) -> None:
    order = ring(rigged)
    window = rigged.window
    bars = [window.workspace.instruction.line, window.workspace.canvas.view]
    bars.append(window.workspace.robot.stop_button)
    places = [order.index(widget) for widget in bars]
    assert places == sorted(places)


def ring(rigged: Rigged) -> list[QWidget]:
    """Press Tab until it comes around; return what had the keys, from the instruction on."""
    rigged.ready()
    window = rigged.window
    window.activateWindow()
    rigged.until(window.isActiveWindow)
    first = window.workspace.instruction.line
    first.setFocus(Qt.FocusReason.TabFocusReason)
    widgets: list[QWidget] = []
    for _ in range(200):
        focused = QApplication.focusWidget()
        if widgets and focused is first:
            return widgets
        assert focused not in widgets[-1:], f"Tab does not leave {named(focused)}"
        widgets.append(focused)
        rigged.qtbot.keyClick(focused, Qt.Key.Key_Tab)
    raise AssertionError("Tab never comes around")


@pytest.mark.parametrize("name", theme.THEMES)
def test_whoever_has_the_keys_is_seen(rigged: Rigged, name: str) -> None:
    theme.apply_theme(QApplication.instance(), name)  # type: ignore[arg-type]
    window = rigged.window
    found = ring(rigged)
    accent, text = theme.tokens().accent, theme.tokens().text
    unseen = []
    for widget in found:
        if not isinstance(widget, (QAbstractButton, QLineEdit)):
            continue
        window.workspace.canvas.view.setFocus()
        before = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if not widget.hasFocus():
            continue
        after = widget.grab().toImage()
        ringed = {
            after.pixelColor(x, y).name()
            for x in range(after.width())
            for y in range(after.height())
            if after.pixel(x, y) != before.pixel(x, y)
        }
        if not ringed & {accent, text}:
            unseen.append(named(widget))
    theme.apply_theme(QApplication.instance(), "light")  # type: ignore[arg-type]
    assert not unseen


def test_lists_take_the_keys(rigged: Rigged) -> None:
    for top in open_everything(rigged):
        for view in top.findChildren(QAbstractItemView):
            if view.isVisible() and not isinstance(view, QHeaderView):
                assert view.focusPolicy() & Qt.FocusPolicy.TabFocus
