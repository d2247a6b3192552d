"""Where the demo draws: to an object that the model did not head for, as a hand would."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError

MARGIN = 0.04
"""How far inside the picture an object has to be, as a part of its size."""

BEND = 0.04
"""How far a drawn line bends to the side, as a part of its length."""

PLACES = 24
"""Positions of the mouse along the line."""


class DemoError(StudioError):
    """The demo cannot go on."""


def choose_target(
    names: Sequence[str], places: NDArray[np.float64], end: NDArray[np.float64], wanted: str = ""
) -> tuple[str, str]:
    """Tell what the model heads for and what to draw to instead.

    Args:
        names: Names of the N objects.
        places: (N, 2) where they are in the picture, 0..1.
        end: (2,) end of the model's trace, 0..1.
        wanted: Name of the object to draw to; empty takes the farthest from the model's.

    Returns:
        Name of the model's object and of the other one.

    Raises:
        DemoError: If there is no other object in the picture, or none of that name.
    """
    if not names:
        raise DemoError("There is nothing on the table.")
    planned = int(np.argmin(np.linalg.norm(places - end, axis=1)))
    if wanted:
        if wanted not in names:
            raise DemoError(f"There is no '{wanted}' on the table, but {', '.join(names)}.")
        return names[planned], wanted
    inside = np.asarray(((places > MARGIN) & (places < 1 - MARGIN)).all(axis=1))
    inside[planned] = False
    if not inside.any():
        raise DemoError(f"Apart from the {names[planned]} there is no object in the picture.")
    distance = np.linalg.norm(places - places[planned], axis=1)
    return names[planned], names[int(np.argmax(np.where(inside, distance, -1.0)))]


def sketch(start: NDArray[np.float64], goal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw a line as a hand does, slightly bent.

    Args:
        start: (2,) where it begins, 0..1 across the picture.
        goal: (2,) where it ends.

    Returns:
        (PLACES, 2) positions, start and goal included.
    """
    share = np.linspace(0.0, 1.0, PLACES)[:, None]
    side = np.array([-(goal - start)[1], (goal - start)[0]])
    return start + share * (goal - start) + BEND * np.sin(np.pi * share) * side
