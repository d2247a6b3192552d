"""Pictures of the window, and when two of them count as the same.

Tolerance: both are halved (mean of 2 x 2 pixels), so that the smoothing of letters matters less.
Then at least 99 % of the pixels must lie within 8 of 255 levels in every channel, and the mean of
every tile of 40 x 40 pixels of the window within 12 levels: a button of another colour or a word
that is missing is too small for the first rule, but not for the second.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtGui import QFont, QFontDatabase, QImage, QPixmap

FOLDER = Path(__file__).resolve().parents[1] / "data" / "snapshots"
LEVELS, SHARE = 8, 0.99
TILE, TILE_LEVELS = 20, 12.0
NOW_NS = 5_000_000_000_000
UPDATE = "pytest tests/app/test_snapshots.py --update-snapshots"

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How two pictures differ.

    Attributes:
        share: Share of the pixels that are the same within the tolerance.
        tile: Largest difference of the mean of a tile [levels].
        place: Where that tile is in the window, (x, y) [px].
    """

    share: float
    tile: float
    place: tuple[int, int]

    @property
    def same(self) -> bool:
        """Whether the pictures count as the same."""
        return self.share >= SHARE and self.tile <= TILE_LEVELS

    def __str__(self) -> str:
        x, y = self.place
        return f"{100 * self.share:.2f} % same, worst tile {self.tile:.1f} levels at ({x}, {y})"


class FrozenTime:
    """The module ``time`` with clocks that stand still, so that ages and durations do not vary."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def monotonic_ns() -> int:
        return NOW_NS

    @staticmethod
    def monotonic() -> float:
        return NOW_NS / 1e9

    perf_counter = monotonic


class FixedFonts:
    """QFontDatabase with the fonts that ``.ci/setup.sh`` installs."""

    SystemFont = QFontDatabase.SystemFont

    @classmethod
    def systemFont(cls, kind: QFontDatabase.SystemFont) -> QFont:
        fixed = kind == cls.SystemFont.FixedFont
        return QFont("DejaVu Sans Mono" if fixed else "DejaVu Sans")


def freeze(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clocks of the studio and of its scripted rig, and choose its fonts."""
    from app import theme

    if "DejaVu Sans" not in QFontDatabase.families():
        pytest.skip("the reference pictures are made with the font DejaVu Sans")
    frozen = FrozenTime()
    for name, module in list(sys.modules.items()):
        ours = name.startswith("app.") or name == "tests.app.fakes"
        if ours and getattr(module, "time", None) is time:
            monkeypatch.setattr(module, "time", frozen)
    monkeypatch.setattr(theme, "QFontDatabase", FixedFonts)


def halved(pixmap: QPixmap) -> Pixels:
    """Return (H / 2, W / 2, 3) uint8 of a picture, means of 2 x 2 pixels."""
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    height, width = image.height() // 2 * 2, image.width() // 2 * 2
    blocks = pixels[:height, :width].reshape(height // 2, 2, width // 2, 2, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def compare(actual: Pixels, expected: Pixels) -> Difference:
    """Compare two halved pictures; other sizes are as different as can be."""
    if actual.shape != expected.shape:
        return Difference(share=0.0, tile=255.0, place=(0, 0))
    apart = np.abs(actual.astype(float) - expected)
    share = float((apart.max(axis=2) <= LEVELS).mean())
    signed = actual.astype(float) - expected
    height, width = (n // TILE * TILE for n in signed.shape[:2])
    tiles = signed[:height, :width].reshape(height // TILE, TILE, width // TILE, TILE, 3)
    worst = np.abs(tiles.mean(axis=(1, 3))).max(axis=2)
    row, column = np.unravel_index(int(worst.argmax()), worst.shape)
    place = (int(column) * TILE * 2, int(row) * TILE * 2)
    return Difference(share=share, tile=float(worst.max()), place=place)


def check(pixmap: QPixmap, name: str, folder: Path, *, update: bool) -> None:
    """Compare a picture of the window with its reference.

    Args:
        pixmap: The picture.
        name: Name of the reference, without ``.png``.
        folder: Where the picture and the difference go when they are not the same.
        update: Whether to write the reference instead.
    """
    actual, reference = halved(pixmap), FOLDER / f"{name}.png"
    if update:
        FOLDER.mkdir(parents=True, exist_ok=True)
        Image.fromarray(actual).save(reference, optimize=True)
        return
    assert reference.exists(), f"there is no {reference}; make it with: {UPDATE}"
    with Image.open(reference) as picture:
        expected = np.asarray(picture.convert("RGB"))
    difference = compare(actual, expected)
    if difference.same:
        return
    Image.fromarray(actual).save(folder / f"{name}-actual.png")
    if actual.shape == expected.shape:
        apart = np.abs(actual.astype(int) - expected).clip(0, 63) * 4
        Image.fromarray(apart.astype(np.uint8)).save(folder / f"{name}-difference.png")
    pytest.fail(
        f"{name}: {difference}. Look at {folder}; if it is meant to look so: {UPDATE}",
        pytrace=False,
    )
