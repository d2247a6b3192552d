"""Drives the studio's own window with mouse and keys through one whole task.

The script is a generator that yields what it waits for; a timer resumes it, so the event loop
never stands still and the window is used exactly as a person would use it.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QTimer, Signal

from app.demo_hands import Script, Wait, confirm, drag, pause, press, write
from app.demo_target import DemoError, choose_target, sketch
from app.main_window import MainWindow
from app.notify import Level
from app.observe import gripper_pixel
from app.store import BUSY, Phase, PlanKind

TICK_MS = 20
START_S = 300.0
ANSWER_S = 120.0
RUN_S = 90.0
LAB_S = 20.0
PAUSE_S = 0.4
MOST_ATTEMPTS = 4
"""How often the automatic mode is switched on again when it ends without the object."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class DemoReport:
    """What happened.

    Attributes:
        instruction: What was typed.
        predicted_trace: (L, 2) points of the model's own trace, 0..255.
        planned: Object that the model headed for.
        drawn_trace: (L, 2) points of the drawn trace, 0..255.
        target: Object that the line leads to.
        lifted: Whether that object hangs clear of the table.
        seconds: From the first keystroke to the end [s].
        cycles: Answers that were executed.
        screenshots: Files, in order.
        error: Why it ended early, as a sentence; empty when it did not.
    """

    instruction: str
    predicted_trace: list[list[int]] = field(default_factory=list)
    planned: str = ""
    drawn_trace: list[list[int]] = field(default_factory=list)
    target: str = ""
    lifted: bool = False
    seconds: float = 0.0
    cycles: int = 0
    screenshots: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def success(self) -> bool:
        """Whether the arm lifted what the line led to, instead of what the model had planned."""
        return self.lifted and not self.error and self.target != self.planned


class DemoDriver(QObject):
    """Plays the person in front of a window that is connected to the simulated lab."""

    finished = Signal(object)
    """The :class:`DemoReport`."""

    def __init__(
        self,
        window: MainWindow,
        folder: Path,
        *,
        instruction: str,
        seed: int | None = None,
        target: str = "",
        limit_s: float = 300.0,
        pace: float = 1.0,
    ) -> None:
        """Prepare; :meth:`start` begins.

        Args:
            window: The window, shown.
            folder: Where screenshots go; it exists.
            instruction: What to type.
            seed: Layout of the lab; None keeps the present one.
            target: Name of the object to draw to; empty picks one that the model did not choose.
            limit_s: Longest time for executing [s].
            pace: How long pauses are; 0 leaves them out.
        """
        super().__init__(window)
        self.report = DemoReport(instruction=instruction)
        self._window, self._folder = window, folder
        self._seed, self._target, self._limit_s = seed, target, limit_s
        self._pace = pace
        self._script = self._play()
        self._wait = Wait(until=lambda: True, seconds=0.0)
        self._since = self._began = time.monotonic()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._run_count = 0
        self._ended = False
        window.studio.motion.ended.connect(self._count)

    def start(self) -> None:
        """Begin."""
        self._timer.start()

    def give_up(self, reason: str) -> None:
        """End now, unless the end has come already."""
        if not self._ended:
            self._finish(reason)

    def _tick(self) -> None:
        """Resume the script when what it waits for has come."""
        waited = time.monotonic() - self._since
        try:
            if not self._wait.until():
                if waited < self._wait.seconds:
                    return
                if self._wait.what:
                    seconds = f"{self._wait.seconds:.0f} s"
                    raise DemoError(f"Waited {seconds} in vain for {self._wait.what}.")
            self._wait = next(self._script)
            self._since = time.monotonic()
        except StopIteration:
            self._finish("")
        except DemoError as error:
            self._finish(str(error))
        except Exception as error:
            # Whatever it was, the window has to be closed and the arm left in peace.
            log.exception("the demo failed")
            self._finish(f"The demo itself failed ({type(error).__name__}: {error}).")

    def _finish(self, error: str) -> None:
        self._ended = True
        self._timer.stop()
        self._script.close()
        self.report.error = error
        self.report.seconds = round(time.monotonic() - self._began, 1)
        self.report.cycles = self._run_count
        if error:
            log.warning("the demo ended early: %s", error)
            if self._window.isVisible():
                with suppress(DemoError):
                    self._save("broken-off")
        self.finished.emit(self.report)

    def _count(self, completed: bool, _reason: str) -> None:
        self._run_count += completed

    # -- the script --------------------------------------------------------------------------

    def _play(self) -> Script:
        yield from self._get_ready()
        self._began = time.monotonic()
        yield from self._type_instruction()
        yield from self._think()
        yield from self._draw()
        yield from self._steer()
        yield from self._run()
        yield from self._repeat()

    def _get_ready(self) -> Script:
        store, view = self._store, self._window.workspace.canvas.view

        def ready() -> bool:
            self._look_for_dead_services()
            there = store.robot is not None and view.image_size != (0, 0)
            return there and store.phase == Phase.READY

        yield Wait(
            until=ready,
            seconds=START_S,
            what="the services and the first picture",
        )
        if store.rig is None or store.rig.kind != "lab":
            raise DemoError("The demo moves the arm by itself, so it only drives the lab.")
        # Without a window manager nobody gives the window the keys unless it asks for them.
        self._window.activateWindow()
        yield Wait(until=self._window.isActiveWindow, seconds=LAB_S, what="the keyboard")
        if self._seed is not None:
            yield from self._ask_lab([], "reset", seed=self._seed)
        yield self._pause(1.0)
        yield from self._shoot("ready")

    def _type_instruction(self) -> Script:
        line = self._window.workspace.instruction.line
        yield from write(line, self.report.instruction, self._pace)
        if self._store.instruction != self.report.instruction:
            raise DemoError(f"The instruction box says '{self._store.instruction}'.")

    def _think(self) -> Script:
        store = self._store
        self._press("think")
        yield Wait(
            until=lambda: (
                self._settled() or len(self._window.workspace.canvas.model_item.points) > 1
            ),
            seconds=ANSWER_S,
            what="the model's trace",
        )
        yield from self._shoot("thinking")
        yield Wait(until=self._settled, seconds=ANSWER_S, what="the model's answer")
        plan = store.plans.get(PlanKind.MODEL)
        if plan is None or not plan.reasoning.traces:
            reason = plan.reasoning.error if plan is not None else "there was no answer"
            raise DemoError(f"The model drew no trace: {reason}")
        self.report.predicted_trace = rounded(plan.reasoning.traces[0].points)
        yield self._pause(1.5)  # the point cloud comes a moment later
        yield from self._shoot("predicted")

    def _draw(self) -> Script:
        store, view = self._store, self._window.workspace.canvas.view
        camera = store.rig.cameras[self._window.workspace.canvas.camera] if store.rig else None
        gripper = gripper_pixel(store.rig, self._window.workspace.canvas.camera, store.robot)
        if camera is None or gripper is None:
            raise DemoError("The picture's camera is not calibrated, so nothing can be aimed at.")
        answer: list[Any] = []
        yield from self._ask_lab(answer, "objects")
        names = list(answer[0])
        places = camera.project(np.array([answer[0][name][:3] for name in names]))
        places /= (camera.width, camera.height)
        end = np.array(self.report.predicted_trace[-1]) / 255
        planned, chosen = choose_target(names, places, end, self._target)
        self.report.planned, self.report.target = planned, chosen
        line = sketch(gripper, places[names.index(chosen)])
        path = [view.to_viewport(QPointF(*(point * view.image_size))) for point in line]
        yield from drag(view.viewport(), path)
        yield self._pause(PAUSE_S)
        if store.draft is None or len(store.draft) < 2:
            raise DemoError("The stroke on the picture made no trace.")
        self.report.drawn_trace = rounded(store.draft)
        yield from self._shoot("drawn")

    def _steer(self) -> Script:
        store = self._store
        confirm(self._window)
        yield Wait(until=self._settled, seconds=ANSWER_S, what="the steered actions")
        plan = store.plans.get(PlanKind.USER)
        if plan is None or plan.chunk is None:
            reason = plan.reasoning.error if plan is not None else "there was no answer"
            raise DemoError(f"The model has no actions for the line: {reason}")
        yield Wait(
            until=lambda: self._verdict_is_in(), seconds=LAB_S, what="the verdict of the guard"
        )
        yield self._pause(PAUSE_S)
        yield from self._shoot("steered")

    def _run(self) -> Script:
        plan = self._store.plans.get(PlanKind.USER)
        if plan is None or plan.preview is None or not plan.preview.verdict.ok:
            return  # the automatic mode may still find a shorter way that the guard allows
        can = self._store.capabilities
        if can is not None and can.execute_steps < can.chunk:
            return  # made to look again after a few steps: the automatic mode runs the plan
        self._press("run")
        yield Wait(until=lambda: self._store.progress[0] >= 4 or not self._running(), seconds=RUN_S)
        yield from self._shoot("running")
        yield Wait(until=lambda: not self._running(), seconds=RUN_S, what="the end of the run")
        yield self._pause(PAUSE_S)

    def _repeat(self) -> Script:
        store = self._store
        deadline = time.monotonic() + self._limit_s
        for _ in range(MOST_ATTEMPTS):
            yield from self._look_lifted()
            if self.report.lifted or time.monotonic() > deadline:
                break
            if not self._window.actions_table["auto"].isEnabled():
                log.info("auto is held back: %s", self._window.actions_table.reason("auto"))
                break
            self._press("auto")
            left = max(deadline - time.monotonic(), 1.0)
            if not any(path.endswith("-running.png") for path in self.report.screenshots):
                yield Wait(until=lambda: store.cycle >= 2 or not store.auto, seconds=left)
                yield from self._shoot("running")
            yield Wait(until=lambda: not store.auto and not self._running(), seconds=left)
            if store.auto:
                self._press("auto")
                yield Wait(until=lambda: not self._running(), seconds=RUN_S, what="the arm to rest")
        yield from self._look_lifted()
        yield self._pause(PAUSE_S)
        yield from self._shoot("lifted" if self.report.lifted else "ended")

    def _look_lifted(self) -> Script:
        answer: list[Any] = []
        yield from self._ask_lab(answer, "lifted", name=self.report.target)
        self.report.lifted = bool(answer[0])

    # -- hands and eyes ----------------------------------------------------------------------

    @property
    def _store(self) -> Any:
        return self._window.studio.store

    def _settled(self) -> bool:
        return self._store.phase not in BUSY

    def _running(self) -> bool:
        return self._store.phase == Phase.RUNNING

    def _verdict_is_in(self) -> bool:
        plan = self._store.plans.get(PlanKind.USER)
        return plan is None or plan.preview is not None or bool(plan.refusal)

    def _look_for_dead_services(self) -> None:
        """Raise what the window says when a service could not start."""
        failed = [name for name, status in self._store.services.items() if status == "failed"]
        if failed:
            said = [n.text for n in self._window.studio.notifier.history if n.level == Level.ERROR]
            raise DemoError(said[-1] if said else f"The {failed[0]} did not start.")

    def _press(self, name: str) -> None:
        table = self._window.actions_table
        press(self._window, table[name], table.reason(name))

    def _pause(self, seconds: float) -> Wait:
        return pause(seconds * self._pace)

    def _ask_lab(self, answer: list[Any], op: str, **arguments: Any) -> Script:
        """Ask the lab through the rig; the answer is appended."""
        refusals: list[str] = []
        self._window.studio.rig.call(
            lambda client: client.lab(op, **arguments), answer.append, refusals.append
        )
        yield Wait(until=lambda: bool(answer or refusals), seconds=LAB_S, what="the lab's answer")
        if refusals:
            raise DemoError(f"The lab refused '{op}': {refusals[0]}")

    def _shoot(self, name: str) -> Script:
        """Take a picture of this moment."""
        self._save(name)
        yield from ()

    def _save(self, name: str) -> None:
        """Save a picture of the window."""
        path = self._folder / f"{len(self.report.screenshots) + 1:02d}-{name}.png"
        if not self._window.grab().save(str(path)):
            raise DemoError(f"The screenshot {path} could not be written.")
        self.report.screenshots.append(str(path))


def rounded(points: NDArray[np.float64]) -> list[list[int]]:
    """Write (L, 2) points as whole numbers."""
    return np.rint(points).astype(int).tolist()
