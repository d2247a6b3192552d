"""What a person wants to find again in a session: marks with a time, a kind and a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.session.compare_events import Compared, PlanChosen
from core.session.episode_events import EpisodeEnded, EpisodeStarted
from core.session.event import Event
from core.session.events import (
    ChunkEnded,
    ChunkStarted,
    Fault,
    InstructionChanged,
    Note,
    Observed,
    Previewed,
    Reasoned,
    Steered,
    Stopped,
    TraceEdited,
    describe,
)


class MarkKind(StrEnum):
    """What happened; the order is that of their rows in a timeline."""

    EPISODE = "episode"
    ASK = "question"
    EDIT = "edit"
    RUN = "run"
    WARNING = "warning"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One thing that happened.

    Attributes:
        wall_ns: When it was noted [ns since 1970].
        kind: What it was.
        words: What happened, as one line.
        index: Which of the session's events it is.
    """

    wall_ns: int
    kind: MarkKind
    words: str
    index: int


def marks_of(events: Sequence[Event]) -> tuple[Mark, ...]:
    """Return the marks of a session in the order of their times.

    Args:
        events: Events as :attr:`core.review.session.ReviewSession.events` has them.
    """
    marks = [
        Mark(wall_ns=event.wall_ns, kind=kind, words=_words(event), index=index)
        for index, event in enumerate(events)
        if (kind := kind_of(event)) is not None
    ]
    return tuple(sorted(marks, key=lambda mark: mark.wall_ns))


def kind_of(event: Event) -> MarkKind | None:
    """Say under which kind of mark an event is found; None where nobody would look for it."""
    match event:
        case EpisodeStarted() | EpisodeEnded():
            return MarkKind.EPISODE
        case Observed() | Compared() | PlanChosen():
            return MarkKind.ASK
        case TraceEdited() | Steered() | InstructionChanged():
            return MarkKind.EDIT
        case ChunkStarted() | ChunkEnded():
            return MarkKind.RUN
        case Stopped():
            return MarkKind.STOP
        case Fault():
            return MarkKind.WARNING
        case Reasoned() if event.reasoning.warnings or event.reasoning.error:
            return MarkKind.WARNING
        case Previewed() if not event.ok:
            return MarkKind.WARNING
        case Note() if event.author == "recorder":  # something is missing in the file
            return MarkKind.WARNING
        case _:
            return None


def _words(event: Event) -> str:
    if isinstance(event, Reasoned) and event.reasoning.warnings:
        return event.reasoning.warnings[0]
    return describe(event)
