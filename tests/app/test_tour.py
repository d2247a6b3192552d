"""The page of the tour and the pictures that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image

from app.tour import COVER, page
from app.tour_driver import write_picture
from app.tour_steps import STEPS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_step_has_a_name_of_its_own_and_the_cover_is_one() -> None:
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names)
    assert COVER in names


def test_the_page_has_a_heading_and_two_pictures_for_each_step() -> None:
    text = page(STEPS[:2])
    assert text.startswith("# A tour")
    assert text.count("## ") == 2
    for step in STEPS[:2]:
        assert step.text in text
        for theme in ("light", "dark"):
            assert f"images/tour/{step.name}-{theme}.png" in text


def test_the_tour_in_the_repository_is_made_from_these_steps_and_has_its_pictures() -> None:
    text = (DOCS / "tour.md").read_text(encoding="utf-8")
    shown = [step for step in STEPS if f"## {step.title}\n" in text]
    assert text == page(shown)
    pictures = re.findall(r"images/tour/[\w-]+\.png", text)
    assert len(pictures) == 2 * len(shown) >= 16
    for path in pictures:
        with Image.open(DOCS / path) as picture:
            assert picture.size == (1440, 900)
        assert (DOCS / path).stat().st_size < 250_000


def test_pictures_are_small_and_keep_the_colour_of_a_thin_line(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 255, 1440)[None, :, None] * np.linspace(0.3, 1, 900)[:, None, None]
    pixels = np.clip(ramp * (1, 0.8, 0.6) + rng.normal(0, 2, (900, 1440, 3)), 0, 255)
    pixels[450:452, 200:400] = (86, 180, 233)
    write_picture(Image.fromarray(pixels.astype(np.uint8)), tmp_path / "line.png")
    with Image.open(tmp_path / "line.png") as picture:
        read = np.asarray(picture.convert("RGB"))
    assert np.abs(read[450:452, 200:400].astype(int) - (86, 180, 233)).max() <= 8
