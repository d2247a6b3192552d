"""What a person prefers: one small YAML file of overrides, and the window's place in QSettings."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml
from PySide6.QtCore import QSettings

from core.policy.keys import parse_keys
from core.types import StudioError

THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Preferences; the file holds only what differs from these.

    Attributes:
        theme: "system", "light" or "dark".
        instruction: What stands in the box at the start.
        max_cycles: Cycles after which the automatic mode ends by itself.
        sessions: Folder for session files.
        policy_keys: Names of an observation's parts for a policy server that is not ours:
            "libero", "droid", or changes such as "image=cam_high,state=".
    """

    theme: str = "system"
    instruction: str = ""
    max_cycles: int = 40
    sessions: str = "out/sessions"
    policy_keys: str = ""

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise StudioError(f"The theme is '{self.theme}'; choose one of {', '.join(THEMES)}.")
        if not 1 <= self.max_cycles <= 1000:
            raise StudioError(f"max_cycles is {self.max_cycles}; choose 1 to 1000.")
        parse_keys(self.policy_keys)


def settings_folder() -> Path:
    """Return the folder of the settings, as the XDG directories say."""
    root = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(root) / "steering-studio"


def load_settings(path: Path | None = None) -> Settings:
    """Read the overrides; a missing file means none.

    Raises:
        StudioError: If the file cannot be read, or says something that is not possible.
    """
    path = path or settings_folder() / "settings.yaml"
    try:
        loaded: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudioError(f"The settings in {path} cannot be read: {error}") from error
    known = {field.name: type(field.default) for field in fields(Settings)}
    if not isinstance(loaded, dict):
        raise StudioError(f"The settings in {path} must be lines like 'theme: dark'.")
    for name, value in loaded.items():
        if name not in known:
            raise StudioError(
                f"The settings in {path} name '{name}'; known are {', '.join(known)}."
            )
        if type(value) is not known[name]:
            raise StudioError(
                f"The setting '{name}' in {path} is {value!r}; expected {known[name].__name__}."
            )
    return replace(Settings(), **loaded)


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write what differs from the defaults, in one step.

    Raises:
        StudioError: If the file cannot be written.
    """
    path = path or settings_folder() / "settings.yaml"
    defaults = asdict(Settings())
    overrides = {k: v for k, v in asdict(settings).items() if v != defaults[k]}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        temporary.write_text(yaml.safe_dump(overrides), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StudioError(f"The settings could not be saved in {path}: {error}.") from error


def window_state(path: Path | None = None) -> QSettings:
    """Return where geometry and splitters are kept."""
    path = path or settings_folder() / "window.ini"
    return QSettings(str(path), QSettings.Format.IniFormat)
