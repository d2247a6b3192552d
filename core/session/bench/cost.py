"""How long the calls take and how much of the processor a way of keeping a session needs."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from mcap.reader import make_reader
from numpy.typing import NDArray

from core.session.bench.load import CAMERAS, Handed, Sink, play
from core.session.bench.others import Finish
from core.session.client import RecorderClient
from core.session.events import FrameSeen, Note, StateSampled
from core.types import StudioError

PATIENCE_S = 60.0
"""How long a recorder may take to start and to finish."""


def measure(
    name: str, sink: Sink, finish: Finish, folder: Path, seconds: float, images: list[NDArray[Any]]
) -> tuple[dict[str, Any], Handed]:
    """Play the load into a sink and return a row of the report, and what was handed over.

    Args:
        name: What the row is called.
        sink: Where the load goes.
        finish: Ends the session; it returns further columns, ``frames`` and ``states`` kept first.
        folder: What of the disk it uses; it may be missing.
        seconds: How long to play.
        images: From :func:`core.session.bench.load.scenes`.
    """
    process = psutil.Process()
    others = process.children()
    before = _seconds(process, others)
    handed = play(sink, seconds, images)
    spent = _seconds(process, others)
    started = time.monotonic()
    found = finish()
    ending = time.monotonic() - started
    appends = 1000 * np.asarray(handed.append_s)
    row: dict[str, Any] = {
        "way": name,
        "seconds": handed.seconds,
        "pictures": handed.frames,
        "kept": found.pop("frames", None),
        "states": handed.states,
        "states kept": found.pop("states", None),
        "append p50 [ms]": float(np.percentile(appends, 50)),
        "append p99 [ms]": float(np.percentile(appends, 99)),
        "append max [ms]": float(appends.max()),
        "CPU here": (spent[0] - before[0]) / handed.seconds,
        "CPU recorder": (spent[1] - before[1]) / handed.seconds if others else None,
        "MB/s": _size(folder) / 1e6 / handed.seconds,
        "end [s]": ending,
    }
    return row | found, handed


def nothing() -> tuple[Sink, Finish]:
    """Return a sink that keeps nothing: what is left is the cost of the load itself."""
    return Sink(frame=id, state=id, decision=id), dict


def recorder(folder: Path, *, video: bool = False) -> tuple[Sink, Finish, list[float]]:
    """Start a recorder, which keeps live pictures as JPEG or as video.

    Returns:
        Its sink, its end, and the times from each decision to its being on the disk [s].

    Raises:
        StudioError: If it does not start.
    """
    client = RecorderClient(folder, video=video)
    _wait_ready(client)
    durable: list[float] = []
    asked: list[threading.Thread] = []

    def decision(number: int) -> None:
        started = time.perf_counter()
        client.put(Note(text=str(number), author="bench"))

        def wait() -> None:
            while client.unsaved() and time.perf_counter() - started < PATIENCE_S:
                time.sleep(0.0005)
            durable.append(time.perf_counter() - started)

        asked.append(threading.Thread(target=wait, name=f"decision-{number}"))
        asked[-1].start()

    def finish() -> dict[str, Any]:
        for thread in asked:
            thread.join()
        status = client.close(PATIENCE_S)
        if status.error:
            raise StudioError(status.error)
        kept = count_messages(Path(status.path))
        frames = sum(kept.get(f"/camera/{camera}", 0) for camera in CAMERAS)
        return {
            "frames": frames,
            "states": kept.get("/events/StateSampled", 0),
            "decisions kept": kept.get("/events/Note", 0) - bool(status.drops),
            "dropped": status.drops,
        }

    sink = Sink(
        frame=lambda frame: client.put(FrameSeen(frame=frame)),
        state=lambda state: client.put(StateSampled(state=state)),
        decision=decision,
    )
    return sink, finish, durable


def count_messages(path: Path) -> dict[str, int]:
    """Count the messages of a finished file by topic, as the plain ``mcap`` reader has it."""
    with path.open("rb") as stream:
        summary = make_reader(stream).get_summary()
    if summary is None or summary.statistics is None:
        raise StudioError(f"{path} has no summary")
    counts = summary.statistics.channel_message_counts
    return {channel.topic: counts.get(number, 0) for number, channel in summary.channels.items()}


def _wait_ready(client: RecorderClient) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not (status := client.status()).recording:
        if status.error or time.monotonic() > deadline:
            raise StudioError(status.error or "the recorder does not start")
        time.sleep(0.01)


def _seconds(process: psutil.Process, others: list[psutil.Process]) -> tuple[float, float]:
    """Return the processor time of this process and of its children [s]."""
    times = [process.cpu_times(), *(other.cpu_times() for other in others)]
    used = [t.user + t.system for t in times]
    return used[0], sum(used[1:])


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
