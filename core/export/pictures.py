"""The live pictures of a take, in their order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from core.export.request import Pace
from core.export.take import NS, Take
from core.export.timing import Picture
from core.session.events import FrameSeen
from core.session.reader import read_session

_LATE_NS = 1_000_000_000
"""Messages of several sources may be written out of order by as much."""


def pictures(
    take: Take, cameras: Collection[str] = (), pace: Pace | None = None
) -> Iterator[tuple[str, float, Picture]]:
    """Yield camera, time [s since the take began] and (H, W, 3) uint8 RGB of every live picture.

    The first one of a camera is the last from before the take, if there is one; its time is below
    zero. Times are when the studio noted a picture: the one clock that it shares with every event,
    also when cameras and arm are on another machine.

    Args:
        take: The take.
        cameras: Whose pictures; none means all.
        pace: Told how far it is.

    Raises:
        StudioError: If the file cannot be read.
        ExportCancelled: If the export was given up.
    """
    length = max(take.ended_ns - take.started_ns, 1)
    before: dict[str, tuple[float, Picture]] = {}
    for event in read_session(take.path):
        if pace is not None:
            pace.at((event.wall_ns - take.started_ns) / length)
        if event.wall_ns > take.ended_ns + _LATE_NS:
            return
        if not isinstance(event, FrameSeen) or (cameras and event.frame.camera not in cameras):
            continue
        name, time = event.frame.camera, (event.wall_ns - take.started_ns) / NS
        if event.wall_ns < take.started_ns:
            before[name] = (time, event.frame.image)
        elif event.wall_ns <= take.ended_ns:
            if name in before:
                yield name, *before.pop(name)
            yield name, time, event.frame.image


def newest(
    take: Take, cameras: Collection[str], due: Sequence[float], pace: Pace | None = None
) -> Iterator[tuple[str, int, float, Picture]]:
    """Yield for every camera and moment the newest live picture that was there by then.

    Before there is any picture of a camera, its first one has to do. A camera without pictures
    yields nothing.

    Args:
        take: The take.
        cameras: Names of the cameras.
        due: The moments, ascending [s since the take began].
        pace: Told how far it is.

    Yields:
        Camera, index of the moment, age of the picture [s], (H, W, 3) uint8 RGB. The moments of a
        camera come in their order.

    Raises:
        StudioError: If the file cannot be read.
        ExportCancelled: If the export was given up.
    """
    at = dict.fromkeys(cameras, 0)
    held: dict[str, tuple[float, Picture]] = {}

    def catch_up(name: str, now: float) -> Iterator[tuple[str, int, float, Picture]]:
        while at[name] < len(due) and due[at[name]] < now:
            taken, picture = held[name]
            yield name, at[name], due[at[name]] - taken, picture
            at[name] += 1

    for name, time, picture in pictures(take, cameras, pace):
        held.setdefault(name, (time, picture))
        yield from catch_up(name, time)
        held[name] = (time, picture)
    for name in held:
        yield from catch_up(name, float("inf"))
