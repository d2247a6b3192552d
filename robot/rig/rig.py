"""The rig itself, without sockets: arm, cameras, executor, and what a client may ask for."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import RobotState, StudioError
from robot.base import Camera, Robot
from robot.faults.lab import FaultLab
from robot.guard import Limits
from robot.rig.board import Board
from robot.rig.desk import Desk, Operation
from robot.rig.feeds import Feeds
from robot.rig.lab_link import LabLink
from robot.rig.messages import Fault, Hello, RigEvent
from robot.rig.plan import Peer
from robot.rig.pulse import Pulses, PulseWatch
from robot.rig.rules import LAB, REAL, RigRules
from robot.rig.setup import Setup
from robot.rig.states import MotionState
from robot.rig.watch import Watch

LAB_GONE = "The simulated lab is gone; start it again."

ARM_FAULT = "The arm reports an error; look at it, then release it."
NOT_READY = (
    "The arm takes no commands: its own stop is pressed, or it is being guided by hand; end that "
    "at the arm."
)
READY_MODES = ("idle", "moving", "fault")
"""What an arm may be doing when it takes commands; an error is told and latched by itself."""

_log = logging.getLogger(__name__)


class Rig:
    """Everything that moves or sees, and the only authority on motion."""

    def __init__(
        self,
        *,
        robot: Robot,
        cameras: list[Camera],
        limits: Limits,
        home: NDArray[np.float64],
        tidy: NDArray[np.float64] | None = None,
        lab: LabLink | None = None,
        rules: RigRules | None = None,
        faults: FaultLab | None = None,
        checks: Sequence[Any] = (),
    ) -> None:
        """Start watching; closes what it was given when it is closed.

        Args:
            robot: The arm.
            cameras: The first is the one that traces refer to.
            limits: What every chunk must keep to.
            home: (7,) joint angles of the home pose [rad].
            tidy: (7,) joint angles of the folded pose [rad]; the home pose when None.
            lab: The simulated lab, when the arm is in one.
            rules: How strict to be; those of a real arm unless it is in a lab.
            faults: What makes arm and cameras go wrong on purpose, if anything does.
            checks: Items of the checklist that are not about the arm.
        """
        self.board = Board()
        self._robot = robot
        self._cameras = cameras
        self._lab = lab
        self._faults = faults
        self._rules = rules or (REAL if lab is None else LAB)
        self._lab_reported = False
        self._mode = ""
        self._numbers = itertools.count(1)
        self._listeners: set[Callable[[RigEvent], None]] = set()
        self._lock = threading.Lock()
        self._peers: dict[str, Peer] = {}
        self._pulses = Pulses(limit=self._rules.pulse_seconds, hold_to_run=self._rules.hold_to_run)
        self._desk = Desk(
            robot=robot,
            limits=limits,
            home=home,
            tidy=home if tidy is None else tidy,
            rules=self._rules,
            pulses=self._pulses,
            publish=self._publish,
        )
        self._setup = Setup(robot=robot, desk=self._desk, rules=self._rules, checks=checks)
        self._operations: dict[str, Operation] = {
            **self._desk.operations,
            **self._setup.operations,
            "release": self._release,
            "lab": self._ask_lab,
        }
        self._watch = Watch(
            desk=self._desk,
            cameras=[camera.name for camera in cameras],
            limits=self._rules.watch,
            report=self._report,
        )
        self._feeds = Feeds(
            robot=robot,
            cameras=cameras,
            board=self.board,
            report=self._report,
            lost=self._arm_lost,
            measured=self._arm_measured,
            seen=self._watch.see,
            stopped=lambda: self._desk.authority.state is MotionState.STOPPED,
        )
        self._pulse_watch = PulseWatch(
            pulses=self._pulses,
            mover=lambda: self._desk.authority.mover,
            stop=self._stop_for,
        )
        if faults is not None:
            faults.start(self._publish)

    @property
    def kind(self) -> str:
        """Whether the arm is in the "lab" or "real"."""
        return "real" if self._lab is None else "lab"

    def enter(self) -> Peer:
        """Return who a new client is."""
        peer = Peer(name=f"client {next(self._numbers)}")
        with self._lock:
            self._peers[peer.session] = peer
        return peer

    def peer(self, session: str) -> Peer | None:
        """Return the client with this secret; None when there is none, or it has left."""
        with self._lock:
            return self._peers.get(session)

    @property
    def pulses(self) -> Pulses:
        """Where clients' beats go."""
        return self._pulses

    def hello(self, peer: Peer) -> Hello:
        """Return what the rig is, for one client."""
        box = self._desk.limits.workspace
        return Hello(
            kind=self.kind,
            host=self._robot.host,
            cameras={
                camera.name: camera.model.to_message() if camera.model is not None else None
                for camera in self._cameras
            },
            workspace=None if box is None else (box.low.tolist(), box.high.tolist()),
            stopped_by=self._desk.executor.stopped_by,
            faults="" if self._faults is None else str(self._faults.plan),
            name=peer.name,
            session=peer.session,
            state=self._desk.authority.state.value,
            hold_to_run=self._rules.hold_to_run,
            speed=self._setup.speed,
            max_speed=self._rules.max_speed,
            limits_revision=self._desk.revision,
        )

    def listen(self, listener: Callable[[RigEvent], None]) -> None:
        """Call ``listener`` with what holds now and every event; it must not block."""
        with self._lock:
            self._listeners.add(listener)
        listener(self._desk.snapshot())

    def unlisten(self, listener: Callable[[RigEvent], None]) -> None:
        """No longer call ``listener``."""
        with self._lock:
            self._listeners.discard(listener)

    def perform(self, request: dict[str, Any], owner: Peer) -> Any:
        """Do what a client asks.

        Args:
            request: "op" and its arguments.
            owner: Who asks: runs are stopped when their owner leaves.

        Returns:
            Plain values and arrays.

        Raises:
            StudioError: If it cannot be done; :class:`RejectedError` when the guard says no.
        """
        op = request.get("op")
        operation = self._operations.get(op) if isinstance(op, str) else None
        if operation is None:
            raise StudioError(f"The rig cannot '{op}'; it can: {', '.join(self._operations)}.")
        return operation(request, owner)

    def leave(self, owner: Peer) -> None:
        """Stop what ``owner`` started: its connection is gone."""
        with self._lock:
            self._peers.pop(owner.session, None)
        try:
            self._desk.leave(owner)
        except StudioError as error:
            self._report(str(error))
        self._pulses.forget(owner)

    def close(self) -> None:
        """Stop the arm, then end everything."""
        if self._faults is not None:
            self._faults.close()
        self._desk.close()
        self._pulse_watch.close()
        self._watch.close()
        self._feeds.close()
        self._robot.close()
        if self._lab is not None:
            self._lab.close()

    def _release(self, request: dict[str, Any], owner: Peer) -> Any:
        if self._lab is not None:
            self._lab.reopen()
        if self._desk.operations["release"](request, owner)["failed"]:
            self._setup.slow_down()
        self._lab_reported = False

    def _ask_lab(self, request: dict[str, Any], _: Peer) -> Any:
        if self._lab is None:
            raise StudioError("This rig drives a real arm; there is no simulated lab to ask.")
        what, arguments = str(request.get("what", "")), request.get("arguments")
        if what == "reset" and self._desk.executor.is_running:
            raise StudioError("The arm is moving; wait for its end before the table is laid anew.")
        return self._lab.perform(what, dict(arguments) if isinstance(arguments, dict) else {})

    def _stop_for(self, by: str) -> None:
        try:
            self._desk.stop(by)
        except StudioError as error:
            self._report(str(error))

    def _arm_lost(self, sentence: str) -> None:
        self._desk.decide(lambda authority: authority.lost(sentence))
        self._report(sentence)

    def _arm_measured(self, state: RobotState) -> None:
        self._watch.measure(state)
        before, self._mode = self._mode, state.mode
        if state.mode == before:
            return
        if state.mode == "fault":
            self._desk.decide(lambda authority: authority.fail(ARM_FAULT))
        lacking = "" if state.mode in READY_MODES else NOT_READY
        self._desk.decide(lambda authority: authority.lack("mode", lacking))
        self._desk.decide(lambda authority: authority.found())

    def _report(self, sentence: str) -> None:
        if self._lab is not None and not self._lab.is_alive:
            if self._lab_reported:
                return
            self._lab_reported, sentence = True, LAB_GONE
        self._publish(Fault(sentence=sentence))

    def _publish(self, event: RigEvent) -> None:
        if isinstance(event, Fault):
            _log.warning("%s", event.sentence)
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            with contextlib.suppress(OSError):
                listener(event)
