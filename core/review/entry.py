"""A line of the library: an episode, or a session without any, and what one can search it by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.episode import Outcome
from core.review.marks import MarkKind
from core.review.session import ReviewSession, Span

WHOLE = 0
"""Number of the line that stands for a whole session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the library.

    Attributes:
        path: The session file.
        key: Name of the session that it keeps when its file is moved or repaired.
        number: Number of the episode; 0 for a session in which no episode was started.
        started_ns: When it began [ns since 1970].
        seconds: How long it took [s].
        task: The instruction.
        rubric: Name of the rubric.
        outcome: How it ended; empty when nobody said.
        progress: How far it got [%]; None when nobody said.
        steered: Whether a person steered it, by "trace", "language" or both; empty for not.
        operator: Who drove, if that was recorded.
        policy: Name of the policy.
        robot: "lab" or "real".
        warnings: Number of doubts, faults, refused plans and losses.
        stops: Number of stops.
        edits: Number of changes of a drawn trace.
        remarks: What was noted while it was recorded.
        size: Size of the file [bytes].
        state: "" for a readable file, "unfinished", "recording", or "damaged".
        problem: What is wrong with the file, as a sentence; empty when nothing is.
    """

    path: Path
    key: str
    number: int = WHOLE
    started_ns: int = 0
    seconds: float = 0.0
    task: str = ""
    rubric: str = ""
    outcome: str = ""
    progress: int | None = None
    steered: str = ""
    operator: str = ""
    policy: str = ""
    robot: str = ""
    warnings: int = 0
    stops: int = 0
    edits: int = 0
    remarks: str = ""
    size: int = 0
    state: str = ""
    problem: str = ""


def key_of(started_ns: int) -> str:
    """Return the name of a session by the time of its first message [ns since 1970].

    A copy, a move and a repair leave that time as it is, so that what a person wrote about the
    session is found again.
    """
    return f"s{started_ns}"


def entries_of(session: ReviewSession) -> list[Entry]:
    """Return the lines of a session: one for each episode, or one for all of it."""
    if not session.spans:
        return [_whole(session)]
    return [_episode(session, span) for span in session.spans]


def _whole(session: ReviewSession) -> Entry:
    first = next((words for words in _instructions(session) if words), "")
    return _entry(session, WHOLE, session.start_ns, session.end_ns, task=first)


def _episode(session: ReviewSession, span: Span) -> Entry:
    episode = span.episode
    outcome = "" if episode.outcome is None else str(episode.outcome)
    return _entry(
        session,
        episode.number,
        span.start_ns,
        span.end_ns,
        task=episode.instruction,
        rubric=episode.rubric,
        # a session that was killed never said so
        outcome=outcome or str(Outcome.INTERRUPTED),
        progress=episode.progress,
        steered=", ".join(sorted(str(way) for way in episode.steered)),
        remarks="\n".join(note.text for note in episode.remarks),
    )


def _entry(
    session: ReviewSession, number: int, start_ns: int, end_ns: int, **about: object
) -> Entry:
    kinds = [mark.kind for mark in session.marks if start_ns <= mark.wall_ns <= end_ns]
    started = session.started
    facts: dict[str, object] = {
        "policy": "" if started is None else started.policy,
        "robot": "" if started is None else started.robot,
        "operator": _operator(session),
        "warnings": kinds.count(MarkKind.WARNING),
        "stops": kinds.count(MarkKind.STOP),
        "edits": kinds.count(MarkKind.EDIT),
        "size": session.path.stat().st_size,
        "problem": session.unread[0] if session.unread else "",
    }
    return Entry(
        path=session.path,
        key=key_of(session.start_ns),
        number=number,
        started_ns=start_ns,
        seconds=max(end_ns - start_ns, 0) / 1e9,
        **{**facts, **about},  # type: ignore[arg-type]
    )


def _instructions(session: ReviewSession) -> list[str]:
    return [
        session.moment(mark.wall_ns).instruction
        for mark in session.marks
        if mark.kind == MarkKind.ASK
    ]


def _operator(session: ReviewSession) -> str:
    """Return who drove, from the first record that says so."""
    for record in session.metadata.values():
        for name in ("operator", "participant"):
            if record.get(name):
                return record[name]
    settings = session.started.configuration if session.started is not None else {}
    return str(settings.get("operator") or "")
