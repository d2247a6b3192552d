"""The main views look as they did: both themes, two sizes, at rest and with a plan.

After a change that is meant: ``pytest tests/app/test_snapshots.py --update-snapshots``, and look
at the pictures in ``tests/data/snapshots`` before they are committed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QApplication

from app import theme
from tests.app.conftest import Rigged
from tests.app.snapshots import check, compare, freeze, halved

SIZES = ((1440, 900), (1024, 700))
STEADY_MS = 300
"""Longer than the quarter second after which the status bar is written."""


@pytest.fixture(autouse=True)
def frozen(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on the screen depends on the time; requested before the window is made."""
    if QGuiApplication.platformName() != "offscreen":
        pytest.skip("the reference pictures are made without a display")
    import app.main_window  # noqa: F401 - its modules get the frozen clock

    qapp.setCursorFlashTime(0)
    freeze(monkeypatch)


def at_rest(rigged: Rigged) -> None:
    """The window as it opens."""
    rigged.ready()


def with_plan(rigged: Rigged) -> None:
    """Thought, drawn and steered, with the verdict of the guard."""
    rigged.ready()
    rigged.key(Qt.Key.Key_Space)
    rigged.phase("planned")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    steady(rigged)  # the picture gets its size from what is shown around it
    rigged.drag((100, 60), (170, 110), (230, 150))
    rigged.key(Qt.Key.Key_Return)
    rigged.phase("steered")
    rigged.until(lambda: rigged.store.plan.preview is not None)
    QApplication.sendEvent(rigged.view.viewport(), QEvent(QEvent.Type.Leave))


STATES: dict[str, Callable[[Rigged], None]] = {"rest": at_rest, "plan": with_plan}


@pytest.mark.parametrize("state", STATES)
def test_the_window_looks_as_it_did(
    rigged: Rigged, state: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    update = bool(request.config.getoption("--update-snapshots"))
    STATES[state](rigged)
    for colours in ("light", "dark"):
        theme.apply_theme(QApplication.instance(), colours)
        for width, height in SIZES:
            rigged.window.resize(width, height)
            rigged.window.docks.reset()  # heights of docks remember what was shown before
            picture = steady(rigged)
            check(picture, f"{state}-{colours}-{width}x{height}", tmp_path, update=update)


def test_another_colour_is_noticed(rigged: Rigged, monkeypatch: pytest.MonkeyPatch) -> None:
    with_plan(rigged)
    before = halved(steady(rigged))
    assert compare(halved(steady(rigged)), before).same
    other = replace(theme.THEMES["light"], accent="#b0208f", on_accent="#ffffff")
    monkeypatch.setitem(theme.THEMES, "light", other)
    theme.apply_theme(QApplication.instance(), "light")
    assert not compare(halved(steady(rigged)), before).same


def test_a_panel_that_is_missing_is_noticed(rigged: Rigged) -> None:
    at_rest(rigged)
    before = halved(steady(rigged))
    rigged.window.docks.by_name["model"].close()
    assert not compare(halved(steady(rigged)), before).same


def test_smoothing_of_letters_is_forgiven_and_a_patch_is_not() -> None:
    rng = np.random.default_rng(0)
    picture = np.full((450, 720, 3), 240, np.uint8)
    picture[100:110, 50:400] = rng.integers(0, 256, (10, 350, 1))  # a line of text
    smoothed = picture.copy()
    smoothed[100:110, 50:400] = np.clip(smoothed[100:110, 50:400].astype(int) + 7, 0, 255)
    assert compare(smoothed, picture).same
    patch = picture.copy()
    patch[200:215, 300:345] = (0, 90, 200)
    found = compare(patch, picture)
    assert found.share > 0.99
    assert not found.same
    assert not compare(picture[:, :700], picture).same


def steady(rigged: Rigged) -> QPixmap:
    """Wait until two pictures in a row are the same."""
    seen = [rigged.window.grab()]

    def stands_still() -> bool:
        seen.append(rigged.window.grab())
        return seen[-1].toImage() == seen[-2].toImage()

    for _ in range(40):
        rigged.qtbot.wait(STEADY_MS)
        if stands_still():
            break
    return seen[-1]
