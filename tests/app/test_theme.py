"""The themes: readable, complete, and heard by whoever paints by hand."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QPushButton

from app import theme
from app.icons import icon

TEXTS = ("text", "muted", "ok", "warn", "fault", "accent")
GROUNDS = ("window", "surface", "base")


def test_contrast_of_black_and_white_is_twenty_one() -> None:
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("ground", GROUNDS)
def test_text_is_readable(name: str, text: str, ground: str) -> None:
    colours = theme.THEMES[name]
    assert theme.contrast(getattr(colours, text), getattr(colours, ground)) >= 4.5


@pytest.mark.parametrize("name", theme.THEMES)
def test_hints_are_readable_around_a_picture(name: str) -> None:
    colours = theme.THEMES[name]
    assert theme.contrast(colours.muted, colours.view) >= 4.5


@pytest.mark.parametrize("name", theme.THEMES)
def test_controls_stand_out(name: str) -> None:
    colours = theme.THEMES[name]
    for ground in GROUNDS:
        assert theme.contrast(colours.edge, getattr(colours, ground)) >= 3.0
    for ground in ("window", "surface"):
        assert theme.contrast(colours.stop, getattr(colours, ground)) >= 3.0
    assert theme.contrast(colours.on_stop, colours.stop) >= 4.5
    for filled in (colours.accent, colours.ok, colours.fault):
        assert theme.contrast(colours.on_accent, filled) >= 4.5


@pytest.mark.parametrize("colour", ["model", "user", "travelled", "path", "rejected", "box"])
def test_data_colours_stand_out_from_their_casing(colour: str) -> None:
    assert theme.contrast(getattr(theme.DATA, colour), theme.DATA.casing) >= 3.0


def test_applying_a_theme_changes_the_palette_and_tells(qapp: QApplication) -> None:
    heard: list[str] = []
    theme.theme().changed.connect(heard.append)
    assert theme.apply_theme(qapp, "dark") == "dark"
    dark = qapp.palette().color(QPalette.ColorRole.Window)
    assert theme.apply_theme(qapp, "light") == "light"
    assert heard == ["dark", "light"]
    assert dark.name() == theme.THEMES["dark"].window
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == theme.THEMES["light"].window


def test_unknown_theme_follows_the_desktop(qapp: QApplication) -> None:
    assert theme.apply_theme(qapp, "system") in theme.THEMES


def test_icons_take_the_colour_of_the_theme(qapp: QApplication) -> None:
    warning = icon("stop", "fault")
    for name in ("dark", "light"):
        theme.apply_theme(qapp, name)
        image = warning.pixmap(QSize(32, 32)).toImage()
        colours = {
            QColor(image.pixel(x, y)).name()
            for x in range(image.width())
            for y in range(image.height())
            if image.pixelColor(x, y).alpha() == 255
        }
        assert theme.THEMES[name].fault in colours


def test_roles_can_change(qapp: QApplication) -> None:
    button = QPushButton("x")
    theme.set_role(button, "primary")
    theme.set_role(button, "stop")
    assert button.property("role") == "stop"
