"""Instructions with gaps, such as "put the {object} into the {place}"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from core.types import StudioError

MAX_TEMPLATE = 200
"""Longest template in characters."""

_GAP = re.compile(r"\{([a-z][a-z ]{0,19})\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A place in a text that is still to be filled in.

    Attributes:
        name: What belongs there, such as "object".
        start: Index of the opening brace.
        end: Index behind the closing brace.
    """

    name: str
    start: int
    end: int


def gaps(text: str) -> tuple[Gap, ...]:
    """Return the gaps of a text in their order."""
    return tuple(
        Gap(name=found[1], start=found.start(), end=found.end()) for found in _GAP.finditer(text)
    )


def next_gap(text: str, position: int) -> Gap | None:
    """Return the first gap that begins at or behind a position, else the very first; or None."""
    found = gaps(text)
    return next((gap for gap in found if gap.start >= position), found[0] if found else None)


def choices(gap: str, objects: tuple[str, ...]) -> tuple[str, ...]:
    """Return what may be filled in: the objects that are known, for gaps that name an object."""
    return objects if gap.split()[-1] == "object" else ()


def parse_templates(loaded: Any, source: str) -> tuple[str, ...]:
    """Read a list of templates.

    Args:
        loaded: What the file holds: a list of texts, or nothing.
        source: Name of the file, for messages.

    Returns:
        The templates without repetitions.

    Raises:
        StudioError: If it is something else, or a template cannot be used.
    """
    if loaded is None:
        return ()
    if not isinstance(loaded, list):
        raise StudioError(f"{source} must be a list of lines like '- pick up the {{object}}'.")
    texts: list[str] = []
    for number, item in enumerate(cast("list[Any]", loaded), 1):
        if not isinstance(item, str) or not item.strip():
            raise StudioError(
                f"Template {number} in {source} is {item!r}; expected a text. A text that begins "
                "with a brace needs quotation marks."
            )
        text = " ".join(item.split())
        if len(text) > MAX_TEMPLATE:
            raise StudioError(
                f"Template {number} in {source} has {len(text)} characters; at most {MAX_TEMPLATE} "
                "are possible."
            )
        if "{" in _GAP.sub("", text) or "}" in _GAP.sub("", text):
            raise StudioError(
                f"Template {number} in {source} has a brace that is no gap; a gap is a small word "
                "in braces, such as {object}."
            )
        texts.append(text)
    return tuple(dict.fromkeys(texts))
