"""Colours, fonts and the look of the controls: two palettes of our own on the Fusion style.

Chrome follows the theme; data does not: a trace has the same colour on both, because it is read
against a photograph. Every colour of the window comes from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from app.style_sheet import style_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The colours of one theme as "#rrggbb".

    Attributes:
        window: Background of the window.
        surface: Background of a panel.
        base: Background of fields.
        view: What surrounds a picture or a 3D scene: neutral, never brighter than the picture.
        raised: Background of a button.
        line: Hairlines between areas.
        edge: Outline of a control, at least 3:1 against what it stands on.
        text: Text.
        muted: Secondary text, still at least 4.5:1.
        accent: The one accent.
        on_accent: Text on the accent.
        ok: Good news.
        warn: Something to look at.
        fault: Rejections, and everything that means a real arm (vermilion).
        stop: The stop button, the only red thing on the screen.
        on_stop: Text on the stop button.
    """

    name: str
    window: str
    surface: str
    base: str
    view: str
    raised: str
    line: str
    edge: str
    text: str
    muted: str
    accent: str
    on_accent: str
    ok: str
    warn: str
    fault: str
    stop: str
    on_stop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataColours:
    """Okabe-Ito colours of what is drawn over pictures and in 3D; never the only cue."""

    depth: str = "#0072B2"
    model: str = "#F0E442"
    user: str = "#56B4E9"
    travelled: str = "#A6A6A6"
    path: str = "#009E73"
    rejected: str = "#D55E00"
    box: str = "#CC79A7"
    changed: str = "#E69F00"
    focus: str = "#FFFFFF"
    warning: str = "#E69F00"
    casing: str = "#101214"


DATA = DataColours()

THEMES = {
    "light": Tokens(
        name="light",
        window="#efeeea",
        surface="#f9f8f5",
        base="#ffffff",
        view="#e1dfd9",
        raised="#ffffff",
        line="#d9d6cf",
        edge="#85817a",
        text="#1f2327",
        muted="#595f66",
        accent="#1f5fbf",
        on_accent="#ffffff",
        ok="#17734a",
        warn="#855600",
        fault="#b54a00",
        stop="#c62828",
        on_stop="#ffffff",
    ),
    "dark": Tokens(
        name="dark",
        window="#1e2124",
        surface="#25292d",
        base="#191b1e",
        view="#17191b",
        raised="#33383e",
        line="#373c42",
        edge="#7a838c",
        text="#e7e9eb",
        muted="#a8b0b8",
        accent="#7fb0f5",
        on_accent="#0f141b",
        ok="#4fc48d",
        warn="#e3a93f",
        fault="#f07c2c",
        stop="#d63530",
        on_stop="#ffffff",
    ),
}


class Theme(QObject):
    """The theme of the running application; views that paint by hand listen to ``changed``.

    Attributes:
        tokens: The colours in use.
        choice: What the person chose: "light", "dark" or "system".
        scale: Size of the letters; 1 is the system's.
        line_scale: Width of the lines over the pictures; 1 is the usual one.
    """

    changed = Signal(str)

    def __init__(self, app: QCoreApplication) -> None:
        super().__init__(app)
        self.setObjectName("theme")
        self.tokens = THEMES["light"]
        self.choice = "light"
        self.scale = self.line_scale = 1.0
        QApplication.styleHints().colorSchemeChanged.connect(self._desktop_changed)

    def set_line_scale(self, scale: float) -> None:
        """Draw lines over the pictures wider or thinner; their colours never change."""
        if scale != self.line_scale:
            self.line_scale = scale
            self.changed.emit(self.tokens.name)

    @Slot(Qt.ColorScheme)
    def _desktop_changed(self, scheme: Qt.ColorScheme) -> None:
        """Follow the desktop while it runs, if that is what the person chose."""
        app = QCoreApplication.instance()
        wanted = "dark" if scheme == Qt.ColorScheme.Dark else "light"
        if self.choice == "system" and wanted != self.tokens.name and app is not None:
            _dress(cast(QApplication, app), THEMES[wanted])


def theme() -> Theme:
    """Return the theme object of the application; it is made on the first call.

    Raises:
        RuntimeError: There is no application yet.
    """
    app = QCoreApplication.instance()
    if app is None:
        raise RuntimeError("the theme needs a QApplication; make that first")
    # kept as an attribute of the wrapper: asking Qt costs more than a short line to paint
    found = getattr(app, "_studio_theme", None)
    if found is None:
        found = app._studio_theme = Theme(app)  # type: ignore[attr-defined]
    return cast(Theme, found)


def tokens() -> Tokens:
    """Return the colours in use."""
    return theme().tokens


def resolve(name: str) -> str:
    """Turn "system" (or anything unknown) into "light" or "dark" as the desktop asks."""
    if name in THEMES:
        return name
    scheme = QApplication.styleHints().colorScheme()
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


def apply_theme(app: QApplication, name: str, *, scale: float | None = None) -> str:
    """Dress the application.

    Args:
        app: The application.
        name: "light", "dark" or "system", which follows the desktop from then on.
        scale: Size of the letters, 1 for the system's; as before when left out.

    Returns:
        The theme in use, "light" or "dark".
    """
    current = theme()
    current.choice = name
    if app.style() is None or app.style().objectName().lower() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(ui_font())
    if scale is not None and scale != current.scale:
        current.scale = scale
        app.setFont(ui_font())
    return _dress(app, THEMES[resolve(name)])


def _dress(app: QApplication, chosen: Tokens) -> str:
    current = theme()
    current.tokens = chosen  # before the palette, so that whoever repaints at once is right
    app.setPalette(palette(chosen))
    app.setStyleSheet(style_sheet(chosen, current.scale))
    current.changed.emit(chosen.name)
    return chosen.name


def palette(colours: Tokens) -> QPalette:
    """Build the Qt palette of a theme."""
    role = QPalette.ColorRole
    result = QPalette()
    for target, colour in (
        (role.Window, colours.window),
        (role.Base, colours.base),
        (role.AlternateBase, colours.surface),
        (role.Button, colours.raised),
        (role.ToolTipBase, colours.surface),
        (role.WindowText, colours.text),
        (role.Text, colours.text),
        (role.ButtonText, colours.text),
        (role.ToolTipText, colours.text),
        (role.BrightText, colours.on_stop),
        (role.PlaceholderText, colours.muted),
        (role.Mid, colours.line),
        (role.Midlight, colours.line),
        (role.Dark, colours.edge),
        (role.Light, colours.surface),
        (role.Shadow, colours.edge),
        (role.Highlight, colours.accent),
        (role.Accent, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
    ):
        result.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, target, QColor(colours.edge))
    return result


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two "#rrggbb" colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    brighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ui_font(points: float = 10.0, *, strong: bool = False) -> QFont:
    """Return the system's interface font with figures of equal width."""
    return QFont(_ui_font(points * theme().scale, strong))


@lru_cache(maxsize=64)
def _ui_font(points: float, strong: bool) -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPointSizeF(points)
    font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def mono_font(points: float = 9.0) -> QFont:
    """Return the font of tokens and raw answers."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(points * theme().scale)
    return font


def set_role(widget: QWidget, role: str) -> None:
    """Give a widget one of the looks of the style sheet, such as "caption", "stop" or "badge"."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    # A label takes a new padding over only when it is told that its style changed.
    QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.StyleChange))
    widget.updateGeometry()
