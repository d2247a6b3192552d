"""The fault lab of a rig: wraps its arm and cameras, and lets faults begin at their times."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from robot.base import Camera, Robot
from robot.faults.camera import FaultyCamera, Newest
from robot.faults.kinds import FACTS, FaultKind
from robot.faults.plan import FaultPlan, Injection
from robot.faults.robot import FaultyRobot
from robot.rig.messages import FaultInjected

_END_SECONDS = 2.0

_log = logging.getLogger(__name__)


class FaultLab:
    """Faults by plan; each that takes effect is an event.

    Attributes:
        plan: What comes when.
        robot: The arm to give to the rig.
        cameras: The cameras to give to the rig.
    """

    def __init__(
        self,
        plan: FaultPlan,
        robot: Robot,
        cameras: list[Camera],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wrap arm and cameras; nothing happens before :meth:`start`.

        Args:
            plan: What comes when.
            robot: The arm.
            cameras: The cameras, the one that traces refer to first.
            clock: Seconds that never run backwards.

        Raises:
            StudioError: If the plan does not fit the cameras.
        """
        self.plan = plan
        self.robot = FaultyRobot(robot, self._tell, clock)
        newest: Newest = {}
        self.cameras = [FaultyCamera(camera, newest, clock) for camera in cameras]
        self._clock = clock
        self._coming = plan.injections(tuple(camera.name for camera in cameras))
        self._next = next(self._coming, None)
        self._begun = 0.0
        self._on_event: Callable[[FaultInjected], None] = _nobody
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="fault-lab", daemon=True)

    def start(self, on_event: Callable[[FaultInjected], None]) -> None:
        """Let the time of the plan begin.

        Args:
            on_event: Called from any thread with each fault that takes effect; must not block.
        """
        self._on_event = on_event
        self._begun = self._clock()
        self._thread.start()

    def inject(self, fault: Injection) -> None:
        """Let a fault begin now, whatever its time."""
        if not fault.kind.is_camera:
            self.robot.begin(fault)
            return
        names = [camera.name for camera in self.cameras]
        place = names.index(fault.camera) if fault.camera else 0
        camera = self.cameras[place]
        detail = f"camera {camera.name}, for {fault.seconds:.1f} s"
        if fault.kind == FaultKind.CAMERA_SWAP:
            partner = self.cameras[(place + 1) % len(self.cameras)]
            partner.begin(fault, camera.name)
            camera.begin(fault, partner.name)
            detail = f"camera {camera.name} with {partner.name}, for {fault.seconds:.1f} s"
        else:
            camera.begin(fault)
        self._tell(fault.kind, detail)

    def inject_due(self) -> float | None:
        """Let begin what is due; return the seconds to the next fault, None when none comes."""
        while self._next is not None:
            rest = self._begun + self._next.at - self._clock()
            if rest > 0.0:
                return rest
            fault, self._next = self._next, next(self._coming, None)
            self.inject(fault)
        return None

    def close(self) -> None:
        """End the thread; arm and cameras stay usable."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def _work(self) -> None:
        while not self._closed.is_set():
            try:
                rest = self.inject_due()
            except Exception:  # an exercise that fails must not take the rig with it
                _log.exception("a fault could not be injected")
                continue
            if rest is None:
                return
            self._closed.wait(rest)

    def _tell(self, kind: FaultKind, detail: str) -> None:
        _log.info("injected: %s (%s)", kind, detail)
        what = FACTS[kind].what
        self._on_event(FaultInjected(name=kind.value, detail=f"{what} ({detail})"))


def _nobody(_event: FaultInjected) -> None:
    """Hear nothing: the rig does not listen yet."""
