"""Reads the takes out of a session file, without its pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from core.episode import Episodes
from core.export.take import WHOLE, Requests, Step, Take, with_end
from core.session.compare_events import Compared
from core.session.episode_events import (
    EpisodeEnded,
    EpisodeNoted,
    EpisodeProgressed,
    EpisodeStarted,
)
from core.session.episodes import advance
from core.session.event import Event
from core.session.events import (
    ChunkEnded,
    ChunkStarted,
    Observed,
    Reasoned,
    SessionStarted,
    StateSampled,
    Steered,
    StepDone,
    Stopped,
)
from core.session.reader import read_session
from core.types import RobotState, StudioError


def read_takes(path: Path) -> list[Take]:
    """Return the episodes of a session, or the session as one take when it has none.

    What happened outside of episodes belongs to no take once there is an episode.

    Raises:
        StudioError: If the file cannot be read.
    """
    return takes_of(path, read_session(path, frames=False))


def takes_of(path: Path, events: Iterable[Event]) -> list[Take]:
    """Return the takes that the events of a session make.

    Args:
        path: The file that they are from.
        events: In the order they were noted.

    Raises:
        StudioError: If they do not fit together.
    """
    fold = _Fold(path)
    for event in events:
        fold.add(event)
    return fold.takes()


@dataclass(slots=True, kw_only=True)
class _Run:
    started: ChunkStarted
    number: int
    since_ns: int
    state: RobotState | None
    instruction: str


class _Fold:
    """Goes through the events once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._episodes = Episodes()
        self._requests = Requests()
        self._state: RobotState | None = None
        self._run: _Run | None = None
        self._takes: dict[int, Take] = {}
        self._facts = SessionStarted()
        self._open = WHOLE
        self._last_ns = 0

    def add(self, event: Event) -> None:
        """Take one event into account."""
        if not self._takes:
            self._begin(WHOLE, "", event.wall_ns)
        self._last_ns = max(self._last_ns, event.wall_ns)
        self._follow_episodes(event)
        match event:
            case SessionStarted():
                self._facts = event
            case StateSampled():
                self._state = event.state
            case Observed():
                self._requests.tell(event.request_id, event.observation.instruction)
                whole = self._takes[WHOLE]
                if not whole.instruction:
                    self._takes[WHOLE] = replace(whole, instruction=event.observation.instruction)
            case Compared():
                for number, words in zip(event.request_ids, event.instructions, strict=False):
                    self._requests.tell(number, words)
            case Steered():
                self._requests.draw(event.request_id, event.trace)
            case Reasoned():
                self._requests.answer(event.reasoning.request_id, event.reasoning.traces)
                if not event.reasoning.error:
                    self._change(self._open, plans=self._takes[self._open].plans + 1)
            case Stopped():
                self._change(self._open, stops=self._takes[self._open].stops + 1)
            case ChunkStarted() | StepDone() | ChunkEnded():
                self._follow_run(event)
            case _:
                pass

    def takes(self) -> list[Take]:
        """Return what was found."""
        if self._run is not None:  # the file ends in the midst of a run
            self._end_run(self._run, self._last_ns)
        whole = self._takes.pop(WHOLE, None)
        takes = list(self._takes.values()) or ([whole] if whole is not None else [])
        known = {episode.number: episode for episode in self._episodes.episodes}
        return [
            replace(
                take if take.ended_ns else with_end(take, self._last_ns),
                episode=known.get(take.number),
                cameras=self._facts.cameras,
                policy=self._facts.policy,
                checkpoint=self._facts.checkpoint,
                robot=self._facts.robot,
            )
            for take in takes
        ]

    def _follow_episodes(self, event: Event) -> None:
        about = isinstance(event, (EpisodeProgressed, EpisodeNoted, EpisodeEnded))
        if about and event.number not in self._takes:
            return  # it began in an earlier file
        try:
            self._episodes = advance(self._episodes, event)
        except StudioError as error:
            raise StudioError(f"{self._path.name} contradicts itself: {error}") from error
        if isinstance(event, EpisodeStarted):
            self._open = event.number
            self._begin(event.number, event.instruction, event.wall_ns)
        elif isinstance(event, EpisodeEnded) and not event.revised:
            self._change(event.number, ended_ns=event.wall_ns)
            self._open = WHOLE

    def _follow_run(self, event: ChunkStarted | StepDone | ChunkEnded) -> None:
        run = self._run
        if isinstance(event, ChunkStarted):
            words = self._requests.words.get(event.request_id)
            words = words or self._takes[self._open].instruction
            self._run = _Run(
                started=event,
                number=self._open,
                since_ns=event.wall_ns,
                state=self._state,
                instruction=words,
            )
        elif run is not None and event.run_id == run.started.run_id:
            take = self._takes[run.number]
            if isinstance(event, StepDone):
                if event.step < len(run.started.chunk.actions):
                    self._change(run.number, steps=(*take.steps, self._step(run, event)))
                self._state = event.state or self._state
                run.since_ns, run.state = event.wall_ns, self._state
            else:
                self._end_run(run, event.wall_ns)

    def _end_run(self, run: _Run, wall_ns: int) -> None:
        span = (run.started.wall_ns, wall_ns)
        self._change(run.number, runs=(*self._takes[run.number].runs, span))
        self._run = None

    def _step(self, run: _Run, done: StepDone) -> Step:
        chunk, request = run.started.chunk, run.started.request_id
        trace, traced = self._requests.trace_of(request)
        return Step(
            run_id=done.run_id,
            step=done.step,
            request_id=request,
            instruction=run.instruction,
            action=chunk.actions[done.step],
            rate_hz=chunk.rate_hz,
            begun_ns=run.since_ns,
            done_ns=done.wall_ns,
            before=run.state,
            after=done.state,
            trace=trace,
            traced=traced,
            reworded=run.instruction.strip() != self._takes[run.number].instruction.strip(),
        )

    def _begin(self, number: int, instruction: str, wall_ns: int) -> None:
        zero = self._takes[WHOLE].zero_ns if self._takes else wall_ns
        self._takes[number] = Take(
            path=self._path,
            number=number,
            instruction=instruction,
            zero_ns=zero,
            started_ns=wall_ns,
            ended_ns=0,
        )

    def _change(self, number: int, **changes: object) -> None:
        self._takes[number] = replace(self._takes[number], **changes)  # type: ignore[arg-type]
