from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.policy.keys import PRESETS, ObservationKeys, parse_keys
from core.types import StudioError


def test_presets_and_changes_are_understood():
    assert parse_keys("") == ObservationKeys()
    assert parse_keys(" droid ") is PRESETS["droid"]
    keys = parse_keys("image=cam_high, state= ,prompt=task")
    assert (keys.image, keys.state, keys.prompt) == ("cam_high", "", "task")
    assert keys.wrist_image == "observation/wrist_image"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bridge", "'libero', 'droid'"),
        ("image", "names no part"),
        ("picture=cam", "names no part"),
        ("image=", "picture and a prompt"),
        ("image=a,wrist_image=a", "two parts"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(text, expected):
    with pytest.raises(StudioError, match=expected):
        parse_keys(text)


@given(st.text())
def test_any_text_is_keys_or_a_sentence(text):
    try:
        keys = parse_keys(text)
    except StudioError:
        return
    assert keys.image
