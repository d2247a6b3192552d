"""What the studio writes down: every decision of the person and what came of it.

Events go to the recorder, a program of its own; nothing here waits for a disk. While there is no
recorder they are kept back (frames aside) and handed over when one is attached; without any to come
nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.kept_back import KeptBack
from app.store import RigInfo
from core import overlay
from core.session import events
from core.types import (
    ActionChunk,
    Capabilities,
    Frame,
    Observation,
    Reasoning,
    RobotState,
    Trace,
)
from robot.rig import messages
from robot.rig.states import MotionState

FRAMES_PER_SECOND = 15
STATES_PER_SECOND = 30

Points = NDArray[np.float64]


class SessionLog:
    """Turns what happens into events of the session file."""

    def __init__(self) -> None:
        self._put: Callable[[events.Event], Any] | None = None
        self._kept: KeptBack | None = KeptBack()
        self._last: dict[str, int] = {}
        self._moving = False
        self._listeners: list[Callable[[events.Event], None]] = []

    def listen(self, listener: Callable[[events.Event], None]) -> None:
        """Tell about every event before it is written; a listener that raises keeps it out."""
        self._listeners.append(listener)

    def attach(self, put: Callable[[events.Event], Any] | None) -> None:
        """Hand events to a recorder from now on; what was kept back goes first."""
        self._put = put
        if put is not None and self._kept is not None:
            for event in self._kept.drain():  # listeners have heard of them when they happened
                put(event)

    def keep_nothing(self) -> None:
        """Keep nothing back: there will be no recorder."""
        self._kept = None

    def take_back(self, unsaved: list[events.Event]) -> None:
        """Keep what a recorder did not get onto the disk for the next one."""
        if self._put is not None:
            for event in unsaved:
                self._put(event)
        elif self._kept is not None:
            self._kept.put_first(unsaved)

    def _send(self, event: events.Event) -> None:
        for listener in self._listeners:
            listener(event)
        if self._put is None:
            if self._kept is not None and not event.droppable:
                self._kept.keep(event)
            return
        self._put(event)

    def started(
        self, capabilities: Capabilities | None, rig: RigInfo | None, configuration: dict[str, Any]
    ) -> None:
        """Everything is connected."""
        box = rig.workspace if rig is not None else None
        self._send(
            events.SessionStarted(
                configuration=configuration,
                policy=capabilities.name if capabilities is not None else "",
                checkpoint=capabilities.checkpoint if capabilities is not None else "",
                robot=rig.kind if rig is not None else "",
                host=rig.host if rig is not None else "",
                cameras=dict(rig.cameras) if rig is not None else {},
                workspace=np.array(box) if box is not None else None,
            )
        )

    def frame(self, frame: Frame) -> None:
        """A live picture arrived; at most 15 a second and camera are kept."""
        key = f"frame {frame.camera}"
        if self._put is not None and self._is_due(key, frame.t_ns, FRAMES_PER_SECOND):
            # what the arm does is evidence; while it stands still, pictures go first
            self._send(events.FrameSeen(frame=frame, preview=not self._moving))

    def state(self, state: RobotState) -> None:
        """The arm was measured."""
        key = f"state {state.arm}"
        if self._put is not None and self._is_due(key, state.t_ns, STATES_PER_SECOND):
            self._send(events.StateSampled(state=state))

    def _is_due(self, key: str, t_ns: int, rate: int) -> bool:
        # A tenth of slack, so that a camera at exactly this rate loses nothing to jitter.
        if t_ns - self._last.get(key, -(1 << 62)) < 0.9e9 / rate:
            return False
        self._last[key] = t_ns
        return True

    def observed(self, request_id: int, observation: Observation) -> None:
        """The policy is asked."""
        self._send(events.Observed(request_id=request_id, observation=observation))

    def steered(
        self,
        request_id: int,
        trace: Trace,
        observation: Observation,
        capabilities: Capabilities | None,
    ) -> None:
        """The policy is asked to follow a trace; I+ is stored as the studio showed it."""
        size = capabilities.image_size if capabilities is not None else None
        image = overlay.prepare_frame(observation.frames[0].image, size)
        drawn = overlay.draw_trace(image, trace.points)
        self._send(events.Steered(request_id=request_id, trace=trace, model_image=drawn))

    def reasoned(self, reasoning: Reasoning) -> None:
        """The policy has answered."""
        self._send(events.Reasoned(reasoning=reasoning))

    def edited(
        self, operation: str, before: Points | None, after: Points | None, request_id: int
    ) -> None:
        """The drawn trace was changed."""
        none = np.zeros((0, 2))
        self._send(
            events.TraceEdited(
                operation=operation.lower(),
                before=none if before is None else before,
                after=none if after is None else after,
                request_id=request_id,
            )
        )

    def previewed(self, chunk: ActionChunk, preview: Any, request_id: int) -> None:
        """The guard has judged a plan."""
        verdict = preview.verdict
        self._send(
            events.Previewed(
                chunk=chunk,
                poses=preview.poses,
                ok=verdict.ok,
                reason=verdict.reason,
                step=verdict.step,
                request_id=request_id,
            )
        )

    def run_started(self, run_id: str, chunk: ActionChunk, steps: int, request_id: int) -> None:
        """The rig runs a chunk."""
        self._moving = True
        self._send(
            events.ChunkStarted(run_id=run_id, chunk=chunk, steps=steps, request_id=request_id)
        )

    def rig_event(self, event: messages.RigEvent) -> None:
        """The rig reports; the start of a run is noted by :meth:`run_started`."""
        ends = messages.RunEnded | messages.Stopped | messages.Released | messages.Fault
        if isinstance(event, messages.RunStarted | ends):
            self._moving = isinstance(event, messages.RunStarted)
        match event:
            case messages.StepDone():
                self._send(events.StepDone(run_id=event.run_id, step=event.step, state=event.state))
            case messages.RunEnded():
                self._send(
                    events.ChunkEnded(
                        run_id=event.run_id, reason=event.reason, steps_done=event.steps_done
                    )
                )
            case messages.Stopped():
                self._send(events.Stopped(by=f"rig: {event.by}"))
            case messages.Released():
                self.note("stop released")
            case messages.StateChanged() if event.why or event.state == MotionState.ARMED:
                self.note(f"motion {event.state}{': ' if event.why else ''}{event.why}")
            case messages.SpeedChanged():
                self.note(f"speed of the arm {100 * event.share:.0f} %")
            case messages.Fault():
                self.fault(event.sentence, "rig")
            case messages.FaultInjected():
                self.fault(f"Injected {event.name}: {event.detail}.", "fault lab")

    def stopped(self, by: str) -> None:
        """Somebody asked for a stop."""
        self._send(events.Stopped(by=by))

    def fault(self, sentence: str, source: str) -> None:
        """Something went wrong."""
        self._send(events.Fault(sentence=sentence, source=source))

    def kept(self, label: str, points: Points | None, wording: str) -> None:
        """A trace or a wording was kept, to be compared."""
        none = np.zeros((0, 2))
        points = none if points is None else points
        self._send(events.CandidateKept(label=label, points=points, wording=wording))

    def dropped(self, label: str) -> None:
        """A candidate was let go."""
        self._send(events.CandidateDropped(label=label))

    def compared(self, asked: dict[int, str], instructions: list[str]) -> None:
        """Several plans are asked for at once; ``asked`` names them by their request."""
        self._send(
            events.Compared(
                request_ids=tuple(asked),
                labels=tuple(asked.values()),
                instructions=tuple(instructions),
            )
        )

    def chose(self, label: str, request_id: int, among: list[int]) -> None:
        """One of several plans was chosen."""
        self._send(events.PlanChosen(label=label, request_id=request_id, among=tuple(among)))

    def instruction_changed(self, before: str, after: str, request_id: int) -> None:
        """The box no longer says what the policy was asked with."""
        self._send(events.InstructionChanged(before=before, after=after, request_id=request_id))

    def episode(self, event: events.Event) -> None:
        """Something is said about an episode.

        Raises:
            EpisodeError: If that does not fit what was said before; nothing is written then.
        """
        self._send(event)

    def note(self, text: str) -> None:
        """A remark of the studio."""
        self._send(events.Note(text=text, author="studio"))
