"""Where the simulated arm was in every millisecond of the last seconds.

Written by the physics after every step, read by whoever measures how the arm stops: neither the
window nor the driver is asked what it believes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from frankik import FrankaKinematics
from numpy.typing import NDArray

from robot.sim.shared import SharedMemory

TICKS = 1 << 14
"""Steps that are kept: sixteen seconds."""

_JOINTS = 7
_COLUMNS = 2 + _JOINTS
_HEADER = 64
_KINEMATICS = FrankaKinematics("fr3")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """What the arm did, step by step.

    Attributes:
        t_ns: (N,) int64, when each step was computed [ns, monotonic].
        sim_s: (N,) time of the simulation [s]; it falls behind when the machine is too busy.
        q: (N, 7) joint angles [rad].
    """

    t_ns: NDArray[np.int64]
    sim_s: NDArray[np.float64]
    q: NDArray[np.float64]

    def tool(self) -> NDArray[np.float64]:
        """Return the (N, 3) tool centre [m, base frame]."""
        offset = _KINEMATICS.FrankaHandTCPOffset
        poses = [_KINEMATICS.forward(q, tcp_offset=offset) for q in self.q]
        return np.array([pose[:3, 3] for pose in poses]).reshape(-1, 3)


class Trail:
    """A ring of the last steps in shared memory; one writer, any number of readers."""

    def __init__(self, memory: SharedMemory, *, offset: int) -> None:
        self._count = memory.array(offset, (1,), "<i8")
        self._rows = memory.array(offset + _HEADER, (TICKS, _COLUMNS), "<f8")

    @staticmethod
    def size() -> int:
        """Return the number of bytes of a trail."""
        return _HEADER + 8 * TICKS * _COLUMNS

    def append(self, t_ns: int, sim_s: float, q: NDArray[np.float64]) -> None:
        """Note (7,) joint angles after a step."""
        count = int(self._count[0])
        row = self._rows[count % TICKS]
        row[0], row[1] = t_ns, sim_s  # a double holds the nanoseconds of a hundred days
        row[2:] = q
        self._count[0] = count + 1

    def since(self, t_ns: int) -> Way:
        """Return what is kept of the steps from a moment on [ns, monotonic]."""
        before = int(self._count[0])
        rows = self._rows.copy()
        # what was overwritten while it was copied is left out, and a little more
        oldest = max(0, int(self._count[0]) - TICKS + 1)
        rows = rows[np.arange(oldest, max(before, oldest)) % TICKS]
        rows = rows[rows[:, 0] >= t_ns]
        return Way(t_ns=rows[:, 0].astype(np.int64), sim_s=rows[:, 1], q=rows[:, 2:])
