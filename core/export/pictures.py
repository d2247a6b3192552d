"""The live pictures of a take, in their order."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from core.export.request import Pace
from core.export.take import NS, Take
from core.export.timing import Picture
from core.session.events import FrameSeen
from core.session.reader import read_session

LEAD_NS = 1_000_000_000
"""Pictures from so long before a take are read, so that its first moment has one."""


def pictures(
    take: Take, cameras: Collection[str] = (), pace: Pace | None = None
) -> Iterator[tuple[str, float, Picture]]:
    """Yield camera, time [s since the take began] and (H, W, 3) uint8 RGB of every live picture.

    Times are when the studio noted a picture: the one clock that it shares with every event, also
    when cameras and arm are on another machine.

    Args:
        take: The take.
        cameras: Whose pictures; none means all.
        pace: Told how far it is.

    Raises:
        StudioError: If the file cannot be read.
        ExportCancelled: If the export was given up.
    """
    length = max(take.ended_ns - take.started_ns, 1)
    for event in read_session(take.path):
        if pace is not None:
            pace.at((event.wall_ns - take.started_ns) / length)
        if event.wall_ns > take.ended_ns + LEAD_NS:
            return
        if not isinstance(event, FrameSeen) or (cameras and event.frame.camera not in cameras):
            continue
        if take.started_ns - LEAD_NS <= event.wall_ns <= take.ended_ns:
            yield event.frame.camera, (event.wall_ns - take.started_ns) / NS, event.frame.image
