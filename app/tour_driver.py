"""Plays the steps of the tour in the real window and takes their pictures in both themes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import theme
from app.demo_driver import RUN_S, DemoDriver
from app.demo_hands import Script, Wait, pause
from app.demo_target import DemoError
from app.store import Phase
from app.tour_steps import STEPS, TourStep

SIZE = (1440, 900)
COLOURS = 256
THEMES = ("light", "dark")
SETTLE_S = 1.0
"""Pictures are taken this long after a change: layouts, clouds and status line have followed."""

MOVING_S = 0.3
"""The same while the arm moves, which takes two seconds."""

TOAST_S = 16.0


class TourDriver(DemoDriver):
    """Goes through :data:`app.tour_steps.STEPS`.

    Attributes:
        taken: Steps of which there are pictures.
    """

    taken: list[TourStep]

    def _play(self) -> Script:
        self.taken = []
        self._window.move(0, 0)
        self._window.resize(*SIZE)
        actions = self._window.actions_table.by_name
        for step in STEPS:
            if not set(step.needs) <= set(actions):
                continue
            self._step = step
            yield from step.play(self)
            if not step.at:
                yield from self._take()
            if step.after is not None:
                yield from step.after(self)

    def _shoot(self, name: str) -> Script:
        """Take the picture if the step wants it at this moment."""
        if self._step.at == name and self._step not in self.taken:
            yield from self._take()

    def _take(self) -> Script:
        """Take the picture of the present step in every theme."""
        settle_s = MOVING_S if self._step.at else SETTLE_S
        for name in THEMES:
            theme.apply_theme(QApplication.instance(), name)  # type: ignore[arg-type]
            yield pause(settle_s)
            path = self._folder / f"{self._step.name}-{name}.png"
            write_picture(self._grab(), path)
            self.report.screenshots.append(str(path))
        theme.apply_theme(QApplication.instance(), THEMES[0])  # type: ignore[arg-type]
        self.taken.append(self._step)

    def _save(self, name: str) -> None:
        write_picture(self._grab(), self._folder / f"{name}.png")

    def _grab(self) -> Image.Image:
        """Return what the display shows of the window, dialogs and all."""
        window = self._window
        corner, size = window.pos(), window.size()
        shown = window.screen().grabWindow(0, corner.x(), corner.y(), size.width(), size.height())
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        shown.save(buffer, "PNG")  # type: ignore[call-overload]
        picture = Image.open(BytesIO(buffer.data().data())).convert("RGB")
        pen = ImageDraw.Draw(picture)
        for top in QApplication.topLevelWidgets():
            if top.isVisible() and top is not window:
                # The frame that a window manager would have drawn.
                box = top.frameGeometry().translated(-corner)
                ends = (box.left() - 1, box.top() - 1, box.right() + 1, box.bottom() + 1)
                pen.rectangle(ends, outline=theme.tokens().muted)
        return picture

    # -- what the steps do ---------------------------------------------------------------------

    def get_ready(self) -> Script:
        """Wait for the services and the first picture."""
        yield from self._get_ready()

    def think(self) -> Script:
        """Type the instruction and let the model think."""
        yield from self._type_instruction()
        yield from self._think()

    def draw(self) -> Script:
        """Draw to an object that the model did not choose."""
        yield from self._draw()

    def steer(self) -> Script:
        """Ask the model to follow the line."""
        yield from self._steer()

    def leave_first_steps(self) -> Script:
        """Close the page that explains them."""
        self._window.guide.page.leave()
        yield pause(0.3)

    def compare(self) -> Script:
        """Keep the line and compare it with the model's own plan."""
        yield from self.trigger("keep")
        yield from self.trigger("compare")
        plans = self._store.plans
        yield Wait(
            until=lambda: len(plans) >= 3 and all(p.preview for p in plans.values()),
            seconds=RUN_S,
            what="all plans of the comparison",
        )

    def episode(self) -> Script:
        """Start an episode in its panel."""
        self._window.docks.show("episode")
        yield from self.trigger("episode_start")

    def run(self) -> Script:
        """Run the plan; where it may not be run, send the arm home, which looks alike."""
        may = self._window.actions_table["run"].isEnabled()
        yield from self.trigger("run" if may else "home")
        yield Wait(until=lambda: self._store.progress[0] >= 1 or not self._running(), seconds=RUN_S)
        yield from self._shoot("running")
        yield Wait(until=self._resting, seconds=RUN_S, what="the arm to rest")

    def run_and_stop(self) -> Script:
        """Let the arm move on its way home and stop it by Esc."""
        yield Wait(until=self._resting, seconds=RUN_S, what="the arm to rest")
        yield from self.trigger("home")
        yield pause(0.5)
        QTest.keyClick(QApplication.focusWidget() or self._window, Qt.Key.Key_Escape)
        yield Wait(until=lambda: self._store.phase == Phase.STOPPED, seconds=5.0)

    def release(self) -> Script:
        """Release the stop and send the arm home."""
        if self._store.phase == Phase.STOPPED:
            yield from self.trigger("release")
        yield Wait(until=self._at_ease, seconds=RUN_S, what="the release of the stop")
        yield from self.trigger("home")
        yield Wait(until=self._at_ease, seconds=RUN_S, what="the arm to be home")
        yield Wait(until=self._no_toast, seconds=TOAST_S)

    def trigger(self, name: str) -> Script:
        """Do what an action does."""
        table = self._window.actions_table
        if not table[name].isEnabled():
            raise DemoError(f"The tour cannot go on: {table.reason(name)}")
        table[name].trigger()
        yield pause(0.2)

    def enlarge(self, name: str) -> Script:
        """Give a panel as much room as it may have."""
        docks = self._window.docks
        docks.show(name)
        yield pause(0.2)
        others = [dock for key, dock in docks.by_name.items() if key != name and dock.isVisible()]
        dock, height = docks.by_name[name], SIZE[1]
        sizes = [height] + [1] * len(others)
        self._window.resizeDocks([dock], [SIZE[0] // 2], Qt.Orientation.Horizontal)
        self._window.resizeDocks([dock, *others], sizes, Qt.Orientation.Vertical)
        yield pause(0.5)

    def put_back(self) -> Script:
        """Put all panels where they are at first."""
        self._window.docks.reset()
        yield pause(0.3)

    def close_dialogs(self) -> Script:
        """Close every other window."""
        for top in QApplication.topLevelWidgets():
            if top.isVisible() and top is not self._window:
                top.close()
        self._window.activateWindow()
        yield pause(0.3)

    def _resting(self) -> bool:
        return not self._store.auto and not self._running() and self._settled()

    def _at_ease(self) -> bool:
        return self._resting() and self._store.phase != Phase.STOPPED

    def _no_toast(self) -> bool:
        toasts = self._window.findChildren(QWidget, "toast")
        return not any(toast.isVisible() for toast in toasts)


def write_picture(picture: Image.Image, path: Path) -> None:
    """Write a PNG with a palette: a quarter of the size, no colour off by more than a shade."""
    # the default method spends the palette on the table and turns thin lines another colour
    method = Image.Quantize.MAXCOVERAGE
    reduced = picture.quantize(COLOURS, method=method, kmeans=3, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)
