"""How far a task got: milestones with their share of the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from core.types import StudioError

MOST_MILESTONES = 9
MAX_NAME = 40
_KEYS = {"name", "words", "milestones"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A point on the way to success.

    Attributes:
        name: What has been done by then, such as "grasped".
        percent: Share of the whole, 1 to 100.
    """

    name: str
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """How a kind of task is scored.

    Attributes:
        name: Name of the rubric.
        milestones: One to nine, of rising share; the last one is 100 %.
        words: Words of an instruction that this rubric is for; none for a rubric that is chosen.
    """

    name: str
    milestones: tuple[Milestone, ...]
    words: tuple[str, ...] = ()


def reached(rubric: Rubric, progress: int | None) -> Milestone | None:
    """Return the last milestone that a progress [%] includes; None before the first."""
    done = [m for m in rubric.milestones if progress is not None and m.percent <= progress]
    return done[-1] if done else None


def step(rubric: Rubric, progress: int | None, forward: bool) -> int:
    """Return the progress [%] of the next milestone, or of the one before; 0 before the first."""
    now = 0 if progress is None else progress
    places = [0, *(milestone.percent for milestone in rubric.milestones)]
    if forward:
        return next((place for place in places if place > now), places[-1])
    return next((place for place in reversed(places) if place < now), 0)


def match(rubrics: Sequence[Rubric], instruction: str) -> Rubric | None:
    """Choose the rubric for an instruction: most words in common, then the earlier one.

    Returns:
        The rubric; one without words where no word fits; None when there is none at all.
    """
    said = set(re.findall(r"\w+", instruction.lower()))
    scores = [len(said.intersection(rubric.words)) for rubric in rubrics]
    if any(scores):
        return rubrics[scores.index(max(scores))]
    return next((r for r in rubrics if not r.words), rubrics[0] if rubrics else None)


def parse_rubric(loaded: Any, source: str) -> Rubric:
    """Read a rubric.

    Args:
        loaded: What the file holds: a mapping with "name", "milestones" (name: fraction) and, if
            it is to be chosen by the instruction, "words".
        source: Name of the file, for messages.

    Raises:
        StudioError: With what is wrong and what would be right.
    """
    if not isinstance(loaded, dict):
        raise StudioError(f"{source} must have lines 'name: …' and 'milestones: …'.")
    rubric = cast("dict[Any, Any]", loaded)
    if unknown := [str(key) for key in rubric if key not in _KEYS]:
        raise StudioError(f"{source} names '{unknown[0]}'; known are {', '.join(sorted(_KEYS))}.")
    name = rubric.get("name")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_NAME:
        raise StudioError(
            f"{source} has the name {name!r}; expected a text of 1 to {MAX_NAME} characters."
        )
    words = rubric.get("words")
    words = [] if words is None else words
    if not isinstance(words, list) or not all(
        isinstance(word, str) and re.fullmatch(r"\w+", word) for word in cast("list[Any]", words)
    ):
        raise StudioError(f"The words in {source} must be a list of single words: [pick, lift].")
    return Rubric(
        name=name.strip(),
        milestones=_milestones(rubric.get("milestones"), source),
        words=tuple(dict.fromkeys(word.lower() for word in cast("list[str]", words))),
    )


def _milestones(loaded: Any, source: str) -> tuple[Milestone, ...]:
    if not isinstance(loaded, dict) or not 1 <= len(cast("dict[Any, Any]", loaded)) <= (
        MOST_MILESTONES
    ):
        raise StudioError(
            f"{source} needs 1 to {MOST_MILESTONES} milestones, each on a line like "
            "'grasped: 0.5' below 'milestones:'."
        )
    found: list[Milestone] = []
    for name, share in cast("dict[Any, Any]", loaded).items():
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_NAME:
            raise StudioError(
                f"{source} has a milestone {name!r}; expected a text of 1 to {MAX_NAME} "
                "characters (words such as yes, no and on need quotation marks)."
            )
        number = isinstance(share, (int, float)) and not isinstance(share, bool)
        if not number or not 0.01 <= share <= 1.0:
            raise StudioError(
                f"The milestone '{name}' in {source} is {share!r}; expected a fraction from 0.01 "
                "to 1.0."
            )
        found.append(Milestone(name=name.strip(), percent=round(100 * share)))
    for before, after in pairwise(found):
        if after.percent <= before.percent:
            raise StudioError(
                f"In {source} '{after.name}' ({after.percent} %) does not come after "
                f"'{before.name}' ({before.percent} %); the shares must rise."
            )
    if found[-1].percent != 100:
        raise StudioError(
            f"The last milestone in {source}, '{found[-1].name}', is {found[-1].percent} %; it "
            "must be 1.0, the whole task."
        )
    return tuple(found)
