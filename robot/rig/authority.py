"""Who may move the arm, and with which plan: the state machine with its clock, plan and holder.

Pure bookkeeping: no thread, no socket, no arm; every method returns within microseconds, so that a
stop never waits behind one. :class:`robot.rig.desk.Desk` does what is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from robot.guard import RejectedError
from robot.rig.messages import StateChanged
from robot.rig.plan import Peer, Plan
from robot.rig.states import MotionState, Trigger, next_state

ARM_SECONDS = 10.0
"""How long an armed plan may wait for its start."""

AHEAD_SECONDS = 0.5
"""A picture may seem this much newer than now: clocks of other processes are read elsewhere."""

_PLANNING = (MotionState.PREVIEWED, MotionState.ARMED, MotionState.EXECUTING)
_TELLING = (Trigger.PREVIEW, Trigger.ARM, Trigger.FAIL)
"""What has something to say even where it changes no state."""


class Authority:
    """Decides; whoever calls it from several threads takes turns."""

    def __init__(
        self, *, clock: Callable[[], float], on_change: Callable[[StateChanged], None]
    ) -> None:
        """Begin with an arm that answers and lacks nothing.

        Args:
            clock: Returns the monotonic time [s].
            on_change: Gets every change; must not block.
        """
        self._clock = clock
        self._on_change = on_change
        self._state = MotionState.IDLE
        self._why = ""
        self._connected = True
        self._missing: dict[str, str] = {}
        self._obstacle = ""
        self._plan: Plan | None = None
        self._running: tuple[str, Peer, str] | None = None
        self._holder: Peer | None = None

    @property
    def state(self) -> MotionState:
        """What the arm is doing."""
        return self._state

    @property
    def why(self) -> str:
        """What led there, as a sentence; empty when nothing needs to be said."""
        return self._why

    @property
    def holder(self) -> Peer | None:
        """Who may arm and move; None while nobody has claimed it."""
        return self._holder

    @property
    def plan(self) -> Plan | None:
        """The plan that is previewed or armed, also while another one is executed."""
        return self._plan

    @property
    def mover(self) -> Peer | None:
        """Whose motion is executed; None while the arm rests."""
        running = self._running
        return None if running is None or self._state is not MotionState.EXECUTING else running[1]

    @property
    def executes_plan(self) -> bool:
        """Whether a chunk is executed, and not the way home."""
        running = self._running
        return self._state is MotionState.EXECUTING and running is not None and bool(running[2])

    def snapshot(self) -> StateChanged:
        """Return what holds now, as it is told to clients."""
        plan, running = self._plan, self._running
        holder = "" if self._holder is None else self._holder.name
        if self._state is MotionState.EXECUTING and running is not None:
            run_id, _, digest = running
            return StateChanged(
                state=self._state, why=self._why, digest=digest, run_id=run_id, holder=holder
            )
        until = None if plan is None else plan.armed_until
        return StateChanged(
            state=self._state,
            why=self._why,
            digest="" if plan is None else plan.digest,
            expires_s=None if until is None else max(0.0, until - self._clock()),
            holder=holder,
        )

    def claim(self, owner: Peer) -> None:
        """Let nobody else arm or move, until ``owner`` leaves or yields.

        Raises:
            RejectedError: If another one holds the arm.
        """
        self.require_holder(owner)
        if self._holder is None:
            self._holder = owner
            self._tell()

    def yield_(self, owner: Peer) -> None:
        """Let others arm and move.

        Raises:
            RejectedError: If another one holds the arm, or it moves.
        """
        self.require_holder(owner)
        if self._state is MotionState.EXECUTING:
            raise RejectedError("The arm is still moving; wait for its end, or stop it.")
        self.leave(owner)

    def leave(self, owner: Peer) -> None:
        """Forget a client and its plan."""
        if self._plan is not None and self._plan.owner is owner:
            self.disarm("The window that planned this has left.")
        if self._holder is owner:
            self._holder = None
            self._tell()

    def require_holder(self, owner: Peer) -> None:
        """Do nothing, or raise.

        Raises:
            RejectedError: If another one holds the arm.
        """
        if self._holder is not None and self._holder is not owner:
            raise RejectedError(
                f"Nothing was done: another window holds the arm ({self._holder.name}); close "
                "that one, or let it yield the arm."
            )

    def previewed(self, plan: Plan) -> None:
        """The guard accepted a plan.

        Raises:
            RejectedError: If the arm could not execute it in this state.
        """
        self.require_holder(plan.owner)
        self._go(Trigger.PREVIEW, plan=plan)

    def rejected(self, owner: Peer, why: str) -> None:
        """The guard rejected a plan; what was planned before is no longer."""
        if self._holder is None or self._holder is owner:
            self._go(Trigger.REJECT, why)

    def arm(self, digest: str, owner: Peer) -> float:
        """Arm the previewed plan.

        Returns:
            How long it stays armed [s].

        Raises:
            RejectedError: If it is another plan, too old, or cannot be executed now.
        """
        plan = self._require_plan(digest, owner, Trigger.ARM)
        self.claim(owner)
        until = self._clock() + ARM_SECONDS
        self._go(Trigger.ARM, plan=replace(plan, armed_until=until))
        return ARM_SECONDS

    def disarm(self, why: str) -> None:
        """Forget the plan; what is being executed goes on."""
        self._go(Trigger.DISARM, why)

    def startable(self, digest: str, owner: Peer, *, supersede: bool = False) -> Plan:
        """Return the armed plan of that name.

        Args:
            digest: Its name.
            owner: Who asks.
            supersede: Whether it shall take over from the one that is executed.

        Raises:
            RejectedError: If it must not be started now.
        """
        trigger = self._start_trigger(supersede)
        plan = self._require_plan(digest, owner, trigger)
        if plan.armed_until is None:
            raise RejectedError("The plan is not armed; arm it, then run it.")
        if self._clock() >= plan.armed_until:
            self.tick()
            raise RejectedError(
                f"The plan was armed more than {ARM_SECONDS:.0f} s ago; arm it again."
            )
        return plan

    def start(self, digest: str, owner: Peer, run_id: str, *, supersede: bool = False) -> None:
        """The armed plan begins to be executed, and is used up by that.

        Raises:
            RejectedError: If it must not be started now.
        """
        self.startable(digest, owner, supersede=supersede)
        trigger = self._start_trigger(supersede)
        self._running = run_id, owner, digest
        self._go(trigger)

    def move(self, owner: Peer, run_id: str) -> None:
        """A motion without a plan begins, such as the way home.

        Raises:
            RejectedError: If it must not begin now.
        """
        self.require_movable(owner)
        self.claim(owner)
        self._running = run_id, owner, ""
        self._go(Trigger.MOVE)

    def require_movable(self, owner: Peer) -> None:
        """Do nothing, or raise.

        Raises:
            RejectedError: If no motion may begin now.
        """
        self.require_holder(owner)
        try:
            next_state(self._state, Trigger.MOVE)
        except RejectedError as error:
            raise RejectedError(self._in_detail(str(error))) from error

    def ended(self, run_id: str) -> None:
        """A motion is over; a plan that was previewed meanwhile stays previewed or armed."""
        if self._running is None or self._running[0] != run_id:
            return
        self._running = None
        if self._state is not MotionState.EXECUTING:
            return
        self._state = next_state(self._state, Trigger.END, **self._facts())
        self._why = self._lacking()
        if self._state is not MotionState.IDLE:
            self._plan = None
        elif self._plan is not None:
            self._state = next_state(self._state, Trigger.PREVIEW)
            if self._plan.armed_until is not None:
                self._state = next_state(self._state, Trigger.ARM)
        self._tell()

    def stop(self, by: str) -> None:
        """Somebody stopped the arm; this latches."""
        self._go(Trigger.STOP, f"The arm was stopped by {by or 'somebody'}; release it first.")

    def fail(self, sentence: str) -> None:
        """The arm reports an error, or a motion failed; this latches."""
        self._go(Trigger.FAIL, sentence)

    def hold(self, why: str) -> None:
        """A watchdog ends what is executed or planned."""
        self._go(Trigger.HOLD, why)

    def watch(self, sentence: str) -> None:
        """Say what keeps every plan from being armed or started; empty when nothing does."""
        self._obstacle = sentence

    def releasable(self, owner: Peer) -> None:
        """Do nothing, or raise.

        Raises:
            RejectedError: If another one holds the arm, or it moves.
        """
        self.require_holder(owner)
        next_state(self._state, Trigger.RELEASE)

    def released(self, owner: Peer) -> None:
        """Stop and error are acknowledged.

        Raises:
            RejectedError: If another one holds the arm, or it moves.
        """
        self.releasable(owner)
        self._go(Trigger.RELEASE)

    def lost(self, why: str) -> None:
        """The arm does not answer."""
        if self._connected:
            self._connected = False
            self._go(Trigger.LOSE, why)

    def found(self) -> None:
        """The arm answers again."""
        if not self._connected:
            self._connected = True
            self._go(Trigger.CONNECT, self._lacking())

    def lack(self, what: str, sentence: str) -> None:
        """Say what is missing before the arm may move, or with an empty sentence that it is not.

        Args:
            what: Which of the things that may be missing, such as "workspace".
            sentence: What is missing and how it is mended.
        """
        before = dict(self._missing)
        self._missing.pop(what, None)
        if sentence:
            self._missing[what] = sentence
        if self._missing != before:
            self._go(Trigger.UNREADY if self._missing else Trigger.READY, self._lacking())

    def tick(self) -> None:
        """Let an armed plan expire when its time is over."""
        plan = self._plan
        if plan is None or plan.armed_until is None or self._clock() < plan.armed_until:
            return
        why = f"The plan was armed for {ARM_SECONDS:.0f} s and not run; arm it again."
        self._go(Trigger.EXPIRE, why, plan=replace(plan, armed_until=None))

    def _start_trigger(self, supersede: bool) -> Trigger:
        # the end of the former motion may come between the wish to take over and its effect
        executing = self._state is MotionState.EXECUTING
        return Trigger.SUPERSEDE if supersede and executing else Trigger.RUN

    def _require_plan(self, digest: str, owner: Peer, trigger: Trigger) -> Plan:
        self.require_holder(owner)
        try:
            next_state(self._state, trigger)
        except RejectedError as error:
            raise RejectedError(self._in_detail(str(error))) from error
        plan = self._plan
        if plan is None or plan.digest != digest or plan.owner is not owner:
            raise RejectedError(
                "This is not the plan that was previewed last; preview it again, then arm it."
            )
        if self._obstacle:
            raise RejectedError(self._obstacle)
        self._require_fresh(plan)
        return plan

    def _require_fresh(self, plan: Plan) -> None:
        if plan.fresh_seconds is None:
            return
        if plan.observed_ns is None:
            raise RejectedError(
                "The plan does not say which picture it answers, and a real arm only moves by "
                "what was seen a moment ago; ask the policy again."
            )
        age = self._clock() - plan.observed_ns / 1e9
        if not -AHEAD_SECONDS <= age <= plan.fresh_seconds:
            raise RejectedError(
                f"The plan answers a picture that is {age:.0f} s old; at most "
                f"{plan.fresh_seconds:.0f} s are allowed. Let go of it and ask the policy again."
            )

    def _in_detail(self, general: str) -> str:
        """Say what is known about a latched or unready arm instead of what is true of all."""
        told = {
            MotionState.STOPPED,
            MotionState.FAULT,
            MotionState.CONNECTED,
            MotionState.DISCONNECTED,
        }
        return self._why if self._state in told and self._why else general

    def _facts(self) -> dict[str, bool]:
        return {"connected": self._connected, "ready": not self._missing}

    def _lacking(self) -> str:
        return next(iter(self._missing.values()), "")

    def _go(self, trigger: Trigger, why: str = "", *, plan: Plan | None = None) -> None:
        before = self._state, self._why, self._plan
        self._state = next_state(self._state, trigger, **self._facts())
        begins = trigger in (Trigger.RUN, Trigger.SUPERSEDE, Trigger.MOVE)
        dropped = begins or trigger in (Trigger.DISARM, Trigger.REJECT)
        self._plan = None if dropped or self._state not in _PLANNING else plan or self._plan
        if self._state is MotionState.CONNECTED:
            self._why = self._lacking()
        elif self._state is not before[0] or begins or trigger in _TELLING:
            self._why = why
        if begins or (self._state, self._why, self._plan) != before:
            self._tell()

    def _tell(self) -> None:
        self._on_change(self.snapshot())
