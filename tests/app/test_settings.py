"""Preferences: sparse, checked, and saved in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Settings, load_settings, save_settings
from core.types import StudioError


def test_missing_file_means_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.yaml") == Settings()


def test_only_differences_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.yaml"
    save_settings(Settings(theme="dark"), path)
    assert path.read_text() == "theme: dark\n"
    assert load_settings(path) == Settings(theme="dark")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("theme: pink", "pink"),
        ("colour: red", "colour"),
        ("max_cycles: many", "max_cycles"),
        ("max_cycles: 0", "max_cycles"),
        ("- a list", "lines like"),
        ("theme: [", "cannot be read"),
    ],
)
def test_wrong_settings_are_a_sentence(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(StudioError, match=word):
        load_settings(path)
