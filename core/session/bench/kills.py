"""Kills recorders at random times and looks at what they leave behind.

In half of the runs the recorder alone is killed and the studio goes on; in the others both are, at
the same moment, as when a machine is switched off but for its disk's cache.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from mcap.reader import make_reader

from core.session.bench.load import STATES_PER_SECOND
from core.session.bench.victim import TOLD_EVERY
from core.session.events import Note
from core.session.facts import ROOT
from core.session.mcap_file import being_written
from core.session.reader import read_session
from core.session.repair import open_session
from core.types import StudioError

RATES = ("low", "high")
TOLD_EVERY_S = {"low": 0.0, "high": TOLD_EVERY / STATES_PER_SECOND}
VICTIMS = ("recorder", "both")
EARLIEST_S, LATEST_S = 0.3, 4.0
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """What one kill cost.

    Attributes:
        rate: "low" (5 measurements a second) or "high" (the full load).
        victim: "recorder" or "both".
        after_s: When, after the file was there [s].
        messages: How many messages the plain ``mcap`` reader finds in the repaired file.
        lost_s: Time from the first event that is missing to the kill [s], rounded up to a hundredth
            of a second at the high rate; 0 if none is.
        decisions: How many decisions had been handed over.
        in_file: How many of them are in the repaired file.
        given_back: How many of the others the studio still held, for the next file.
        saved_lost: Decisions missing that had been reported to be on the disk.
        flight_s: Age of the oldest decision that neither has, at the kill [s]; 0 if there is none.
    """

    rate: str
    victim: str
    after_s: float
    messages: int
    lost_s: float
    decisions: int
    in_file: int
    given_back: int
    saved_lost: int
    flight_s: float


def run_kills(
    folder: Path, runs: int, seed: int, say: Callable[[str], None] = lambda _: None
) -> list[Kill]:
    """Kill ``runs`` times, at rates and with victims in turn, at random times.

    Raises:
        StudioError: If a recorder does not start, or a file cannot be repaired.
    """
    noise = np.random.default_rng(seed)
    kills: list[Kill] = []
    for number in range(runs):
        rate, victim = RATES[number % 2], VICTIMS[number // 2 % 2]
        after = float(noise.uniform(EARLIEST_S, LATEST_S))
        kills.append(kill_once(folder / f"kill-{number}", rate, victim, after))
        say(f"kill {number + 1} of {runs}: {rate} rate, {victim}, {kills[-1].lost_s:.3f} s lost")
    return kills


def kill_once(folder: Path, rate: str, victim: str, after: float) -> Kill:
    """Start a studio that records, kill it or its recorder, repair the file, and compare."""
    command = [sys.executable, "-m", "core.session.bench.victim", str(folder), rate]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as studio:
        told = _Told(studio)
        recorder = told.wait("recorder")
        time.sleep(after)
        killed_ns = time.monotonic_ns()
        os.kill(recorder, signal.SIGKILL)
        if victim == "both":
            studio.kill()
        told.thread.join(_PATIENCE_S)
        studio.kill()
    (part,) = folder.glob("*.part")
    _wait_released(part)
    whole = open_session(part)
    return _compare(rate, victim, after, killed_ns, told.lines, whole)


def _compare(
    rate: str, victim: str, after: float, killed_ns: int, lines: list[dict[str, Any]], whole: Path
) -> Kill:
    with whole.open("rb") as stream:
        times = [message.publish_time for _, _, message in make_reader(stream).iter_messages()]
    newest = max([*times, *(line["began"] for line in lines if "began" in line)])
    puts = {line["put"]: line["note"] for line in lines if "put" in line}
    missing = [at for at in puts if newest < at <= killed_ns]
    # not every measurement is told of: the first that is missing came less than this before
    lost_s = (killed_ns - min(missing)) * 1e-9 + TOLD_EVERY_S[rate] if missing else 0.0
    notes = {note: at for at, note in puts.items() if note is not None and at <= killed_ns}
    kept = {int(e.text) for e in read_session(whole, frames=False) if isinstance(e, Note)}
    back = {number for line in lines for number in line.get("unsaved", ())} - kept
    saved = max((line["saved"] for line in lines if "saved" in line), default=0)
    nowhere = [at for number, at in notes.items() if number not in kept | back]
    return Kill(
        rate=rate,
        victim=victim,
        after_s=after,
        messages=len(times),
        lost_s=lost_s,
        decisions=len(notes),
        in_file=len(notes.keys() & kept),
        given_back=len(notes.keys() & back),
        saved_lost=len(set(range(saved)) - kept),
        flight_s=(killed_ns - min(nowhere)) * 1e-9 if nowhere else 0.0,
    )


class _Told:
    """What a studio says, read by a thread."""

    def __init__(self, studio: subprocess.Popen[bytes]) -> None:
        self.lines: list[dict[str, Any]] = []
        self.thread = threading.Thread(target=self._read, args=(studio,), name="told")
        self.thread.start()

    def wait(self, name: str) -> int:
        """Return what is said under a name; a studio that says nothing is an error."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline and self.thread.is_alive():
            if found := [line[name] for line in self.lines if name in line]:
                return int(found[0])
            time.sleep(0.005)
        raise StudioError("the studio that was to be killed did not start to record")

    def _read(self, studio: subprocess.Popen[bytes]) -> None:
        for line in cast("Any", studio.stdout):
            try:
                self.lines.append(json.loads(line))
            except ValueError:  # a killed program's last line
                return


def _wait_released(part: Path) -> None:
    """Wait until the last thread of a killed recorder has let the file go."""
    deadline = time.monotonic() + _PATIENCE_S
    while being_written(part):
        if time.monotonic() > deadline:
            raise StudioError("a killed recorder does not end")
        time.sleep(0.005)
