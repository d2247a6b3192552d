"""What the physics process publishes for the renderer and for whoever asks where things are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.sim.layout import PAINTS, SLOTS, Layout

ARM_QPOS = 9
"""Seven joints [rad] and two fingers [m]."""

QPOS = ARM_QPOS + 7 * len(SLOTS)
STATE_LENGTH = 5 + len(SLOTS) + QPOS

_COLOUR_NAMES = tuple(PAINTS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabState:
    """One moment of the simulation.

    Attributes:
        t_ns: When it was copied [ns, monotonic].
        sim_time: Time of the simulation [s].
        rate_hz: Physics steps per second, measured over about the last second.
        seed: Seed of the layout, -1 when it was given.
        colours: Colour name per slot, empty for a slot that is not in use.
        qpos: (QPOS,) joints [rad], fingers [m], then position [m] and quaternion (w first) of each
            slot, in the order of :data:`robot.sim.layout.SLOTS`.
        violations: Commands so far that went beyond a limit of :mod:`robot.sim.fci_limits`.
    """

    t_ns: int
    sim_time: float
    rate_hz: float
    seed: int
    colours: tuple[str, ...]
    qpos: NDArray[np.float64]
    violations: int = 0

    def to_vector(self) -> NDArray[np.float64]:
        """Return (STATE_LENGTH,) numbers for a shared record."""
        numbers = (self.t_ns, self.sim_time, self.rate_hz, self.seed, self.violations)
        head = [float(number) for number in numbers]
        return np.concatenate([head, colour_numbers(self.colours), self.qpos])

    @classmethod
    def from_vector(cls, vector: NDArray[np.float64]) -> LabState:
        """Rebuild a state from :meth:`to_vector`."""
        numbers = vector[5 : 5 + len(SLOTS)].astype(int)
        return cls(
            t_ns=int(vector[0]),
            sim_time=float(vector[1]),
            rate_hz=float(vector[2]),
            seed=int(vector[3]),
            colours=tuple(_COLOUR_NAMES[n] if n >= 0 else "" for n in numbers),
            qpos=vector[5 + len(SLOTS) :],
            violations=int(vector[4]),
        )

    def pose(self, slot: str) -> NDArray[np.float64]:
        """Return the (7,) position [m, base frame] and quaternion (w first) of a slot's object."""
        start = ARM_QPOS + 7 * SLOTS.index(slot)
        return self.qpos[start : start + 7]


def colour_numbers(colours: tuple[str, ...]) -> NDArray[np.float64]:
    """Return (len(SLOTS),) indices into the colour table, -1 for unused slots."""
    return np.array([_COLOUR_NAMES.index(name) if name else -1 for name in colours], dtype=float)


def slot_colours(layout: Layout) -> tuple[str, ...]:
    """Return the colour name of each slot, empty for one that the layout does not use."""
    used = {item.slot: item.colour for item in layout.objects}
    return tuple(used.get(slot, "") for slot in SLOTS)
