"""``main.py bench review``: how soon a long session opens, and how soon any moment of it is there.

The session is made by the session writer in a temporary folder: two noisy cameras, states of the
arm, and a cycle of question, edits, answer and run every few seconds, as a person's session has
them. "Cold" means that the system was asked to forget the file before.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.episode import Outcome
from core.report import Report
from core.review.database import Database
from core.review.library import lines, scan
from core.review.session import ReviewSession
from core.session import events
from core.session.writer import SessionWriter
from core.types import ActionChunk, DepthTokens, Frame, Observation, Reasoning, RobotState, Trace

SEED = 0
OPEN_GOAL_S, SEEK_GOAL_MS = 2.0, 100.0
CAMERAS, SIZE = ("front", "wrist"), (640, 480)
RATE_HZ, CYCLE_S = 15, 4.0
_DIFFERENT = 16
_NS = 1_000_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``main.py bench review``."""
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the session")
    parser.add_argument("--seeks", type=int, default=300, help="moments that are looked for")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there")


def run_bench_review(arguments: argparse.Namespace) -> int:
    """Measure and report; a missed goal is no failure."""
    report = Report(f"bench review --megabytes {arguments.megabytes}", SEED)
    with tempfile.TemporaryDirectory(prefix="bench-review-") as folder:
        path = Path(folder) / "long.mcap"
        began = time.perf_counter()
        make_session(path, arguments.megabytes * 1_000_000)
        size = path.stat().st_size
        report.add_row(what="make", seconds=time.perf_counter() - began, megabytes=size / 1e6)
        _measure_index(report, path)
        for warmth in ("cold", "warm"):
            _measure(report, path, warmth, arguments.seeks)
    report.print(sys.stdout)
    if arguments.json is not None:
        report.write(arguments.json)
    return 0


def make_session(path: Path, size: int) -> None:
    """Write a session of about ``size`` bytes.

    Args:
        path: Where the finished file shall be.
        size: Wanted size [bytes]; the last cycle is completed.
    """
    rng = np.random.default_rng(SEED)
    pictures = [_picture(rng) for _ in range(_DIFFERENT)]
    writer = SessionWriter(path, {"program": "bench review"})
    start = 1_700_000_000 * _NS
    writer.put(events.SessionStarted(policy="bench", robot="lab", t_ns=0, wall_ns=start))
    number = 0
    while writer.file.size < size:
        number += 1
        _write_cycle(writer, number, start, pictures)
    writer.finish()


def _write_cycle(
    writer: SessionWriter, number: int, start: int, pictures: list[NDArray[np.uint8]]
) -> None:
    """Write a few seconds: an attempt with a question, edits, an answer and its run."""
    base = int((number - 1) * CYCLE_S * _NS)
    decisive = _cycle_events(number, pictures[number % _DIFFERENT])
    ticks = int(CYCLE_S * RATE_HZ)
    due = {int((place + 0.5) * ticks / len(decisive)): e for place, e in enumerate(decisive)}
    for tick in range(ticks):
        t_ns = base + tick * _NS // RATE_HZ
        for index, camera in enumerate(CAMERAS):
            image = pictures[(number * ticks + tick + index) % _DIFFERENT]
            frame = Frame(camera=camera, image=image, t_ns=t_ns, seq=(number - 1) * ticks + tick)
            writer.put(events.FrameSeen(frame=frame, wall_ns=start + t_ns))
        for part in range(2):
            later = t_ns + part * _NS // (2 * RATE_HZ)
            writer.put(events.StateSampled(state=_state(later), wall_ns=start + later))
        if tick in due:
            writer.put(replace(due[tick], t_ns=t_ns, wall_ns=start + t_ns + 1))


def _cycle_events(number: int, picture: NDArray[np.uint8]) -> list[events.Event]:
    frames = tuple(Frame(camera=camera, image=picture, t_ns=0) for camera in CAMERAS)
    instruction = f"pick up object {number}"
    points = np.array([[20.0, 30.0], [200.0, 180.0]])
    chunk = ActionChunk(actions=np.full((8, 7), 0.01))
    answer = Reasoning(
        request_id=number,
        text="The depth map and the trace " * 40,
        depth=DepthTokens(codes=np.arange(100)),
        traces=(Trace(points=points),),
        chunk=chunk,
        model_image=picture[:240, :320],
    )
    edits = [
        events.TraceEdited(operation="move", before=points, after=points + n) for n in range(6)
    ]
    run = f"r{number}"
    return [
        events.EpisodeStarted(number=number, instruction=instruction),
        events.Observed(
            request_id=number, observation=Observation(frames=frames, instruction=instruction)
        ),
        *edits,
        events.Steered(request_id=number, trace=Trace(points=points)),
        events.Reasoned(reasoning=answer),
        events.ChunkStarted(run_id=run, chunk=chunk, steps=8, request_id=number),
        *(events.StepDone(run_id=run, step=step, state=_state(step)) for step in range(8)),
        events.ChunkEnded(run_id=run, reason="done", steps_done=8),
        events.EpisodeEnded(number=number, outcome=Outcome.SUCCESS),
    ]


def _measure_index(report: Report, path: Path) -> None:
    database = Database(path.parent)
    began = time.perf_counter()
    scan(database)
    report.add_row(what="index", seconds=time.perf_counter() - began, lines=len(lines(database)))


def _measure(report: Report, path: Path, warmth: str, seeks: int) -> None:
    if warmth == "cold":
        _forget(path)
    began = time.perf_counter()
    session = ReviewSession(path)
    opened = time.perf_counter() - began
    try:
        rng = np.random.default_rng(SEED)
        moments = session.start_ns + (
            rng.random(seeks) * (session.end_ns - session.start_ns)
        ).astype(np.int64)
        if warmth == "cold":
            _forget(path)
        took = np.array([_timed(session, int(moment)) for moment in moments]) * 1000
    finally:
        session.close()
    p50, p95 = (float(value) for value in np.percentile(took, (50, 95)))
    report.add_row(
        what=warmth, seconds=opened, events=len(session.events), seek_p50_ms=p50, seek_p95_ms=p95
    )
    report.add_goal(
        f"open, {warmth}", opened, "s", f"< {OPEN_GOAL_S:g}", holds=opened < OPEN_GOAL_S
    )
    report.add_goal(
        f"seek p95, {warmth}", p95, "ms", f"< {SEEK_GOAL_MS:g}", holds=p95 < SEEK_GOAL_MS
    )


def _timed(session: ReviewSession, wall_ns: int) -> float:
    """Return how long everything that the Review page shows at a moment takes [s]."""
    began = time.perf_counter()
    for camera in session.cameras:
        session.frame_at(camera, wall_ns)
    session.state_at(wall_ns)
    moment = session.moment(wall_ns)
    for index in (moment.question, moment.answer):
        if index is not None:
            session.whole(index)
    return time.perf_counter() - began


def _forget(path: Path) -> None:
    """Ask the system to drop the file from its memory."""
    forget: Callable[..., None] | None = getattr(os, "posix_fadvise", None)
    if forget is None:
        return
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        forget(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _picture(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a picture with the grain of a camera, so that it does not get too small."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([x / width * 200, y / height * 200, (x + y) / 6], axis=-1)
    grain = rng.normal(20, 9, (height, width, 1))
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


def _state(t_ns: int) -> RobotState:
    pose = np.eye(4)
    pose[:3, 3] = (0.4, 0.1 * np.sin(t_ns / _NS), 0.2)
    return RobotState(q=np.zeros(7), ee_pose=pose, gripper=1.0, t_ns=t_ns)
