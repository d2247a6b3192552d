"""What a session file tells after the studio or its recorder was killed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from mcap.reader import make_reader

from core.session.mcap_file import PART, being_written
from core.session.reader import read_session
from core.session.repair import open_session
from core.types import StudioError

_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftBehind:
    """A session file, repaired if it had to be.

    Attributes:
        events: How many events our own reader finds.
        messages: How many messages the plain ``mcap`` reader finds.
        lost_s: From the newest of them to the signal [s]; 0 if there is a later one.
        repaired: Whether the file was unfinished.
    """

    events: int
    messages: int
    lost_s: float
    repaired: bool


def read_left_behind(path: Path, signal_ns: int) -> LeftBehind:
    """Read a session file whose writer is gone or leaving.

    Args:
        path: As the studio last named it: with ``.part`` or without.
        signal_ns: When the signal was sent [ns, monotonic].

    Raises:
        StudioError: If it cannot be read.
    """
    part = path if path.suffix == PART else path.with_name(path.name + PART)
    deadline = time.monotonic() + _PATIENCE_S
    while _held(part):
        if time.monotonic() > deadline:
            raise StudioError(f"{part} is still being written")
        time.sleep(0.02)
    unfinished = part.exists()
    whole = open_session(part if unfinished else part.with_suffix(""))
    with whole.open("rb") as stream:
        times = [message.publish_time for _, _, message in make_reader(stream).iter_messages()]
    events = sum(1 for _ in read_session(whole, frames=False))
    if not times or not events:
        raise StudioError(f"{whole} holds nothing")
    return LeftBehind(
        events=events,
        messages=len(times),
        lost_s=max(0.0, (signal_ns - max(times)) * 1e-9),
        repaired=unfinished,
    )


def _held(part: Path) -> bool:
    try:
        return being_written(part)
    except FileNotFoundError:  # finished, and renamed
        return False
