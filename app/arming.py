"""Arming and holding: what stands between a plan and a moving arm where something must be held.

The first press arms exactly what is shown, for a few seconds; from then on the arm moves only while
a button or a key is held. Whatever the plan depends on takes the arming back when it changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app import orders, rules
from app.motion import Motion
from app.notify import Notifier
from app.orders import Order
from app.session_log import SessionLog
from app.store import Phase, Store
from app.workers import RigLink
from robot.rig.states import MotionState

LEAD_MS = 120
"""Between the press and the start: the rig has to have heard twice that it is held, and a finger
that slips off again moves nothing."""

OFFER_S = 10.0
"""For how long a way home waits to be held, as long as an arming."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offer:
    """A motion that starts when it is held.

    Attributes:
        words: What would happen, such as "go home".
        order: The chunk, if it is one; it is armed in the rig.
        call: What starts it; runs in the rig's thread.
        ends_at: When it is withdrawn [s, monotonic].
        digest: What the rig calls the chunk.
    """

    words: str
    order: Order | None
    call: Callable[[Any], Any]
    ends_at: float
    digest: str = ""


class Arming(QObject):
    """Arms, starts while held, and takes back.

    Attributes:
        held: Whether a person holds the button, the key or the pedal now.
        offer: What would start; None while nothing is armed.
        why: Why the last arming was taken back, for the place beside the button.
    """

    changed = Signal()
    """Something about the three attributes."""
    withdrawn = Signal(str)
    """What was armed does not start; why."""

    def __init__(
        self,
        *,
        store: Store,
        motion: Motion,
        rig: RigLink,
        notifier: Notifier,
        log: SessionLog,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._motion, self._rig = store, motion, rig
        self._notifier, self._log = notifier, log
        self.held = False
        self.offer: Offer | None = None
        self.why = ""
        self._arming = False
        self._seen: tuple[Any, ...] = ()
        self._outdated = self._seen_armed = ""
        self._lead = QTimer(self, singleShot=True, interval=LEAD_MS)
        self._lead.timeout.connect(self._start)
        self._clock = QTimer(self, interval=250)
        self._clock.timeout.connect(self._look)
        motion.arm_wanted.connect(self.arm)
        motion.hold_wanted.connect(self.propose)
        motion.stopping.connect(self._withdrawn)
        store.motion_changed.connect(self._motion_changed)
        store.page_changed.connect(self._page_changed)
        store.rig_changed.connect(self._rig_changed)
        store.instruction_changed.connect(self._instruction_changed)
        store.draft_changed.connect(self._draft_changed)
        store.looking_changed.connect(self._looking_changed)
        store.observation_changed.connect(self._observation_changed)
        store.capabilities_changed.connect(self._policy_changed)
        store.plans_changed.connect(self._plans_changed)

    @property
    def is_armed(self) -> bool:
        """Whether holding would start something, or it is being armed."""
        return self.offer is not None or self._arming

    @property
    def seconds_left(self) -> int:
        """Whole seconds until the offer ends by itself."""
        if self.offer is None:
            return 0
        return max(0, -int(-(self.offer.ends_at - time.monotonic()) // 1))

    @Slot()
    def arm(self) -> None:
        """Arm the selected plan in full."""
        if not rules.run(self._store):
            self.arm_steps(None)

    def arm_steps(self, steps: int | None, failed: Callable[[str], None] | None = None) -> None:
        """Arm the first steps of the selected plan, or all of them.

        Args:
            steps: How many; all of them when left out.
            failed: Gets the reason when it is refused; by default it is only told.
        """
        order = orders.order_of(self._store, steps)
        if order is None or self._arming:
            return
        self._arming, self.why = True, ""
        self._seen = self._depends()

        def armed(result: tuple[Any, float]) -> None:
            if not self._arming:  # taken back while it was asked for; the rig has heard so
                return
            self._arming = False
            preview, seconds = result
            self._log.note(f"armed plan {order.request_id} for {seconds:.0f} s")
            self._put(
                Offer(
                    words="run",
                    order=order,
                    call=lambda client: client.start(preview.digest),
                    ends_at=time.monotonic() + seconds,
                    digest=preview.digest,
                )
            )

        def refused(sentence: str) -> None:
            self._arming = False
            self._log.fault(sentence, "rig")
            self._notifier.error(sentence)
            self.changed.emit()
            if failed is not None:
                failed(sentence)

        self._rig.call(lambda client: orders.arm(client, order), armed, refused)
        self.changed.emit()

    @Slot(str, object)
    def propose(self, words: str, call: Callable[[Any], Any]) -> None:
        """Let a way home start as soon as it is held."""
        self.disarm(f"you chose to {words}")
        self.why = ""
        self._put(Offer(words=words, order=None, call=call, ends_at=time.monotonic() + OFFER_S))

    def disarm(self, why: str) -> None:
        """Take back what is armed, or is just being armed; the person reads why."""
        if not self.is_armed or self._store.phase == Phase.RUNNING:
            return
        chunk = self._arming or (self.offer is not None and self.offer.order is not None)
        self._arming = False
        self._log.note(f"disarmed: {why}")
        if chunk:
            self._rig.call(lambda client: client.disarm(why), _ignore, _ignore)
        self._take_away(f"Disarmed: {why}.")

    def hold(self, held: bool) -> None:
        """The button, the key or the pedal is held, or let go.

        The pulse carries it to the rig, which alone decides; here it only starts what is offered.
        """
        if held == self.held:
            return
        self.held = held
        client = self._rig.client
        if client is not None:
            client.pulse(held)
        if not held:
            self._lead.stop()
        elif self.offer is not None:
            self._lead.start()
        self.changed.emit()

    def _start(self) -> None:
        offer = self.offer
        if not self.held or offer is None:
            return
        self.offer = None
        self._clock.stop()
        if offer.order is not None:
            self._motion.begin(offer.order, offer.call)
        else:
            self._motion.go(offer.words, offer.call)
        self.changed.emit()

    def _put(self, offer: Offer) -> None:
        self.offer, self._seen_armed = offer, ""
        self._motion_changed()
        self._clock.start()
        if self.held and self._store.auto:  # held on from the cycle before
            self._lead.start()
        self.changed.emit()

    def _take_away(self, why: str) -> None:
        self.offer, self.why = None, why
        self._lead.stop()
        self._clock.stop()
        self.changed.emit()
        self.withdrawn.emit(why)

    def _look(self) -> None:
        """Withdraw what nobody held in time; the rig does the same by its own clock."""
        if self.offer is not None and time.monotonic() >= self.offer.ends_at:
            self._log.note("arming expired")
            self._take_away("Disarmed: nobody held it in time.")
        else:
            self.changed.emit()

    def _depends(self) -> tuple[Any, ...]:
        plan = self._store.plan
        return (self._store.selected, None if plan is None else plan.reasoning.request_id)

    @Slot(str)
    def _instruction_changed(self, *_: object) -> None:
        self._outdate("you changed the instruction")

    @Slot()
    def _draft_changed(self) -> None:
        self._outdate("you changed the trace")

    @Slot()
    def _looking_changed(self) -> None:
        self._outdate("you look through another camera")

    @Slot()
    def _observation_changed(self) -> None:
        self._outdate("the picture is another one")

    @Slot()
    def _policy_changed(self) -> None:
        self._outdate("the policy is another one")

    @Slot()
    def _plans_changed(self) -> None:
        if self.is_armed and self._depends() != self._seen:
            self.disarm("another plan is selected")

    def _outdate(self, why: str) -> None:
        """Take back what the rig has armed or looked at: a question has changed."""
        motion = self._store.motion
        self.disarm(why)
        if motion.state == MotionState.PREVIEWED and motion.digest != self._outdated:
            self._outdated = motion.digest  # a dragged point says so many times
            if not motion.held_elsewhere:
                self._rig.call(lambda client: client.disarm(why), _ignore, _ignore)

    @Slot(object)
    def _page_changed(self, *_: object) -> None:
        self.disarm("you turned to another page")

    @Slot()
    def _rig_changed(self) -> None:
        if self._store.rig is None:
            self._arming = False
            if self.offer is not None:
                self._take_away("Disarmed: the rig is gone.")

    @Slot(str)
    def _withdrawn(self, by: str) -> None:
        """Nothing that was armed before a stop may start after it."""
        self._arming = False
        self._lead.stop()
        if self.offer is not None:
            self._take_away(f"Disarmed: stopped by {by}.")

    @Slot()
    def _motion_changed(self) -> None:
        """Believe the rig when it has taken an arming back by itself."""
        motion, offer = self._store.motion, self.offer
        if offer is None or offer.order is None:
            return
        if motion.state == MotionState.ARMED and motion.digest == offer.digest:
            self._seen_armed = offer.digest
        # What happened before the arming may be heard of after its answer.
        elif self._seen_armed == offer.digest and motion.state != MotionState.EXECUTING:
            self._take_away(f"Disarmed: {motion.why.rstrip('.') or 'the rig took it back'}.")


def _ignore(_: object) -> None:
    """The state of motion says what came of it."""
