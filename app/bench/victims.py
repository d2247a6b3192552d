"""Freezes and kills programs while the arm moves, and looks at the arm and at the session file.

What each loss is to mean is said in :data:`CASES`; what is measured is what the arm did, from its
own physics, and what the driver was told, from the driver's log.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.bench.braking import braking
from app.bench.crew import Crew
from app.bench.driven import START_S, Driven
from app.bench.keys import LOG_S, REST_GOAL_MS
from app.bench.left_behind import LeftBehind, read_left_behind
from app.bench.measures import spread
from app.bench.motions import LONGEST_S, READY, SETTLE_S, SPEEDS, Stage, begin, release, watch
from core.report import Report
from core.types import StudioError

PULSE_MS = 200.0
"""Silence of the studio after which the rig stops the arm."""

POLICY_MS = 200.0
"""Until a window in study mode has noticed that the policy's connection is closed."""

RECORDER_MS = 600.0
"""Until a window in study mode has noticed that its recorder has ended."""

SPEED = SPEEDS[-1]
LOST_GOAL_S = 0.5
ENDS_S = 14.0
"""Longest that a motion may take to its end; the trail reaches back a little further."""

TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A loss, and what is expected of it.

    Attributes:
        victim: "window", "policy" or "recorder".
        number: The signal.
        study: Whether the window is in study mode.
        stops: Whether the arm has to stop; otherwise the motion under way, which the guard has
            accepted, goes on to its end.
        limit_ms: Longest time until the loss has to be noticed [ms].
        why: How it is noticed, or why nothing has to stop.
    """

    victim: str
    number: signal.Signals
    study: bool = False
    stops: bool
    limit_ms: float
    why: str

    @property
    def name(self) -> str:
        """Such as "window frozen"."""
        what = "frozen" if self.number == signal.SIGSTOP else "killed"
        return f"{self.victim} {what}{', study' if self.study else ''}"


CASES = (
    Case(
        victim="window", number=signal.SIGSTOP, stops=True, limit_ms=PULSE_MS,
        why="its pulse is missing for 200 ms",
    ),
    Case(
        victim="window", number=signal.SIGKILL, stops=True, limit_ms=PULSE_MS,
        why="its connections close, or its pulse is missing for 200 ms",
    ),
    Case(
        victim="policy", number=signal.SIGSTOP, stops=False, limit_ms=0.0,
        why="the chunk under way was checked as a whole; no new one comes",
    ),
    Case(
        victim="policy", number=signal.SIGKILL, stops=False, limit_ms=0.0,
        why="the chunk under way was checked as a whole; no new one comes",
    ),
    Case(
        victim="policy", number=signal.SIGKILL, study=True, stops=True, limit_ms=POLICY_MS,
        why="its connection closes, which the window looks at ten times a second",
    ),
    Case(
        victim="recorder", number=signal.SIGSTOP, stops=False, limit_ms=0.0,
        why="outside of studies motion does not need a record; the window says that it is lost",
    ),
    Case(
        victim="recorder", number=signal.SIGKILL, stops=False, limit_ms=0.0,
        why="outside of studies motion does not need a record; the window says that it is lost",
    ),
    Case(
        victim="recorder", number=signal.SIGKILL, study=True, stops=True, limit_ms=RECORDER_MS,
        why="the window asks twice a second how its recorder does",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What one signal led to.

    Attributes:
        call_ms: From the signal to the driver's being told to stop [ms]; None if it never was.
        rest_ms: From the signal to rest [ms]; NaN if the arm did not come to rest in time.
        brake_ms: From the driver's being told to rest, by the arm's own clock [ms]; NaN if it never
            was told.
        path_mm: How far the tool went until then [mm].
        left: What the session file tells; None where there was none to look at.
    """

    call_ms: float | None
    rest_ms: float
    brake_ms: float
    path_mm: float
    left: LeftBehind | None


class Victims:
    """Carries out the cases with studios of its own."""

    def __init__(
        self, crew: Crew, folder: Path, stage: Callable[[Driven], Stage], say: Callable[[str], None]
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            crew: The programs below the window.
            folder: Gets session files, settings and logs.
            stage: Puts a window in front of the crew.
            say: Tells the person what goes on.
        """
        self._crew, self._folder = crew, folder
        self._stage, self._say = stage, say
        self._count = 0

    @contextlib.contextmanager
    def studio(self, *options: str, study: bool = False) -> Iterator[Driven]:
        """Open a studio with a session folder of its own, ready for a motion."""
        self._count += 1
        settings = self._folder / ("settings-study" if study else "settings")
        if study:
            own = settings / "steering-studio"
            own.mkdir(parents=True, exist_ok=True)
            (own / "settings.yaml").write_text("study_mode: true\n", encoding="utf-8")
        sessions = self._folder / f"session-{self._count}"
        words = ("--rig", self._crew.rig.url, "--policy", self._crew.policy.url)
        log = self._folder / "studio.log"
        with Driven(
            *words, "--theme", "light", "--sessions", str(sessions), *options,
            log=log, settings=settings,
        ) as driven:  # fmt: skip
            driven.wait_phase("stopped", "fault", *READY, seconds=START_S)
            driven.wait("path", fits=bool, seconds=START_S)
            release(driven)
            yield driven

    def carry_out(self, case: Case, times: int) -> list[Loss]:
        """Let one case happen ``times`` times."""
        losses: list[Loss] = []
        failures = 0
        while len(losses) < times:
            with contextlib.ExitStack() as open_studio:
                try:
                    driven = open_studio.enter_context(self.studio(study=case.study))
                    alone = case.victim == "window"
                    for _ in range(1 if alone else times - len(losses)):
                        losses.append(self._lose(case, self._stage(driven)))
                        self._say(f"  {case.name} {len(losses)} of {times}: {_brief(losses[-1])}")
                except StudioError as error:
                    failures += 1
                    self._say(f"  again: {error}")
                    if failures > TRIES + times // 4:
                        raise
        return losses

    def _lose(self, case: Case, stage: Stage) -> Loss:
        begin(stage, SPEED)
        driven = stage.driven
        path = Path(str(driven.newest("path")))
        pid = self._pid(case, driven)
        at = time.monotonic_ns()
        os.kill(pid, case.number)
        least = (case.limit_ms + REST_GOAL_MS) / 1000 + SETTLE_S + LOG_S
        rest = watch(self._crew, at, least, LONGEST_S if case.stops else ENDS_S)
        if not rest.moved:
            self._mend(case, driven, pid)
            raise StudioError("The way had ended before the signal came.")
        calls = self._crew.calls("stop", at)
        left = self._mend(case, driven, pid, path=path, at=at)
        return Loss(
            call_ms=(calls[0] - at) * 1e-6 if calls else None,
            rest_ms=rest.rest_ms,
            brake_ms=self._brake_ms(calls),
            path_mm=rest.path_mm,
            left=left,
        )

    def _brake_ms(self, calls: list[int]) -> float:
        if not calls:
            return float("nan")
        return braking(self._crew.way(calls[0] - 50_000_000), calls[0]).arm_ms

    def _pid(self, case: Case, driven: Driven) -> int:
        if case.victim == "window":
            return driven.pid
        if case.victim == "policy":
            return self._crew.policy.pid
        recorder = driven.newest("recorder")
        if recorder is None:
            raise StudioError("The studio records nothing.")
        return int(recorder)

    def _mend(
        self, case: Case, driven: Driven, pid: int, *, path: Path | None = None, at: int = 0
    ) -> LeftBehind | None:
        """Put right what was broken; return what the session file tells, if its writer is gone."""
        if case.victim == "window":
            driven.kill()
        elif case.victim == "policy":
            self._mend_policy(case, driven)
            return None
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        left = read_left_behind(path, at) if path is not None else None
        if case.victim == "recorder":
            self._record_again(driven, pid)
        return left

    def _mend_policy(self, case: Case, driven: Driven) -> None:
        if case.number == signal.SIGSTOP:
            os.kill(self._crew.policy.pid, signal.SIGCONT)
        else:
            self._crew.restart_policy()
            since = driven.do("renew", service="policy")
            driven.wait("services", since, fits=_has_policy, seconds=START_S)
        release(driven)

    def _record_again(self, driven: Driven, before: int) -> None:
        release(driven)
        deadline = time.monotonic() + START_S
        while driven.newest("recorder") == before:  # the window looks twice a second
            if time.monotonic() > deadline:
                raise StudioError("The studio does not notice that its recorder is gone.")
            time.sleep(0.05)
        driven.must("restart")
        driven.wait("path", fits=bool, since=self._after(driven, before), seconds=START_S)

    def _after(self, driven: Driven, before: int) -> int:
        """Wait for a recorder with another number; return the mark from where on it is told of."""
        deadline = time.monotonic() + START_S
        while driven.newest("recorder") in (None, before):
            if time.monotonic() > deadline:
                raise StudioError("No new recorder was started.")
            time.sleep(0.05)
        return driven.mark() - 1


def _has_policy(services: dict[str, str]) -> bool:
    return services.get("policy") == ""


def _brief(loss: Loss) -> str:
    call = "no call" if loss.call_ms is None else f"call {loss.call_ms:.0f} ms"
    log = "" if loss.left is None else f", {loss.left.lost_s:.3f} s of the log lost"
    return f"{call}, rest {loss.rest_ms:.0f} ms, {loss.path_mm:.1f} mm{log}"


def add_case(report: Report, case: Case, losses: list[Loss]) -> None:
    """Add the row and the goals of one case."""
    called = [loss.call_ms for loss in losses if loss.call_ms is not None]
    call, rest = spread(called), spread([loss.rest_ms for loss in losses])
    brake = spread([loss.brake_ms for loss in losses if loss.call_ms is not None])
    path = spread([loss.path_mm for loss in losses])
    left = [loss.left for loss in losses if loss.left is not None]
    report.add_row(
        **{
            "loss": case.name,
            "expected": "stop" if case.stops else "goes on",
            "n": len(losses),
            "told to stop": len(called),
            "signal-call p50 [ms]": round(call.p50, 1),
            "call max [ms]": round(call.worst, 1),
            "signal-rest p50 [ms]": round(rest.p50, 1),
            "rest max [ms]": round(rest.worst, 1),
            "call-rest max, arm's clock [ms]": round(brake.worst, 1),
            "path max [mm]": round(path.worst, 1),
            "logs read": len(left),
            "log lost max [s]": round(max((one.lost_s for one in left), default=0.0), 3),
        }
    )
    if case.stops:
        limit = case.limit_ms + REST_GOAL_MS
        good = sum(loss.rest_ms <= limit for loss in losses)
        report.add_goal(
            f"{case.name}: at rest within {case.limit_ms:g} + {REST_GOAL_MS:g} ms",
            f"{good} of {len(losses)}", "", "all", good == len(losses),
        )  # fmt: skip
    else:
        good = sum(loss.call_ms is None and np.isfinite(loss.rest_ms) for loss in losses)
        report.add_goal(
            f"{case.name}: the checked motion goes to its end",
            f"{good} of {len(losses)}", "", "all", good == len(losses),
        )  # fmt: skip
    if left:
        worst = max(one.lost_s for one in left)
        report.add_goal(
            f"{case.name}: log lost, longest",
            round(worst, 3), "s", f"<= {LOST_GOAL_S:g}", worst <= LOST_GOAL_S,
        )  # fmt: skip
