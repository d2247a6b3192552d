from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.overlay import difference, draw_trace, prepare_frame
from core.types import StudioError

DATA = Path(__file__).parents[1] / "data/golden/protocol/overlay"
CASES = [
    case
    for case in json.loads((DATA / "overlay_cases.json").read_text())["cases"]
    if "trace_0_255" in case
]
DRAWN = [case for case in CASES if len(case["trace_0_255"]) >= 2]
NOT_DRAWN = [case for case in CASES if len(case["trace_0_255"]) < 2]


def picture(name):
    return np.array(Image.open(DATA / name))


@pytest.mark.parametrize("case", DRAWN, ids=lambda case: case["result"])
def test_the_line_is_the_one_drawn_in_training(case):
    image = picture(case["image"])
    before = image.copy()
    drawn = draw_trace(image, case["trace_0_255"])
    np.testing.assert_array_equal(drawn, picture(case["result"]))
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("case", NOT_DRAWN, ids=lambda case: case["result"])
def test_what_training_would_silently_not_draw_is_refused(case):
    with pytest.raises(StudioError, match="at least two points"):
        draw_trace(picture(case["image"]), case["trace_0_255"])


def test_a_frame_is_reduced_by_area():
    small = prepare_frame(picture("base_640x480.png"), (256, 256))
    np.testing.assert_array_equal(small, picture("base_640x480_area256.png"))


@pytest.mark.parametrize("size", [None, (256, 256)])
def test_a_frame_of_the_right_size_stays_as_it_is(size):
    image = picture("base_256.png")
    np.testing.assert_array_equal(prepare_frame(image, size), image)


def test_read_only_and_mirrored_frames_can_be_drawn_on():
    image = picture("base_256.png")[:, ::-1]
    image.setflags(write=False)
    assert draw_trace(image, [[0, 0], [255, 255]])[128, 128].tolist() == [0, 255, 255]


@pytest.mark.parametrize(
    ("image", "points"),
    [
        (np.zeros((4, 4), np.uint8), [[0, 0], [1, 1]]),
        (np.zeros((4, 4, 3), np.float32), [[0, 0], [1, 1]]),
        (np.zeros((4, 4, 3), np.uint8), [[0, 0], [np.nan, 1]]),
        (np.zeros((4, 4, 3), np.uint8), [1, 2]),
    ],
)
def test_what_is_no_image_or_no_line_is_refused(image, points):
    with pytest.raises(StudioError):
        draw_trace(image, points)


def test_an_impossible_size_is_refused():
    with pytest.raises(StudioError, match="0 x 5"):
        prepare_frame(np.zeros((4, 4, 3), np.uint8), (0, 5))


def test_the_difference_shows_what_changed_and_nothing_else():
    clean = picture(DRAWN[0]["image"])
    drawn = draw_trace(clean, [[20, 30], [200, 220]])
    changed = (clean != drawn).any(axis=2)
    shown, count = difference(clean, drawn)
    assert count == changed.sum() > 0
    np.testing.assert_array_equal(shown[changed], drawn[changed])
    rest = shown[~changed]
    assert (rest == rest[:, :1]).all(), "the rest is grey"
    assert rest.max() <= 255 // 3
    np.testing.assert_array_equal(clean, picture(DRAWN[0]["image"]))


def test_without_a_change_all_is_dark_and_other_sizes_are_refused():
    white = np.full((3, 4, 3), 255, np.uint8)
    shown, count = difference(white, white)
    assert count == 0
    assert (shown == 85).all()
    with pytest.raises(StudioError, match="4 x 3 and 3 x 4"):
        difference(white, np.zeros((4, 3, 3), np.uint8))
