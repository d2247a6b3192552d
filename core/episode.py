"""Episodes of a session: attempts at a task, from a start to an outcome.

The state is frozen; every function returns a new one or raises :class:`EpisodeError`. Nothing is
ever taken away: a discarded episode keeps all it has, an edited note and a revised outcome stand
behind what they replace.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.types import StudioError

MAX_NOTE = 2000
"""Longest note in characters."""

_ASKED = 32
"""Requests to the policy that are remembered until one of them is run."""


class EpisodeError(StudioError):
    """What was asked for does not fit the state of the episodes."""


class Outcome(StrEnum):
    """How an episode ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    DISCARDED = "discarded"
    INTERRUPTED = "interrupted"


class Steering(StrEnum):
    """How a person changed what the arm did."""

    TRACE = "trace"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeNote:
    """One version of a remark.

    Attributes:
        number: Which remark of the episode, from 1; a later version has the same number.
        text: The words; empty when the remark was withdrawn.
        t_ns: When this version was written [ns, monotonic].
    """

    number: int
    text: str
    t_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How somebody said that an episode ended.

    Attributes:
        outcome: How.
        t_ns: When it was said [ns, monotonic].
    """

    outcome: Outcome
    t_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One attempt.

    Attributes:
        number: From 1 within a session.
        started_ns: When it began [ns, monotonic].
        instruction: What the arm is to do, as at the start.
        rubric: Name of the rubric.
        progress: How far it has got [%], None while nobody has said.
        milestone: The last milestone that was reached, or nothing.
        steered: How a person changed what the arm did: only by plans that were run.
        notes: Every version of every remark, in order.
        judgements: Every outcome that was given, in order; none while the episode is open.
    """

    number: int
    started_ns: int
    instruction: str
    rubric: str = ""
    progress: int | None = None
    milestone: str = ""
    steered: frozenset[Steering] = frozenset()
    notes: tuple[EpisodeNote, ...] = ()
    judgements: tuple[Judgement, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return not self.judgements

    @property
    def outcome(self) -> Outcome | None:
        """The latest outcome; None while it goes on."""
        return self.judgements[-1].outcome if self.judgements else None

    @property
    def ended_ns(self) -> int | None:
        """When it ended [ns, monotonic]; a later revision does not change that."""
        return self.judgements[0].t_ns if self.judgements else None

    @property
    def remarks(self) -> tuple[EpisodeNote, ...]:
        """The latest version of every remark that was not withdrawn."""
        latest = {note.number: note for note in self.notes}
        return tuple(note for note in latest.values() if note.text)

    def seconds(self, now_ns: int) -> float:
        """Return how long it took, or has taken by now [s]."""
        end = now_ns if self.ended_ns is None else self.ended_ns
        return max(end - self.started_ns, 0) / 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to the policy.

    Attributes:
        request_id: Its number.
        instruction: What the policy was told.
        traced: Whether it was to follow a drawn trace.
    """

    request_id: int
    instruction: str
    traced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """All episodes of a session; at most the last one is open.

    Attributes:
        episodes: In the order of their numbers.
        asked: The last requests to the policy.
    """

    episodes: tuple[Episode, ...] = ()
    asked: tuple[Asked, ...] = field(default=(), repr=False)

    @property
    def last(self) -> Episode | None:
        """The open episode, or else the one that ended last."""
        return self.episodes[-1] if self.episodes else None

    @property
    def current(self) -> Episode | None:
        """The open episode."""
        return self.episodes[-1] if self.episodes and self.episodes[-1].is_open else None

    def numbered(self, number: int) -> Episode:
        """Return an episode.

        Raises:
            EpisodeError: If there is none of that number.
        """
        for episode in reversed(self.episodes):
            if episode.number == number:
                return episode
        raise EpisodeError(f"There is no episode {number} in this session.")

    @property
    def next_number(self) -> int:
        """Number that the next episode gets."""
        return 1 + (self.last.number if self.last is not None else 0)


def begin(state: Episodes, *, number: int, instruction: str, rubric: str, t_ns: int) -> Episodes:
    """Open the next episode.

    Args:
        state: The episodes.
        number: :attr:`Episodes.next_number`; the first one of a file may be higher, when the
            session began in another file.
        instruction: What the arm is to do.
        rubric: Name of the rubric.
        t_ns: When [ns, monotonic].

    Raises:
        EpisodeError: If one is open, there is no instruction, or the number is out of order.
    """
    if state.current is not None:
        raise EpisodeError(f"Episode {state.current.number} is still open; say first how it ended.")
    if not instruction.strip():
        raise EpisodeError("An episode needs an instruction; type what the arm should do.")
    if number < 1 or (state.episodes and number != state.next_number):
        raise EpisodeError(f"Episode {number} cannot come after {state.next_number - 1}.")
    episode = Episode(number=number, started_ns=t_ns, instruction=instruction, rubric=rubric)
    return replace(state, episodes=(*state.episodes, episode))


def grade(
    state: Episodes, number: int, *, progress: int | None, milestone: str = "", rubric: str = ""
) -> Episodes:
    """Say how far an episode has got; also after it has ended.

    Args:
        state: The episodes.
        number: Which episode.
        progress: 0 to 100 [%]; None while nobody has said.
        milestone: The last milestone that this includes.
        rubric: Name of the rubric that it is said by; nothing leaves it as it was.

    Raises:
        EpisodeError: If there is no such episode, or the progress is out of range.
    """
    episode = state.numbered(number)
    if progress is not None and not 0 <= progress <= 100:
        raise EpisodeError(f"The progress is {progress} %; expected 0 to 100.")
    changed = replace(
        episode, progress=progress, milestone=milestone, rubric=rubric or episode.rubric
    )
    return _with(state, changed)


def note(state: Episodes, number: int, *, remark: int, text: str, t_ns: int) -> Episodes:
    """Write a remark, or another version of one; also after the episode has ended.

    Args:
        state: The episodes.
        number: Which episode.
        remark: Which remark: one behind the last for a new one.
        text: The words; empty withdraws a remark.
        t_ns: When [ns, monotonic].

    Raises:
        EpisodeError: If there is no such episode or remark, or the text is empty or too long.
    """
    episode = state.numbered(number)
    words = text.strip()
    newest = next_remark(episode)
    if not 1 <= remark <= newest:
        raise EpisodeError(f"Episode {number} has no remark {remark}.")
    if not words and remark == newest:
        raise EpisodeError("The note is empty; write down what happened.")
    if len(words) > MAX_NOTE:
        raise EpisodeError(
            f"The note has {len(words):,} characters; at most {MAX_NOTE:,} are possible. Split it."
        )
    written = EpisodeNote(number=remark, text=words, t_ns=t_ns)
    return _with(state, replace(episode, notes=(*episode.notes, written)))


def next_remark(episode: Episode) -> int:
    """Return the number that a new remark gets."""
    return 1 + max((written.number for written in episode.notes), default=0)


def end(state: Episodes, number: int, outcome: Outcome, *, t_ns: int) -> Episodes:
    """Close the open episode.

    Raises:
        EpisodeError: If that episode is not open.
    """
    return _judge(state, _open(state, number), outcome, t_ns)


def revise(state: Episodes, number: int, outcome: Outcome, *, t_ns: int) -> Episodes:
    """Give an episode that has ended another outcome; the former ones stay behind it.

    Raises:
        EpisodeError: If it is still open, or has that outcome already.
    """
    episode = state.numbered(number)
    if episode.is_open:
        raise EpisodeError(f"Episode {number} is still open; say first how it ended.")
    if episode.outcome == outcome:
        raise EpisodeError(f"Episode {number} is a {outcome} already.")
    return _judge(state, episode, outcome, t_ns)


def ask(state: Episodes, request: Asked) -> Episodes:
    """Remember what the policy is asked."""
    others = [known for known in state.asked if known.request_id != request.request_id]
    return replace(state, asked=(*others, request)[-_ASKED:])


def trace(state: Episodes, request_id: int) -> Episodes:
    """Remember that a request is to follow a drawn trace."""
    asked = tuple(
        replace(known, traced=True) if known.request_id == request_id else known
        for known in state.asked
    )
    return replace(state, asked=asked)


def run(state: Episodes, request_id: int) -> Episodes:
    """Note in the open episode that an answer is run, and whether that steers it."""
    episode = state.current
    request = next((known for known in state.asked if known.request_id == request_id), None)
    if episode is None or request is None:
        return state
    ways = set(episode.steered)
    if request.traced:
        ways.add(Steering.TRACE)
    if request.instruction.strip() != episode.instruction.strip():
        ways.add(Steering.LANGUAGE)
    return _with(state, replace(episode, steered=frozenset(ways)))


def _judge(state: Episodes, episode: Episode, outcome: Outcome, t_ns: int) -> Episodes:
    said = Judgement(outcome=outcome, t_ns=t_ns)
    return _with(state, replace(episode, judgements=(*episode.judgements, said)))


def _open(state: Episodes, number: int) -> Episode:
    if state.current is None or state.current.number != number:
        raise EpisodeError("No episode is open; start one first.")
    return state.current


def _with(state: Episodes, changed: Episode) -> Episodes:
    episodes = tuple(changed if e.number == changed.number else e for e in state.episodes)
    return replace(state, episodes=episodes)
