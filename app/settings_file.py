"""Writes settings into the file that a person may edit: only what changes, in one step.

Comments, order and everything that is not ours to change stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from app.settings import KINDS, Settings, settings_file
from core.types import StudioError


def save_settings(values: Mapping[str, Any], path: Path | None = None) -> None:
    """Write values into the file; one that is the default is taken out of it.

    Args:
        values: New values by the name of their setting.
        path: The file, if it is not the person's own.

    Raises:
        StudioError: If the file cannot be read, understood or written.
    """
    path = path or settings_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        changed = edited(text, values)
        temporary = path.with_suffix(".part")
        temporary.write_text(changed, encoding="utf-8")
        temporary.replace(path)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudioError(
            f"The settings could not be saved in {path}: {error}. They hold until the studio is "
            "closed."
        ) from error


def edited(text: str, values: Mapping[str, Any]) -> str:
    """Return the text of a settings file with other values in it.

    Args:
        text: The file as it is.
        values: New values by the name of their setting.

    Raises:
        yaml.YAMLError: If the text is not a mapping in YAML.
    """
    defaults = asdict(Settings())
    found: Any = yaml.safe_load(text) or {}
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(found, dict) or (found and not isinstance(root, yaml.MappingNode)):
        raise yaml.YAMLError("it must be lines like 'theme: dark'")
    spans = {
        key.value: (key.start_mark.index, value.start_mark.index, value.end_mark.index)
        for key, value in (root.value if isinstance(root, yaml.MappingNode) else ())
    }
    result = text
    inside = sorted((name for name in values if name in spans), key=lambda name: -spans[name][0])
    for name in inside:  # from the end on, so that the places before stay right
        key, start, end = spans[name]
        if values[name] == defaults[name]:
            result = _without(result, key, end)
        else:
            result = result[:start] + _written(values[name]) + result[end:]
    for name in KINDS:
        if name in values and name not in spans and values[name] != defaults[name]:
            gap = "" if not result or result.endswith("\n") else "\n"
            result += f"{gap}{name}: {_written(values[name])}\n"
    wanted = {k: v for k, v in found.items() if k not in values}
    wanted |= {k: v for k, v in values.items() if v != defaults[k]}
    if _read(result) != wanted:
        # Somebody writes YAML in a way that cannot be edited in place.
        return yaml.safe_dump(wanted, allow_unicode=True, sort_keys=False)
    return result


def _read(text: str) -> Any:
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError:
        return None


def _written(value: Any) -> str:
    """Write one value as it stands in a line."""
    dumped = yaml.safe_dump({"k": value}, allow_unicode=True, width=10_000)
    return dumped.removeprefix("k:").strip()


def _without(text: str, start: int, end: int) -> str:
    """Take a line out, with a comment behind its value."""
    stop = text.find("\n", max(end - 1, start))
    return text[:start] + ("" if stop < 0 else text[stop + 1 :])
