"""What a person prefers: one small YAML file of overrides, and the window's place in QSettings."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from PySide6.QtCore import QSettings

from app.hold_keys import keys_problem
from core.policy.base import MAX_INSTRUCTION
from core.policy.keys import parse_keys
from core.types import StudioError

THEMES = ("system", "light", "dark")
FONT_SCALES, LINE_WIDTHS, CYCLES, ANSWERS = (80, 160), (75, 250), (1, 1000), (0, 3600)
"""Smallest and largest value [%], [%], number of cycles, and [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Preferences; the file holds only what differs from these.

    Attributes:
        theme: "system", "light" or "dark".
        font_scale: Size of all letters [% of the system's].
        line_width: Width of the lines over the pictures [%].
        hints: Whether the line below the picture says what the mouse would do.
        snap: Whether drawn points jump to edges at the start.
        instruction: What stands in the box at the start.
        max_cycles: Cycles after which the automatic mode ends by itself.
        hold_keys: Keys that let an armed arm move while they are held, separated by spaces; a pedal
            or a gamepad button sends a key too.
        stop_unfocused: Whether a simulated arm stops when another program gets the keyboard; a
            real one always does.
        clamp: Whether numbers beyond the limits are cut down instead of rejected.
        study_mode: Whether the arm stops when the policy or the recorder is lost, and moves only
            while it is recorded.
        answer_seconds: Longest time that an answer may take [s]; 0 for any.
        record: Whether the session is kept in a file.
        film: Whether live pictures are kept as video, which takes less room.
        sessions: Folder for session files.
        policy: Address of a policy server; empty starts one here.
        policy_keys: Names of an observation's parts for a policy server that is not ours:
            "libero", "droid", or changes such as "image=cam_high,state=".
        rig: Address of a rig; empty starts the simulated lab here.
    """

    theme: str = "system"
    font_scale: int = 100
    line_width: int = 100
    hints: bool = True
    snap: bool = False
    instruction: str = ""
    max_cycles: int = 40
    hold_keys: str = "R"
    stop_unfocused: bool = True
    clamp: bool = False
    study_mode: bool = False
    answer_seconds: int = 300
    record: bool = True
    film: bool = False
    sessions: str = "out/sessions"
    policy: str = ""
    policy_keys: str = ""
    rig: str = ""

    def __post_init__(self) -> None:
        for name in CHECKS:
            if sentence := problem(name, getattr(self, name)):
                raise StudioError(f"The setting '{name}' is wrong: {sentence}")


def problem(name: str, value: Any) -> str:
    """Say what is wrong with the value of one setting; nothing when it is possible."""
    kind = KINDS[name]
    if type(value) is not kind:
        return f"{value!r} is not {WORDS[kind]}."
    return CHECKS[name](value) if name in CHECKS else ""


def address_problem(address: str) -> str:
    """Say what is wrong with the address of a service; an empty one is fine."""
    if not address:
        return ""
    example = "write it like ws://192.168.1.5:8000."
    try:
        parts = urlsplit(address if "://" in address else f"ws://{address}")
        port = parts.port
    except ValueError:
        return f"'{address}' is not an address; {example}"
    if parts.scheme not in ("ws", "wss"):
        return f"'{parts.scheme}' addresses do not lead to a service; {example}"
    if not parts.hostname or any(letter.isspace() for letter in address):
        return f"'{address}' names no machine; {example}"
    if port is None and parts.scheme == "ws":
        return f"'{address}' lacks the number of the port; {example}"
    return ""


def _between(limits: tuple[int, int], unit: str = "") -> Callable[[int], str]:
    low, high = limits

    def check(value: int) -> str:
        inside = low <= value <= high
        return "" if inside else f"{value}{unit} is not possible; choose {low} to {high}{unit}."

    return check


def _keys_problem(value: str) -> str:
    try:
        parse_keys(value)
    except StudioError as error:
        return str(error)
    return ""


def _theme_problem(value: str) -> str:
    return "" if value in THEMES else f"'{value}' is no theme; choose one of {', '.join(THEMES)}."


def _instruction_problem(value: str) -> str:
    if len(value) <= MAX_INSTRUCTION:
        return ""
    return f"The instruction has {len(value):,} characters; at most {MAX_INSTRUCTION:,} are read."


KINDS = {field.name: type(field.default) for field in fields(Settings)}
"""Type of every setting by its name."""

WORDS = {str: "text", int: "a whole number", bool: "true or false"}

CHECKS: dict[str, Callable[[Any], str]] = {
    "theme": _theme_problem,
    "font_scale": _between(FONT_SCALES, " %"),
    "line_width": _between(LINE_WIDTHS, " %"),
    "instruction": _instruction_problem,
    "max_cycles": _between(CYCLES),
    "hold_keys": keys_problem,
    "answer_seconds": _between(ANSWERS, " s"),
    "sessions": lambda value: "" if value.strip() else "The session files need a folder.",
    "policy": address_problem,
    "policy_keys": _keys_problem,
    "rig": address_problem,
}


def settings_folder() -> Path:
    """Return the folder of the settings, as the XDG directories say."""
    root = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(root) / "steering-studio"


def settings_file() -> Path:
    """Return the file that a person may edit."""
    return settings_folder() / "settings.yaml"


def load_settings(path: Path | None = None) -> Settings:
    """Read the overrides; a missing file means none.

    Raises:
        StudioError: If the file cannot be read, or says something that is not possible.
    """
    path = path or settings_file()
    try:
        loaded: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudioError(f"The settings in {path} cannot be read: {error}") from error
    if not isinstance(loaded, dict):
        raise StudioError(f"The settings in {path} must be lines like 'theme: dark'.")
    for name, value in loaded.items():
        if name not in KINDS:
            raise StudioError(
                f"The settings in {path} name '{name}'; known are {', '.join(KINDS)}."
            )
        if sentence := problem(name, value):
            raise StudioError(f"The setting '{name}' in {path} is wrong: {sentence}")
    return replace(Settings(), **loaded)


def window_state(path: Path | None = None) -> QSettings:
    """Return where geometry and docks are kept."""
    path = path or settings_folder() / "window.ini"
    return QSettings(str(path), QSettings.Format.IniFormat)
