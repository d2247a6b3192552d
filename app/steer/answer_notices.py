"""What has to be said about an answer: its fault, doubts and age, each with its kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.policy.doubt import severe_texts
from core.types import Observation, Reasoning

INCOMPLETE = "What is shown of this answer is incomplete; none of it can be run."

OLD_S = 60.0
"""An answer older than this is said to be old: a table may have changed meanwhile."""

DEGENERATE = (
    "almost zero",
    "do not carry it anywhere",
    "very end of the range",
    "the same in every direction",
    "opens and closes",
    "may not be looking",
    "The same actions come",
)
"""Words of those doubts of :mod:`core.policy.judge` and ``history`` that mean a degenerate answer;
doubts travel as sentences."""


class Kind(StrEnum):
    """What is wrong with an answer."""

    MALFORMED = "malformed"
    LOOK = "look before you run"
    DEGENERATE = "degenerate"
    STALE = "out of date"
    NOTE = "note"


LOOKS = {
    Kind.MALFORMED: ("x-circle", "fault", "✗"),
    Kind.LOOK: ("hand-palm", "fault", "⚠"),
    Kind.DEGENERATE: ("warning", "warn", "⚠"),
    Kind.STALE: ("clock-counter-clockwise", "warn", "⚠"),
    Kind.NOTE: ("info", "warn", "⚠"),
}
"""Icon, colour and mark of each kind."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to say.

    Attributes:
        kind: What it is.
        text: A sentence.
    """

    kind: Kind
    text: str


def notices(reasoning: Reasoning, *, parts: bool, stale: str = "") -> tuple[Said, ...]:
    """List what has to be said about an answer, the worst first.

    Args:
        reasoning: The answer.
        parts: Whether pieces of it are shown.
        stale: Why it is out of date, or nothing.
    """
    found: list[Said] = []
    if reasoning.error:
        text = f"{reasoning.error}\n{INCOMPLETE}" if parts else reasoning.error
        found.append(Said(Kind.MALFORMED, text))
    if stale:
        found.append(Said(Kind.STALE, stale))
    found += [Said(kind_of(warning), warning) for warning in reasoning.warnings]
    return tuple(sorted(found, key=lambda said: list(Kind).index(said.kind)))


def kind_of(warning: str) -> Kind:
    """Tell the kind of one of an answer's warnings."""
    if severe_texts([warning]):
        return Kind.LOOK
    return Kind.DEGENERATE if any(words in warning for words in DEGENERATE) else Kind.NOTE


def staleness(
    asked: Observation | None, shown: Observation | None, instruction: str, age_s: float
) -> str:
    """Say why an answer is out of date, or nothing.

    Args:
        asked: What the policy was asked about; None when that is not known.
        shown: What is pinned now; None while the picture is live.
        instruction: What the person has typed by now.
        age_s: Time since the answer [s].
    """
    if asked is None:
        return ""
    if shown is None:
        return "This answer belongs to an earlier picture; the one beside it is live again."
    if any(a is not b for a, b in zip(asked.frames, shown.frames, strict=False)):
        return "This answer belongs to an earlier picture than the one beside it."
    if instruction.strip() != asked.instruction.strip():
        return f"This answer is to “{asked.instruction}”; the instruction has changed since."
    if age_s > OLD_S:
        minutes = int(age_s // 60)
        ago = "over a minute ago" if minutes == 1 else f"{minutes} minutes ago"
        return f"This answer came {ago}; think again if anything has moved."
    return ""
