"""A studio that is killed: it records, and says on standard output what it hands over.

Each line is JSON: ``{"recorder": pid, "began": time [ns]}`` when the file is there, ``{"put": time
[ns], "note": number or null}`` for decisions and measurements (at the high rate for every tenth),
``{"saved": number of decisions}`` when those are on the disk, and ``{"unsaved": [numbers]}`` when
the recorder has died.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from core.session.bench.load import Sink, play, scenes
from core.session.client import RecorderClient
from core.session.events import FrameSeen, Note, StateSampled
from core.types import RobotState

LOW_STATES_PER_S = 5
TOLD_EVERY = 10
DECISION_EVERY_S = {"low": 1.0, "high": 0.2}
LONGEST_S = 120.0
_POLL_S = 0.001


def main(directory: str, rate: str) -> None:
    """Record into a folder at the "low" or the "high" rate until somebody kills this."""
    images = scenes(0) if rate == "high" else []
    client = RecorderClient(Path(directory))
    while not client.status().recording:
        time.sleep(0.01)
    said = threading.Lock()

    def say(**values: object) -> None:
        with said:
            sys.stdout.write(json.dumps(values) + "\n")
            sys.stdout.flush()

    notes = samples = 0

    def decide(number: int) -> None:
        nonlocal notes
        before = time.monotonic_ns()
        client.put(Note(text=str(number), author="victim"))
        notes += 1
        say(put=before, note=number)

    def sample(state: RobotState) -> None:
        client.put(StateSampled(state=state))
        nonlocal samples
        samples += 1
        if rate == "low" or samples % TOLD_EVERY == 0:
            say(put=state.t_ns, note=None)

    def watch() -> None:
        saved = 0
        while not client.status().error:
            # first what waits, then what was handed over: the difference is never too large
            handed = notes
            done = handed - len(client.unsaved())
            if done > saved:
                saved = done
                say(saved=saved)
            time.sleep(_POLL_S)

    say(recorder=client.pid, began=time.monotonic_ns())
    watcher = threading.Thread(target=watch, name="watch", daemon=True)
    watcher.start()
    play(
        Sink(frame=lambda frame: client.put(FrameSeen(frame=frame)), state=sample, decision=decide),
        LONGEST_S,
        images,
        states_per_s=LOW_STATES_PER_S if rate == "low" else 1000,
        pictures_per_s=0 if rate == "low" else 30,
        decision_every_s=DECISION_EVERY_S[rate],
        cancelled=lambda: bool(client.status().error),
    )
    client.close(10.0)
    say(unsaved=[int(event.text) for event in client.unsaved() if isinstance(event, Note)])


if __name__ == "__main__":
    main(*sys.argv[1:])
