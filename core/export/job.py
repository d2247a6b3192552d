"""What a format has to offer so that an export of it can be broken off and taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from core.export.request import Pace
from core.export.take import Take

Facts = dict[str, Any]
"""What a finished part tells those after it, as JSON; with "skipped", why it came to nothing."""

SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """What is made in one go.

    Attributes:
        key: Identifier within the export; the same every time.
        title: What is made, for people.
        takes: What it is made from.
        weight: How long it takes, compared with the other parts.
    """

    key: str
    title: str
    takes: tuple[Take, ...]
    weight: float = 1.0


class Job(Protocol):
    """Makes the parts of an export one after the other, and then what spans them."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts in their order."""
        ...

    def make(self, part: Part, folder: Path, before: list[Facts], pace: Pace) -> Facts:
        """Write a part.

        Args:
            part: Which one.
            folder: Empty; every file in it is moved to the same place in the result.
            before: Facts of all parts before it, in their order.
            pace: Told how far it is; raises when the export is given up.
        """
        ...

    def finish(self, folder: Path, facts: list[Facts]) -> None:
        """Write what spans the parts; may be called again when it was broken off.

        Args:
            folder: The result so far.
            facts: Of all parts.
        """
        ...


def one_by_one(takes: list[Take]) -> tuple[Part, ...]:
    """Return a part for every take."""
    return tuple(
        Part(
            key=f"{index:04d}-{take.path.name}-{take.number}",
            title=take.title,
            takes=(take,),
            weight=max(take.seconds, 1.0),
        )
        for index, take in enumerate(takes)
    )
