"""Doubts about an answer that parsed well: typed here, sentences on the wire and in the log.

A severe doubt means that running the plan could move the arm in a way that nobody meant. It travels
as a sentence with a fixed beginning, so that servers and studios of other releases show it as it
is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

SEVERE_BEGINNING = "Look before you run: "


class DoubtKind(StrEnum):
    """What is odd about an answer."""

    STILL = "still"
    ONLY_TURNS = "only turns"
    SATURATED = "saturated"
    CONSTANT = "constant"
    FLICKER = "flicker"
    FROZEN_CAMERA = "frozen camera"
    FROZEN_DEPTH = "frozen depth"
    FROZEN_TRACE = "frozen trace"
    NO_EFFECT = "no effect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Something odd about an answer.

    Attributes:
        kind: What is odd.
        sentence: What was seen and what it may mean, in words for the person.
        severe: Whether a person has to look before the plan may run.
    """

    kind: DoubtKind
    sentence: str
    severe: bool = False

    @property
    def text(self) -> str:
        """The sentence as it travels in :attr:`core.types.Reasoning.warnings`."""
        return f"{SEVERE_BEGINNING}{self.sentence}" if self.severe else self.sentence


def texts(doubts: Iterable[Doubt]) -> tuple[str, ...]:
    """Return doubts as sentences, severe ones first."""
    return tuple(doubt.text for doubt in sorted(doubts, key=lambda doubt: not doubt.severe))


def severe_texts(warnings: Iterable[str]) -> tuple[str, ...]:
    """Return those of an answer's warnings that are severe, without their beginning."""
    return tuple(
        warning.removeprefix(SEVERE_BEGINNING)
        for warning in warnings
        if warning.startswith(SEVERE_BEGINNING)
    )
