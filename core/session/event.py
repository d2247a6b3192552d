"""What every event of a session has: two times, and how much it matters."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar

_WALL_ANCHOR_NS = time.time_ns() - time.monotonic_ns()
"""Keeps the wall clock of one process from jumping when somebody sets the time."""


def wall_clock_ns() -> int:
    """Return the time since 1970 [ns], advancing like the monotonic clock."""
    return time.monotonic_ns() + _WALL_ANCHOR_NS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Event:
    """Anything in the log.

    Attributes:
        t_ns: When it happened [ns, monotonic, of the machine that made it].
        wall_ns: When it was noted [ns since 1970].
    """

    t_ns: int = field(default_factory=time.monotonic_ns)
    wall_ns: int = field(default_factory=wall_clock_ns)

    decisive: ClassVar[bool] = True
    """Whether the file is flushed and synced at once."""
    droppable: ClassVar[bool] = False
    """Whether it may be left out when the recorder cannot keep up."""
