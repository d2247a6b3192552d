"""The themes: readable, complete, and heard by whoever paints by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QPushButton, QStyleOptionGraphicsItem

from app import theme
from app.icons import icon
from app.steer import trace_item
from app.steer.trace_item import TraceItem
from app.style_sheet import ART, style_sheet

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


def test_system_theme_follows_the_desktop_while_it_runs(qapp: QApplication) -> None:
    hints = QApplication.styleHints()
    theme.apply_theme(qapp, "system")
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.tokens().name == "dark"
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == theme.THEMES["dark"].window
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme.tokens().name == "light"
    theme.apply_theme(qapp, "light")
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.tokens().name == "light"


def test_letters_scale_and_come_back(qapp: QApplication) -> None:
    theme.apply_theme(qapp, "light", scale=1.0)
    before = qapp.font().pointSizeF()
    theme.apply_theme(qapp, "dark", scale=1.4)
    assert qapp.font().pointSizeF() == pytest.approx(1.4 * before)
    assert "16.8pt" in qapp.styleSheet()
    theme.apply_theme(qapp, "light")
    assert theme.theme().scale == 1.4
    theme.apply_theme(qapp, "light", scale=1.0)
    assert qapp.font().pointSizeF() == pytest.approx(before)


def test_no_letter_has_a_size_in_pixels() -> None:
    for name in theme.THEMES:
        sheet = style_sheet(theme.THEMES[name])
        assert not re.findall(r"font-size:\s*\d+px", sheet)
    root = Path(theme.__file__).parent
    for path in root.rglob("*.py"):
        assert "setPixelSize" not in path.read_text(encoding="utf-8"), path


def test_data_colours_are_the_same_on_both_themes(qapp: QApplication) -> None:
    seen = []
    for name in theme.THEMES:
        theme.apply_theme(qapp, name)
        item = TraceItem(trace_item.MODEL, 1)
        item.set_points(np.array([[8.0, 8.0], [120.0, 56.0]]))
        image = QImage(128, 64, QImage.Format.Format_RGB32)
        image.fill(QColor("#808080"))
        painter = QPainter(image)
        item.paint(painter, QStyleOptionGraphicsItem())
        painter.end()
        seen.append(image)
    theme.apply_theme(qapp, "light")
    assert seen[0] == seen[1]
    assert theme.DataColours() == theme.DATA
    colours = {QColor(seen[0].pixel(x, y)).name() for x in range(128) for y in range(64)}
    assert theme.DATA.model.lower() in colours


def test_lines_grow_on_the_screen_only(qapp: QApplication) -> None:
    item = TraceItem(trace_item.PATH, 1)
    pen = item._line_pen(QColor("#000000"), 2.0, Qt.PenStyle.SolidLine)
    theme.theme().set_line_scale(2.0)
    wide = item._line_pen(QColor("#000000"), 2.0, Qt.PenStyle.SolidLine)
    theme.theme().set_line_scale(1.0)
    assert wide.widthF() == 2 * pen.widthF()


@pytest.mark.parametrize("name", theme.THEMES)
def test_switches_marks_and_bars_stand_out(name: str) -> None:
    colours = theme.THEMES[name]
    for mark in (colours.ok, colours.warn, colours.fault, colours.muted):
        assert theme.contrast(mark, colours.window) >= 3.0
        assert theme.contrast(mark, colours.surface) >= 3.0
    assert theme.contrast(colours.accent, colours.line) >= 3.0
    assert theme.contrast(colours.edge, colours.base) >= 3.0


@pytest.mark.parametrize("name", theme.THEMES)
@pytest.mark.parametrize("picture", ["check", "down", "up"])
def test_pictures_of_controls_are_there_and_have_the_colour_of_the_theme(
    qapp: QApplication, name: str, picture: str
) -> None:
    image = QIcon(str(ART / f"{picture}-{name}.svg")).pixmap(QSize(64, 64)).toImage()
    colours = {
        QColor(image.pixel(x, y)).name()
        for x in range(64)
        for y in range(64)
        if image.pixelColor(x, y).alpha() == 255
    }
    wanted = "on_accent" if picture == "check" else "muted"
    assert getattr(theme.THEMES[name], wanted) in colours


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_icons_are_crisp_on_every_screen(qapp: QApplication, ratio: float) -> None:
    pixmap = icon("play").pixmap(QSize(20, 20), ratio)
    assert pixmap.width() == round(20 * ratio)
    assert pixmap.devicePixelRatio() == ratio
