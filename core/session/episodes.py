"""Episodes as the events of a session tell them: the same in the window and from the file."""

from __future__ import annotations

from collections.abc import Iterable

from core import episode
from core.episode import Asked, Episodes
from core.session.compare_events import Compared
from core.session.episode_events import (
    EpisodeEnded,
    EpisodeNoted,
    EpisodeProgressed,
    EpisodeStarted,
)
from core.session.event import Event
from core.session.events import ChunkStarted, Observed, Steered


def advance(state: Episodes, event: Event) -> Episodes:
    """Take one event into account; those that do not concern episodes change nothing.

    Raises:
        EpisodeError: If the event does not fit what came before it.
    """
    match event:
        case EpisodeStarted():
            return episode.begin(
                state,
                number=event.number,
                instruction=event.instruction,
                rubric=event.rubric,
                t_ns=event.t_ns,
            )
        case EpisodeProgressed():
            return episode.grade(
                state,
                event.number,
                progress=event.progress,
                milestone=event.milestone,
                rubric=event.rubric,
            )
        case EpisodeNoted():
            return episode.note(
                state, event.number, remark=event.remark, text=event.text, t_ns=event.t_ns
            )
        case EpisodeEnded():
            close = episode.revise if event.revised else episode.end
            return close(state, event.number, event.outcome, t_ns=event.t_ns)
        case Observed():
            return episode.ask(
                state,
                Asked(request_id=event.request_id, instruction=event.observation.instruction),
            )
        case Compared():
            for number, words in zip(event.request_ids, event.instructions, strict=False):
                state = episode.ask(state, Asked(request_id=number, instruction=words))
            return state
        case Steered():
            return episode.trace(state, event.request_id)
        case ChunkStarted():
            return episode.run(state, event.request_id)
        case _:
            return state


def episodes_of(events: Iterable[Event]) -> Episodes:
    """Return the episodes that began in a session file.

    What is said about an episode that began before the file did, because the recorder had to be
    started anew, is left out.

    Args:
        events: All events in their order, as :func:`core.session.reader.read_session` yields them.

    Raises:
        EpisodeError: If they do not fit together.
    """
    state = Episodes()
    for event in events:
        about = isinstance(event, (EpisodeProgressed, EpisodeNoted, EpisodeEnded))
        if not about or any(known.number == event.number for known in state.episodes):
            state = advance(state, event)
    return state
