"""Instructions in other people's words, from a fixed list that training never sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from core.types import StudioError
from robot.sim.layout import COLOURS, SHAPES
from robot.sim.tasks import Task, TaskKind

OPEN_LIST = Path(__file__).resolve().parents[3] / "assets" / "instructions" / "open.yaml"
LEAST_PHRASES = 15
"""Phrases that each kind of task needs: as many as the paper's study had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One way to say a task.

    Attributes:
        participant: Whose style it is.
        text: With "{thing}" and, where things go somewhere, "{goal}".
        other_colour: Whether colours are said in other words as well.
    """

    participant: str
    text: str
    other_colour: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenList:
    """All phrases, and the words that they name things with.

    Attributes:
        phrases: By kind of task.
        nouns: By shape.
        colours: By colour.
    """

    phrases: Mapping[TaskKind, tuple[Phrase, ...]]
    nouns: Mapping[str, tuple[str, ...]]
    colours: Mapping[str, tuple[str, ...]]

    def instruction(self, task: Task, number: int) -> str:
        """Say a task in other words.

        Args:
            task: What to say.
            number: Which phrase and which words, in turn: any whole number from 0 on.
        """
        known = self.phrases[task.kind]
        phrase, turn = known[number % len(known)], number // len(known) + number
        return phrase.text.format(
            thing=self._name(task.target, turn, phrase),
            goal=self._name(task.reference, turn + 1, phrase) if task.reference else "",
        )

    def _name(self, name: str, turn: int, phrase: Phrase) -> str:
        colour, shape = name.split(" ", 1)
        nouns, colours = self.nouns[shape], self.colours.get(colour, (colour,))
        said = colours[turn % len(colours)] if phrase.other_colour else colour
        return f"the {said} {nouns[turn % len(nouns)]}"


@cache
def open_list(path: Path = OPEN_LIST) -> OpenList:
    """Read the list.

    Raises:
        StudioError: If the file is missing or says something else.
    """
    try:
        loaded: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudioError(f"the open instructions cannot be read from {path}: {error}") from error
    return parse_open_list(loaded, str(path))


def parse_open_list(loaded: Any, source: str) -> OpenList:
    """Check what a file of open instructions holds.

    Args:
        loaded: A mapping with "nouns", "colours" and a list of phrases for each kind of task.
        source: Name of the file, for messages.

    Raises:
        StudioError: With what is wrong and what would be right.
    """
    if not isinstance(loaded, dict):
        raise StudioError(f"{source} must name nouns, colours, {', '.join(TaskKind)}")
    nouns = _words(loaded.get("nouns"), SHAPES, f"the nouns in {source}")
    colours = _words(loaded.get("colours"), COLOURS, f"the colours in {source}")
    phrases: dict[TaskKind, tuple[Phrase, ...]] = {}
    for kind in TaskKind:
        rows = loaded.get(str(kind))
        if not isinstance(rows, list) or len(rows) < LEAST_PHRASES:
            raise StudioError(
                f"{source} needs at least {LEAST_PHRASES} phrases for '{kind}', on lines like "
                '- {participant: P1, text: "collect {thing}"}'
            )
        phrases[kind] = tuple(_phrase(row, kind, source) for row in rows)
    return OpenList(phrases=phrases, nouns=nouns, colours=colours)


def _phrase(row: Any, kind: TaskKind, source: str) -> Phrase:
    known = {"participant", "text", "colour"}
    text = row.get("text") if isinstance(row, dict) else None
    if not isinstance(text, str) or set(row) - known or row.get("colour") not in (None, "other"):
        raise StudioError(
            f"{source} has the phrase {row!r} for '{kind}'; expected participant, text and, where "
            "the colour is said in other words, 'colour: other'"
        )
    gaps = {"{thing}": 1, "{goal}": int(kind is not TaskKind.PICK)}
    rest = text
    for gap, count in gaps.items():
        if text.count(gap) != count:
            raise StudioError(f"'{text}' in {source} must have {gap} {count} times for '{kind}'")
        rest = rest.replace(gap, "")
    if "{" in rest or "}" in rest:
        raise StudioError(f"'{text}' in {source} has a gap other than {{thing}} and {{goal}}")
    return Phrase(
        participant=str(row.get("participant", "")), text=text, other_colour="colour" in row
    )


def _words(loaded: Any, keys: Any, what: str) -> dict[str, tuple[str, ...]]:
    given: dict[Any, Any] = loaded if isinstance(loaded, dict) else {}
    for key in keys:
        words = given.get(key)
        if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
            raise StudioError(f"{what} must have a list of words for '{key}'")
    return {key: tuple(given[key]) for key in keys}
