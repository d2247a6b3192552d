"""Calibration files: what is read, and what is said about one that cannot be right."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import StudioError
from robot.cameras.calibration import calibration_item, load_calibration, parse_calibration
from robot.cameras.command import place_item
from robot.check_item import CheckState
from robot.rig.camera_options import calibration_items

DAY = date(2026, 11, 1)


def content(**changes):
    values = {
        "width": 640,
        "height": 480,
        "intrinsics": [[600, 0, 320], [0, 600, 240], [0, 0, 1]],
        "pose": np.eye(4).tolist(),
    }
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def test_a_good_one_is_read(tmp_path):
    file = tmp_path / "front.json"
    file.write_text(
        json.dumps(content(distortion=[0.1, 0, 0, 0], made="2026-11-20", mounted_on_hand=True))
    )
    found = load_calibration(file)
    assert (found.model.width, found.model.height, found.model.mounted_on_hand) == (640, 480, True)
    assert found.distortion.tolist() == [0.1, 0, 0, 0]
    assert found.made == date(2026, 11, 20)


def test_the_example_of_the_guide_is_a_good_one():
    page = (Path(__file__).parents[3] / "docs" / "real-arm.md").read_text("utf-8")
    example = page.partition("```json")[2].partition("```")[0]
    found = parse_calibration(json.loads(example), DAY)
    assert len(found.distortion) == 5
    assert place_item(found.model).state == CheckState.OK


def test_without_a_day_the_files_own_counts(tmp_path):
    file = tmp_path / "front.json"
    file.write_text(json.dumps(content()))
    os.utime(file, (1_760_000_000, 1_760_000_000))  # 9 October 2025
    found = load_calibration(file)
    assert (found.made.year, found.made.month) == (2025, 10)
    assert len(found.distortion) == 0


TURNED = np.diag([1.0, 1.0, -1.0, 1.0]).tolist()
MOVED = np.eye(4)
MOVED[:3, 3] = [850.0, 0.0, 600.0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": None}, "width is None"),
        ({"width": 640.5}, "whole number of pixels"),
        ({"height": True}, "height is True"),
        ({"intrinsics": None}, "expected 3 x 3 numbers"),
        ({"intrinsics": [[600, 0, 320]]}, "expected 3 x 3 numbers"),
        ({"intrinsics": [["a"]]}, "intrinsics are no numbers"),
        ({"intrinsics": [[600, 0, 320], [0, -600, 240], [0, 0, 1]]}, "no camera matrix"),
        ({"intrinsics": [[600, 0, 0], [0, 600, 0], [320, 240, 1]]}, "no camera matrix"),
        ({"intrinsics": [[600, 0, 960], [0, 600, 540], [0, 0, 1]]}, "belong to another size"),
        ({"pose": np.full((4, 4), np.nan).tolist()}, "not finite"),
        ({"pose": TURNED}, "no rotation"),
        ({"pose": (2 * np.eye(4) - np.diag([0, 0, 0, 1])).tolist()}, "no rotation"),
        ({"pose": MOVED.T.tolist()}, "transposed"),
        ({"pose": MOVED.tolist()}, "millimetres"),
        ({"mounted_on_hand": "yes"}, "true or false"),
        ({"distortion": [0.1, 0.2]}, "4, 5 or 8"),
        ({"distortion": "strong"}, "no numbers"),
        ({"made": "last week"}, "such as 2026-11-23"),
        ({"mounted": True}, "no entry 'mounted'"),
    ],
)
def test_what_cannot_be_right_is_named(changes, words):
    with pytest.raises(ValueError, match=words):
        parse_calibration(content(**changes), DAY)


def test_a_file_that_is_none_is_named(tmp_path):
    file = tmp_path / "front.json"
    for text in ("{", "[1, 2]", "[" * 100_000, '"x"'):
        file.write_text(text)
        with pytest.raises(StudioError, match=r"front.json' is no calibration"):
            load_calibration(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(StudioError, match="no calibration"):
        load_calibration(file)
    with pytest.raises(StudioError, match="cannot be read"):
        load_calibration(tmp_path)


numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3))
anything = st.recursive(
    numbers, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner)
)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from([*content(), "distortion", "made"]), anything))
def test_whatever_an_entry_is_it_is_read_or_refused_in_words(changes):
    try:
        found = parse_calibration(content(**changes), DAY)
    except ValueError as error:
        said = str(error)
        assert said
    else:
        assert np.isfinite(found.model.pose).all()


@pytest.mark.parametrize(
    ("made", "state", "words"),
    [
        (date(2026, 11, 23), CheckState.OK, "today"),
        (date(2026, 11, 22), CheckState.OK, "yesterday"),
        (date(2026, 10, 24), CheckState.OK, "30 days ago"),
        (date(2026, 10, 23), CheckState.WARN, "31 days ago"),
        (None, CheckState.WARN, "not calibrated"),
    ],
)
def test_an_old_calibration_is_looked_at(made, state, words):
    item = calibration_item("front", made, date(2026, 11, 23))
    assert item.state == state
    assert words in item.found
    assert bool(item.mend) == (state != CheckState.OK)


def test_every_camera_has_its_item(tmp_path):
    file = tmp_path / "front.json"
    file.write_text(json.dumps(content()))
    items = calibration_items(["front=opencv:0", "wrist=opencv:1"], [f"front={file}"])
    assert [item.name for item in items] == [
        "calibration of camera front",
        "calibration of camera wrist",
    ]
    assert [item.state for item in items] == [CheckState.OK, CheckState.WARN]
