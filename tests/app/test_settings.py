"""Preferences: sparse, checked, saved in one step, and the hand-written file stays readable."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.preferences import Preferences
from app.settings import KINDS, Settings, address_problem, load_settings
from app.settings_file import edited, save_settings
from app.task import Tasks
from app.tokens import load_token, save_token
from core.types import StudioError


def test_missing_file_means_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.yaml") == Settings()


def test_only_differences_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.yaml"
    save_settings({"theme": "dark", "max_cycles": 40}, path)
    assert path.read_text() == "theme: dark\n"
    assert load_settings(path) == Settings(theme="dark")
    save_settings({"theme": "system"}, path)
    assert path.read_text() == ""


def test_comments_and_order_of_a_hand_written_file_survive() -> None:
    text = (
        "# my desk\n"
        "max_cycles: 12   # enough\n"
        "\n"
        "theme: light\n"
        "sessions: '/data/my sessions'  # big disk\n"
    )
    changed = edited(text, {"theme": "dark", "sessions": "/tmp/x", "hints": False})
    assert changed == (
        "# my desk\n"
        "max_cycles: 12   # enough\n"
        "\n"
        "theme: dark\n"
        "sessions: /tmp/x  # big disk\n"
        "hints: false\n"
    )
    assert edited(changed, {"max_cycles": 40}) == changed.replace("max_cycles: 12   # enough\n", "")


def test_yaml_that_cannot_be_edited_in_place_is_written_anew() -> None:
    changed = edited("{theme: dark, max_cycles: 7}", {"theme": "light", "hints": False})
    assert yaml.safe_load(changed) == {"theme": "light", "max_cycles": 7, "hints": False}


VALUES = {
    str: st.sampled_from(["", "yes", "5", "a: b # c", "ä 'quoted' \"twice\"", "x\ny", "- z"]),
    int: st.integers(80, 160),
    bool: st.booleans(),
}


@given(st.data())
def test_what_is_written_is_what_is_read(data: st.DataObject) -> None:
    text = "# head\n"
    expected: dict[str, Any] = {}
    for _ in range(data.draw(st.integers(1, 4))):
        names = data.draw(st.sets(st.sampled_from(sorted(KINDS)), min_size=1))
        values = {name: data.draw(VALUES[KINDS[name]]) for name in sorted(names)}
        text = edited(text, values)
        expected |= values
    defaults = Settings()
    sparse = {k: v for k, v in expected.items() if v != getattr(defaults, k)}
    assert (yaml.safe_load(text) or {}) == sparse


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("theme: pink", "pink"),
        ("colour: red", "colour"),
        ("max_cycles: many", "max_cycles"),
        ("max_cycles: 0", "max_cycles"),
        ("max_cycles: true", "whole number"),
        ("font_scale: 500", "80 to 160"),
        ("policy: http://there:1", "'http' addresses"),
        ("- a list", "lines like"),
        ("theme: [", "cannot be read"),
    ],
)
def test_wrong_settings_are_a_sentence(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(StudioError, match=word):
        load_settings(path)


@pytest.mark.parametrize(
    "address", ["", "ws://10.0.0.2:8000", "gpu-box:8000", "wss://example.org/policy"]
)
def test_good_addresses(address: str) -> None:
    assert address_problem(address) == ""


@pytest.mark.parametrize("address", ["gpu-box", "ws://:8000", "a b:80", "ws://x:99999", "ws://x:y"])
def test_bad_addresses_are_a_sentence(address: str) -> None:
    assert address_problem(address).endswith(".")


def test_tokens_are_for_their_owner_only(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "deep" / "tokens.yaml"
    assert load_token("policy", path) is None
    save_token("policy", "secret", path)
    save_token("rig", "other", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_token("policy", path) == "secret"
    save_token("policy", "", path)
    assert load_token("policy", path) is None
    assert load_token("rig", path) == "other"
    monkeypatch.setenv("STEERING_POLICY_TOKEN", "from outside")
    assert load_token("policy", path) == "from outside"
    os.chmod(path, 0o644)
    with pytest.raises(StudioError, match="chmod 600"):
        load_token("rig", path)


@pytest.fixture
def tasks(qapp: Any) -> Iterator[Tasks]:
    made = Tasks()
    yield made
    made.shutdown()


def test_a_change_holds_at_once_and_is_saved_by_and_by(
    qtbot: Any, tasks: Tasks, tmp_path: Path
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("max_cycles: 12  # enough\n")
    preferences = Preferences(load_settings(path), tasks, path=path)
    heard: list[str] = []
    preferences.changed.connect(heard.append)
    preferences.change("theme", "dark")
    assert preferences.settings.theme == "dark"
    preferences.change("font_scale", 120)
    preferences.change("font_scale", 130)
    assert heard == ["theme", "font_scale", "font_scale"]
    wanted = Settings(max_cycles=12, theme="dark", font_scale=130)
    qtbot.waitUntil(lambda: load_settings(path) == wanted)
    assert "# enough" in path.read_text()


def test_an_impossible_value_changes_nothing(tasks: Tasks, tmp_path: Path) -> None:
    preferences = Preferences(Settings(), tasks, path=tmp_path / "settings.yaml")
    with pytest.raises(StudioError, match="1 to 1000"):
        preferences.change("max_cycles", 0)
    assert preferences.settings == Settings()


def test_what_was_changed_last_is_saved_when_the_window_closes(qapp: Any, tmp_path: Path) -> None:
    path, tasks = tmp_path / "settings.yaml", Tasks()
    preferences = Preferences(Settings(), tasks, path=path)
    preferences.change("theme", "dark")
    preferences.change("theme", "light")
    tasks.shutdown()
    preferences.flush()
    assert load_settings(path).theme == "light"


def test_edits_from_outside_are_taken_over_but_not_over_the_command_line(
    qtbot: Any, tasks: Tasks, tmp_path: Path
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("theme: light\n")
    saved = load_settings(path)
    preferences = Preferences(Settings(theme="dark"), tasks, saved=saved, path=path)
    said: list[str] = []
    path.write_text("theme: light\nmax_cycles: 3\n")
    preferences.reload(said.append)
    qtbot.waitUntil(lambda: said == [""])
    assert preferences.settings == Settings(theme="dark", max_cycles=3)
    path.write_text("theme: [")
    preferences.reload(said.append)
    qtbot.waitUntil(lambda: len(said) == 2)
    assert "cannot be read" in said[1]
    assert preferences.settings.max_cycles == 3


def test_a_file_that_cannot_be_written_is_said(qtbot: Any, tasks: Tasks, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    preferences = Preferences(Settings(), tasks, path=tmp_path / "file" / "settings.yaml")
    said: list[str] = []
    preferences.save_failed.connect(said.append)
    preferences.change("theme", "dark")
    qtbot.waitUntil(lambda: bool(said))
    assert "could not be saved" in said[0]
    assert preferences.settings.theme == "dark"
