"""``python main.py bench guard``: hostile chunks against the guard, measured at the driver.

Each chunk comes as over the wire, is read and judged by the functions that the rig uses, and what
is accepted goes to a driver that only checks (:mod:`robot.bench_recorder`), with the same poses and
the same time per step that the executor hands over. Besides, the embedded model's own chunks are
judged (:mod:`robot.sim.good_chunks`): rejecting those would make a guard useless.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.types import StudioError
from robot.guard import Limits, first_steps, preview

if TYPE_CHECKING:
    from core.report import Report
    from robot.bench_hostile import Attack
    from robot.bench_recorder import RecordingDriver, Tally
    from robot.sim.good_chunks import GoodChunk

CHUNKS = 1_000_000
PROGRESS_SECONDS = 30.0
FALSE_REJECTIONS = 0.01
_OPENINGS = (1.0, 0.0, 0.5, None)


@dataclass(slots=True, kw_only=True)
class Score:
    """What became of one kind of chunk.

    Attributes:
        unreadable: Refused before the guard: no chunk at all.
        accepted: Handed to the driver.
        rejected: How often which check said no.
        outside: Accepted, and beyond a limit by the driver's own arithmetic.
    """

    unreadable: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter[str])
    outside: int = 0

    @property
    def tried(self) -> int:
        """How many there were."""
        return self.unreadable + self.accepted + sum(self.rejected.values())


@dataclass(slots=True, kw_only=True)
class Times:
    """How much processor time the guard took [ns]: others may be busy on the same machine."""

    accepted: list[int] = field(default_factory=list[int])
    rejected: list[int] = field(default_factory=list[int])


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of all chunks.

    Attributes:
        scores: By kind.
        tally: What the driver met.
        times: Of the guard.
    """

    scores: dict[str, Score]
    tally: Tally
    times: Times

    def add(self, other: Outcome) -> None:
        """Add what another process found."""
        for kind, score in self.scores.items():
            more = other.scores[kind]
            score.unreadable += more.unreadable
            score.accepted += more.accepted
            score.rejected.update(more.rejected)
            score.outside += more.outside
        self.tally.add(other.tally)
        self.times.accepted += other.times.accepted
        self.times.rejected += other.times.rejected


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``bench guard``."""
    parser.add_argument("--chunks", type=int, default=CHUNKS, help="hostile chunks to try")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1, help="each has seeds of its own")
    parser.add_argument("--minutes", type=float, help="end after this long with what was tried")
    parser.add_argument("--json", type=Path, help="write the results here")


def run_bench_guard(arguments: argparse.Namespace) -> int:
    """Attack the guard, judge the model's own chunks, print the tables.

    Raises:
        StudioError: If there is nothing to try, or the stored chunks are missing.
    """
    from core.report import Report
    from robot.sim.good_chunks import load_good_chunks

    if arguments.chunks < 1:
        raise StudioError(f"--chunks is {arguments.chunks}; at least one is needed")
    command = f"bench guard --chunks {arguments.chunks} --seed {arguments.seed}"
    report = Report(command, arguments.seed)
    good = load_good_chunks()
    end = None if arguments.minutes is None else time.time() + 60.0 * arguments.minutes
    processes = max(1, arguments.processes)
    outcome = _attack_in_processes(arguments.chunks, arguments.seed, processes, end)
    for kind, score in outcome.scores.items():
        _add_row(report, kind, score)
    _add_goals(report, outcome, arguments.chunks)
    _judge_good(report, good, bench_limits())
    report.print()
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def bench_limits() -> Limits:
    """Return the limits of the lab, which the guard and the driver are given alike."""
    from robot.rig.server import LAB_WORKSPACE

    return Limits(workspace=LAB_WORKSPACE)


def _attack_in_processes(count: int, seed: int, processes: int, end: float | None) -> Outcome:
    shares = [count // processes + (index < count % processes) for index in range(processes)]
    jobs = [(share, (seed, index), end) for index, share in enumerate(shares) if share]
    if len(jobs) == 1:
        return attack(*jobs[0])
    with multiprocessing.get_context("spawn").Pool(len(jobs)) as pool:
        outcomes = pool.starmap(attack, jobs)
    total = outcomes[0]
    for outcome in outcomes[1:]:
        total.add(outcome)
    return total


def attack(count: int, seed: tuple[int, int], end: float | None = None) -> Outcome:
    """Throw hostile chunks at the guard and check what it accepts at a driver.

    Args:
        count: How many.
        seed: Of everything that is drawn.
        end: Clock time after which no more are tried [s]; None for no end.
    """
    from robot.bench_hostile import Hostile
    from robot.bench_recorder import RecordingDriver
    from robot.sim.good_chunks import load_good_chunks

    limits, good = bench_limits(), load_good_chunks()
    driver = RecordingDriver(limits)
    driver.place(good[0].state.q)
    hostile = Hostile(seed, limits, good)
    scores = {kind: Score() for kind in hostile.kinds}
    outcome = Outcome(scores=scores, tally=driver.tally, times=Times())
    begun = told = time.monotonic()
    for index in range(count):
        if end is not None and time.time() > end:
            break
        one = hostile.draw()
        score = scores[one.kind]
        before = driver.tally.outside
        meet(one, driver, limits, _OPENINGS[index % len(_OPENINGS)], score, outcome.times)
        score.outside += driver.tally.outside - before
        now = time.monotonic()
        if now - told > PROGRESS_SECONDS:
            told = now
            left = (now - begun) / (index + 1) * (count - index - 1)
            print(
                f"[{index + 1}/{count}] {driver.tally.chunks} reached the driver, "
                f"{driver.tally.outside} of them outside; {left / 60:.0f} min left",
                flush=True,
            )
    return outcome


def meet(
    attack: Attack,
    driver: RecordingDriver,
    limits: Limits,
    opening: float | None,
    score: Score,
    times: Times,
) -> None:
    """Give one chunk to the guard, and to the driver if it is accepted."""
    from robot.rig.messages import chunk_from_message

    if attack.joints is not None:
        driver.place(attack.joints)
    try:
        chunk = chunk_from_message(attack.message)
    except StudioError:
        score.unreadable += 1
        return
    start = driver.pose
    if attack.shift is not None:
        start = start.copy()
        start[:3, 3] += attack.shift
    joints = driver.joints if attack.told is None else attack.told
    begun = time.thread_time_ns()
    result = preview(chunk, start, driver.pose, limits, joints, opening)
    taken = time.thread_time_ns() - begun
    if result.verdict.ok:
        times.accepted.append(taken)
        score.accepted += 1
        driver.follow(result.poses[1:], result.step_seconds)
    else:
        times.rejected.append(taken)
        score.rejected[result.verdict.kind] += 1


def _add_row(report: Report, kind: str, score: Score) -> None:
    most = ", ".join(f"{name} {count}" for name, count in score.rejected.most_common(4))
    report.add_row(
        chunks_like=kind,
        tried=score.tried,
        unreadable=score.unreadable,
        accepted=score.accepted,
        outside=score.outside,
        rejected_for=most,
    )


def _add_goals(report: Report, outcome: Outcome, wanted: int) -> None:
    tally, times = outcome.tally, outcome.times
    tried = sum(score.tried for score in outcome.scores.values())
    report.add_goal("hostile chunks", tried, "chunks", str(wanted), tried == wanted)
    for name, count in tally.broken.most_common():
        report.add_row(broken_at_the_driver=name, times=count, worst=tally.worst[name])
    report.add_goal("outside at the driver", tally.outside, "chunks", "0", tally.outside == 0)
    report.add_goal("reached the driver", tally.chunks, "chunks", "", True)
    report.add_goal("poses at the driver", tally.poses, "poses", "", True)
    for name in ("accepted", "rejected"):
        values = np.array(getattr(times, name), dtype=float) / 1e3
        for share in (50, 99):
            figure = float(np.percentile(values, share)) if len(values) else float("nan")
            report.add_goal(f"guard, {name}, p{share}, processor time", figure, "us", "", True)


def _judge_good(report: Report, good: tuple[GoodChunk, ...], limits: Limits) -> None:
    rejected: Counter[str] = Counter()
    for one in good:
        chunk = first_steps(one.chunk, one.steps)
        state = one.state
        result = preview(chunk, one.start, state.ee_pose, limits, state.q, state.gripper)
        if not result.verdict.ok:
            rejected[result.verdict.reason] += 1
    for reason, count in rejected.most_common():
        report.add_row(falsely_rejected=reason, times=count)
    share = sum(rejected.values()) / len(good)
    report.add_goal("good chunks", len(good), "chunks", "", True)
    holds = share <= FALSE_REJECTIONS
    report.add_goal("false rejections", share, "share", f"<= {FALSE_REJECTIONS:g}", holds)
