"""Small files that a person may write by hand, and the history of instructions.

Everything here reads or writes a disk: it is called before the window opens, or in a thread of its
own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from core.rubric import Rubric, parse_rubric
from core.templates import parse_templates
from core.types import StudioError

ASSETS = Path(__file__).resolve().parent.parent / "assets"
HISTORY_FILE = "instructions.json"
HISTORY = 50
"""Number of instructions that are remembered."""

T = TypeVar("T")


def load_templates(folder: Path) -> tuple[tuple[str, ...], list[str]]:
    """Read the person's own templates, which come first, and those of the studio.

    Args:
        folder: Folder of the settings; its ``templates.yaml`` may be missing.

    Returns:
        Templates without repetitions, and what is wrong with the person's file.
    """
    own, problems = _read(folder / "templates.yaml", parse_templates)
    shipped, _ = _read(ASSETS / "instructions" / "templates.yaml", parse_templates)
    return tuple(dict.fromkeys((*(own or ()), *(shipped or ())))), problems


def load_rubrics(folder: Path) -> tuple[tuple[Rubric, ...], list[str]]:
    """Read the person's own rubrics, which come first, and those of the studio.

    Args:
        folder: Folder of the settings; its ``rubrics`` may be missing.

    Returns:
        Rubrics of different names, and what is wrong with files, a sentence for each.
    """
    found: dict[str, Rubric] = {}
    problems: list[str] = []
    for place in (folder / "rubrics", ASSETS / "rubrics"):
        for path in sorted(place.glob("*.yaml")):
            rubric, wrong = _read(path, parse_rubric)
            problems += wrong
            if rubric is not None:
                found.setdefault(rubric.name, rubric)
    return tuple(found.values()), problems


def load_history(folder: Path) -> tuple[list[str], list[str]]:
    """Read the earlier instructions, newest first.

    Returns:
        The instructions, and what is wrong with the file; a damaged one is kept under another name.
    """
    path = folder / HISTORY_FILE
    try:
        loaded: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [], []
    except (OSError, ValueError) as error:
        return [], [_put_aside(path, str(error))]
    if not isinstance(loaded, list) or not all(isinstance(text, str) for text in loaded):
        return [], [_put_aside(path, "it is no list of texts")]
    return list(dict.fromkeys(loaded))[:HISTORY], []


def save_history(folder: Path, history: Sequence[str]) -> None:
    """Write the earlier instructions in one step: the file is the old one or the new one.

    Raises:
        StudioError: If the file cannot be written.
    """
    path = folder / HISTORY_FILE
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(list(history), ensure_ascii=False, indent=1)
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except (OSError, ValueError) as error:  # half of a surrogate pair cannot be written
        temporary.unlink(missing_ok=True)
        raise StudioError(
            f"The earlier instructions could not be saved in {path}: {error}. They are kept until "
            "the studio closes."
        ) from error


def _read(path: Path, parse: Callable[[Any, str], T]) -> tuple[T | None, list[str]]:
    try:
        return parse(yaml.safe_load(path.read_text(encoding="utf-8")), str(path)), []
    except FileNotFoundError:
        return None, []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        return None, [f"{path} cannot be read and is left out: {error}"]
    except StudioError as error:
        return None, [f"{error} The file is left out until it is mended."]


def _put_aside(path: Path, why: str) -> str:
    aside = path.with_suffix(".damaged")
    try:
        path.replace(aside)
    except OSError:
        return f"The earlier instructions in {path} cannot be read: {why}."
    return f"The earlier instructions cannot be read ({why}); the file is kept as {aside}."
