"""The programs of an hour with faults, and what is counted about them."""

from __future__ import annotations

import contextlib
import queue
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from app.bench.crew import Crew
from app.bench.driven import START_S, Driven
from app.bench.household import Household
from app.bench.keys import CALL_GOAL_MS, REST_GOAL_MS
from app.bench.measures import spread
from app.bench.motions import READY
from app.bench.shift import Shift
from core.report import Report
from core.session.events import Fault
from core.session.mcap_file import PART
from core.session.reader import read_session
from core.session.repair import open_session
from core.types import StudioError
from robot.rig.client import RigClient
from robot.rig.messages import FaultInjected

STOP_GOAL_MS = CALL_GOAL_MS + REST_GOAL_MS
LEAK_GOAL_PERCENT = 5.0
INJECTED_BY = "fault lab"


class Hour:
    """Lab, rig with faults, policy server, window, and an onlooker; a context manager."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        spec: str,
        noise: random.Random,
        say: Callable[[str], None],
    ) -> None:
        """Start everything.

        Args:
            folder: Gets logs, settings and session files.
            seed: Of the first scene.
            spec: What ``--faults`` of the rig gets.
            noise: What the shift draws and when it presses.
            say: Tells what goes on.

        Raises:
            StudioError: If a program does not start.
        """
        self._folder = folder
        self._begun = time.monotonic()
        self._injected: list[tuple[str, str]] = []
        self._missing: Counter[tuple[str, str]] | None = None
        self._crashes: list[str] = []
        self._undo = contextlib.ExitStack()
        try:
            self._start(seed, spec, noise, say)
        except StudioError:
            self._undo.close()
            raise

    def _start(
        self, seed: int, spec: str, noise: random.Random, say: Callable[[str], None]
    ) -> None:
        say(f"lab, rig with faults ({spec}) and policy server")
        self.crew = self._undo.enter_context(
            Crew(self._folder, seed=seed, rig_words=("--faults", spec))
        )
        self._onlooker = self._undo.enter_context(RigClient(self.crew.rig.url))
        self._driven = self._undo.enter_context(
            Driven(
                "--rig", self.crew.rig.url, "--policy", self.crew.policy.url,
                "--theme", "light", "--sessions", str(self._folder / "sessions"),
                "--instruction", "pick up the object",
                log=self._folder / "studio.log", settings=self._folder / "settings",
            )
        )  # fmt: skip
        self._driven.wait_phase("stopped", "fault", *READY, seconds=START_S)
        self._driven.wait("path", fits=bool, seconds=START_S)
        self._recorder = self._driven.newest("recorder")
        self.shift = Shift(crew=self.crew, driven=self._driven, noise=noise, say=say)
        self._household = Household(self._who)
        self._undo.callback(self._household.close)
        self._begun = time.monotonic()

    def __enter__(self) -> Hour:
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def _who(self) -> dict[str, int]:
        import psutil

        numbers = {child.words[0]: child.pid for child in self.crew.children}
        numbers["studio"] = self._driven.pid
        if (recorder := self._driven.newest("recorder")) is not None:
            numbers["recorder"] = int(recorder)
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.crew.lab.pid).children():
                words = " ".join(child.cmdline())
                numbers["lab physics" if "fci_server" in words else "lab cameras"] = child.pid
        return numbers

    def brief(self) -> str:
        """Say in a line how it goes."""
        sizes = [f"{n} {c.sizes[-1]:.0f}" for n, c in self._household.snapshot().items()]
        return (
            f"{len(self._injected)} faults, {len(self.shift.stops)} stops, "
            f"{self.shift.done['auto']} times automatic, MiB: {', '.join(sizes)}"
        )

    def finish(self) -> None:
        """Close the window and look for every fault in the session files.

        Raises:
            StudioError: If a session file cannot be read.
        """
        self._listen()
        injected = Counter(self._injected)
        self._driven.close()
        time.sleep(1.0)
        logged: Counter[tuple[str, str]] = Counter()
        for path in sorted((self._folder / "sessions").glob("*.mcap*")):
            whole = open_session(path) if path.suffix == PART else path
            for event in read_session(whole, frames=False):
                if isinstance(event, Fault) and event.source == INJECTED_BY:
                    name, _, detail = event.sentence.removeprefix("Injected ").partition(": ")
                    logged[name, detail.rstrip(".")] += 1
        known: Counter[tuple[str, str]] = Counter()
        for (name, detail), count in injected.items():
            known[name, detail.rstrip(".")] += count
        self._missing = known - logged

    def add_to(self, report: Report) -> None:
        """Replace rows and goals of a report by what is known now."""
        self._listen()
        self._look_for_crashes()
        report.rows.clear()
        report.goals.clear()
        shift = self.shift
        minutes = (time.monotonic() - self._begun) / 60
        report.add_row(measurement="minutes", n=round(minutes, 1))
        for what, count in sorted(shift.done.items()):
            report.add_row(measurement=what, n=count)
        for name, count in sorted(Counter(name for name, _ in self._injected).items()):
            report.add_row(fault=name, injected=count)
        self._add_stops(report)
        self._add_memory(report)
        report.add_goal("crashes", "; ".join(self._crashes) or 0, "", "0", not self._crashes)
        report.add_goal("times that nothing went on", shift.stuck, "", "0", shift.stuck == 0)
        lost = None if self._missing is None else self._missing.total()
        report.add_goal(
            f"faults missing in the log, of {len(self._injected)}", lost, "", "0", lost == 0
        )
        for (name, detail), count in sorted((self._missing or {}).items()):
            report.add_row(missing=name, detail=detail, n=count)

    def _add_stops(self, report: Report) -> None:
        stops = [stop for stop in self.shift.stops if stop.rest.moved]
        calls = spread([stop.call_ms for stop in stops if stop.call_ms is not None])
        rests = spread([stop.rest.rest_ms for stop in stops])
        arm = spread([stop.rest.arm_ms for stop in stops])
        paths = spread([stop.rest.path_mm for stop in stops])
        report.add_row(stops="key to the driver's call", **calls.columns())
        report.add_row(stops="key to rest", **rests.columns())
        report.add_row(stops="key to rest, by the arm's own clock", **arm.columns())
        report.add_row(stops="way until rest [mm]", **paths.columns())
        missed = sum(not stop.rest.rested or not stop.latched for stop in stops)
        late = sum(stop.rest.rested and stop.rest.rest_ms > STOP_GOAL_MS for stop in stops)
        report.add_goal(f"missed stops of {len(stops)}", missed, "", "0", missed == 0)
        report.add_goal(
            f"stops at rest later than {STOP_GOAL_MS:g} ms after the key", late, "", "0", late == 0
        )

    def _add_memory(self, report: Report) -> None:
        for name, course in sorted(self._household.snapshot().items()):
            if not course.sizes:
                continue
            line = course.second_half(self._begun)
            report.add_row(
                memory=name,
                n=len(course.sizes),
                first_MiB=round(course.sizes[0], 1),
                half_MiB=round(line.start, 1),
                last_MiB=round(course.sizes[-1], 1),
                MiB_per_min=round(line.per_minute, 3),
                percent=round(line.percent, 2),
            )
            report.add_goal(
                f"memory of {name} over the second half",
                round(line.percent, 2), "%", f"<= {LEAK_GOAL_PERCENT:g}",
                line.percent <= LEAK_GOAL_PERCENT,
            )  # fmt: skip

    def _listen(self) -> None:
        """Take in which faults the rig says it has injected."""
        while True:
            try:
                event = self._onlooker.events.get_nowait()
            except queue.Empty:
                return
            if isinstance(event, FaultInjected):
                self._injected.append((event.name, event.detail))

    def _look_for_crashes(self) -> None:
        if self._missing is not None:
            return  # all are being ended
        found = [
            f"{child.words[0]} ended with {child.process.returncode}"
            for child in self.crew.children
            if child.process.poll() is not None
        ]
        if self._driven.process.poll() is not None:
            found.append(f"studio ended with {self._driven.process.returncode}")
        if self._driven.newest("recorder") not in (None, self._recorder):
            found.append("the recorder was started again")
        for path in sorted(self._folder.rglob("*.log")):
            count = path.read_text(encoding="utf-8", errors="replace").count("Traceback (most")
            if count:
                found.append(f"{count} tracebacks in {path.name}")
        self._crashes = found
