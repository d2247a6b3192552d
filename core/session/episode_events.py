"""What is noted about episodes; a later event never undoes an earlier one, it stands behind it."""

from __future__ import annotations

from dataclasses import dataclass

from core.episode import Outcome
from core.session.event import Event


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EpisodeStarted(Event):
    """A person starts an attempt.

    Attributes:
        number: From 1 within the session.
        instruction: What the arm is to do.
        rubric: Name of the rubric that progress is given by.
    """

    number: int
    instruction: str
    rubric: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EpisodeProgressed(Event):
    """A person says how far an episode has got; it may have ended by then.

    Attributes:
        number: Which episode.
        progress: 0 to 100 [%]; None while nobody has said, when only the rubric is another.
        milestone: The last milestone that this includes.
        rubric: Name of the rubric.
    """

    number: int
    progress: int | None
    milestone: str = ""
    rubric: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EpisodeNoted(Event):
    """A person writes a remark on an episode, or writes one anew.

    Attributes:
        number: Which episode.
        remark: Which remark, from 1; the same number again replaces the words.
        text: The words; empty withdraws the remark.
    """

    number: int
    remark: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EpisodeEnded(Event):
    """A person says how an episode ended, or the studio was closed in the midst of it.

    Attributes:
        number: Which episode.
        outcome: How; "discarded" marks it and takes nothing away.
        progress: How far it had got [%]; None when nobody had said.
        note: The remarks on it by then, a line each.
        revised: Whether it had ended before and only its outcome is another now.
    """

    number: int
    outcome: Outcome
    progress: int | None = None
    note: str = ""
    revised: bool = False


def describe_episode(event: Event) -> str:
    """Return an event of this module as one line for people; of any other, nothing."""
    match event:
        case EpisodeStarted():
            return f'Episode {event.number} started: "{event.instruction}"'
        case EpisodeProgressed():
            words = f" ({event.milestone})" if event.milestone else ""
            if event.progress is None:
                return f"Episode {event.number} is scored as “{event.rubric}”"
            return f"Episode {event.number} at {event.progress} %{words}"
        case EpisodeNoted():
            return f"Episode {event.number}, note {event.remark}: {event.text or 'withdrawn'}"
        case EpisodeEnded():
            what = "is now" if event.revised else "ended:"
            done = "" if event.progress is None else f", {event.progress} %"
            return f"Episode {event.number} {what} {event.outcome}{done}"
        case _:
            return ""
