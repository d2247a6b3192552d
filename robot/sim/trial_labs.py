"""The direct lab as a table for trials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.types import ActionChunk, Observation
from robot.sim.direct import DirectLab
from robot.sim.layout import Layout


class DirectTrialLab:
    """Runs trials without the robot protocol; see :class:`robot.sim.trials.TrialLab`."""

    def __init__(self) -> None:
        """Compile the scene."""
        self._lab = DirectLab()

    def reset(self, layout: Layout) -> None:
        """Place the objects and bring the hand home."""
        self._lab.reset(layout)

    def observe(self, instruction: str) -> Observation:
        """Return fresh pictures and the state of the arm."""
        return Observation(
            frames=self._lab.frames(), instruction=instruction, state=self._lab.state()
        )

    def execute(self, chunk: ActionChunk, steps: int) -> str:
        """Run the first steps of a chunk."""
        for action in chunk.actions[:steps]:
            self._lab.step(action)
        return ""

    def positions(self) -> dict[str, NDArray[np.float64]]:
        """Return every object's (3,) centre by slot [m, base frame]."""
        return {i.slot: self._lab.object_position(i.slot) for i in self._lab.layout.objects}

    def tool(self) -> NDArray[np.float64]:
        """Return the (3,) tool centre [m, base frame]."""
        return self._lab.tool

    def lifted(self, slot: str) -> bool:
        """Tell whether an object hangs clear of the table."""
        return self._lab.lifted(slot)

    def grasped(self, slot: str) -> bool:
        """Tell whether an object is off the table between closed fingers."""
        return self._lab.grasped(slot)

    def violations(self) -> None:
        """Nothing: no arm's commands are judged here."""
        return

    def close(self) -> None:
        """Free the GL context."""
        self._lab.close()
