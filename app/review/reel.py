"""A session that is looked at: a thread of its own reads, the newest wish wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

from app.workers import sentence_of
from core.review.executed import Execution, execution_of
from core.review.moment import Moment
from core.review.session import ReviewSession
from core.session.events import Previewed
from core.types import Frame, Reasoning, RobotState


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answered:
    """A recorded answer with what belongs to it.

    Attributes:
        index: Which event of the session it is.
        reasoning: The answer with its pictures.
        thought: The last answer with depth: a steered one has none of its own.
        picture: (H, W, 3) uint8 RGB that it is about; None when it is not in the file.
        camera: Name of the camera that took it.
        execution: What became of it.
        poses: (N+1, 4, 4) where the guard said that it leads [m]; None when it was not asked.
        allowed: Whether the guard allowed it.
    """

    index: int
    reasoning: Reasoning
    thought: Reasoning | None = None
    picture: NDArray[np.uint8] | None = None
    camera: str = ""
    execution: Execution | None = None
    poses: NDArray[np.float64] | None = None
    allowed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """Everything that is shown of one moment.

    Attributes:
        wall_ns: The moment [ns since 1970].
        moment: What held then.
        frames: Live pictures by camera.
        state: What the arm measured.
        answer: The answer in force.
        problem: Why something is missing, as a sentence.
    """

    wall_ns: int
    moment: Moment
    frames: dict[str, Frame] = field(default_factory=dict[str, Frame])
    state: RobotState | None = None
    answer: Answered | None = None
    problem: str = ""


class _Relay(QObject):
    done = Signal(object)
    found = Signal(object, object)


class Reel(QObject):
    """Reads the moments of an open session."""

    shown = Signal(object)
    """A :class:`Shown`."""

    def __init__(self, session: ReviewSession, parent: QObject | None = None) -> None:
        """Take a session over; :meth:`close` closes it.

        Args:
            session: An open session.
            parent: Qt parent.
        """
        super().__init__(parent)
        self.session = session
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._relay = _Relay()
        self._relay.done.connect(self._done)
        self._relay.found.connect(self._found)
        self._wanted: int | None = None
        self._busy = self._closed = False
        self._answer: Answered | None = None  # of the thread of the pool alone

    def want(self, wall_ns: int) -> None:
        """Ask for a moment; while one is read, only the newest wish is kept."""
        self._wanted = wall_ns
        self._start()

    def step(self, wall_ns: int, *, forward: bool, done: Callable[[int], None]) -> None:
        """Find the next or the previous picture of the first camera; ``done`` gets its time."""
        if self._closed or not self.session.cameras:
            return
        camera, relay, session = self.session.cameras[0], self._relay, self.session

        def work() -> None:
            try:
                found = session.frame_time(camera, wall_ns, forward=forward)
            except Exception:  # the picture itself says what is damaged
                found = None
            relay.found.emit(done, found)

        self._pool.start(work)

    def close(self) -> None:
        """Wait for the thread and close the file; nothing is emitted afterwards."""
        self._closed = True
        self._pool.waitForDone()
        self.session.close()

    def _start(self) -> None:
        if self._busy or self._closed or self._wanted is None:
            return
        wall_ns, self._wanted = self._wanted, None
        self._busy = True
        relay = self._relay
        self._pool.start(lambda: relay.done.emit(self._read(wall_ns)))

    @Slot(object)
    def _done(self, shown: Shown) -> None:
        self._busy = False
        if self._closed:
            return
        self.shown.emit(shown)
        self._start()

    @Slot(object, object)
    def _found(self, done: Callable[[int], None], wall_ns: int | None) -> None:
        if not self._closed and wall_ns is not None:
            done(wall_ns)

    def _read(self, wall_ns: int) -> Shown:
        """In the thread of the pool: read a moment; damage costs only what it hits."""
        session, problem = self.session, ""
        moment = session.moment(wall_ns)
        frames: dict[str, Frame] = {}
        state: RobotState | None = None
        for camera in session.cameras:
            try:
                frame = session.frame_at(camera, wall_ns)
            except Exception as error:
                problem = sentence_of(error)
            else:
                if frame is not None:
                    frames[camera] = frame
        try:
            state = session.state_at(wall_ns)
            self._answer = self._answered(moment)
        except Exception as error:
            problem = sentence_of(error)
        return Shown(
            wall_ns=wall_ns,
            moment=moment,
            frames=frames,
            state=state,
            answer=self._answer,
            problem=problem,
        )

    def _answered(self, moment: Moment) -> Answered | None:
        index = moment.answer
        if index is None:
            return None
        known = self._answer
        preview = None if moment.preview is None else self.session.events[moment.preview]
        same_path = known is not None and (known.poses is None) == (preview is None)
        if known is not None and known.index == index and same_path:
            return known
        event = self.session.answer(index)
        if event is None:
            return None
        asked = self.session.observed(event.reasoning.request_id, index)
        first = None if asked is None else asked.observation.frames[0]
        judged = preview if isinstance(preview, Previewed) else None
        return Answered(
            index=index,
            reasoning=event.reasoning,
            thought=self._thought(moment, event.reasoning),
            picture=None if first is None else first.image,
            camera="" if first is None else first.camera,
            execution=execution_of(self.session, index),
            poses=None if judged is None else judged.poses,
            allowed=judged is None or judged.ok,
        )

    def _thought(self, moment: Moment, own: Reasoning) -> Reasoning | None:
        if own.depth is not None or moment.thought is None:
            return own
        event = self.session.answer(moment.thought)
        return None if event is None else event.reasoning
