"""Bootstrap: the same fit on votes drawn again.

Votes of one person resemble each other, so whole participants are drawn by default (the cluster
bootstrap; Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 3.8).
Drawing single votes instead holds them independent and gives intervals that are too short.
"""

from __future__ import annotations

import numpy as np

from core.ratings.cells import Cells
from core.ratings.fit import Fit, Floats, fit
from core.ratings.recipe import ResampleBy

_BATCH = 2_000_000


def resample(
    cells: Cells,
    start: Floats,
    by: ResampleBy,
    count: int,
    generator: np.random.Generator,
) -> Fit:
    """Draw participants or votes with replacement and fit each draw.

    Args:
        cells: Model and votes.
        start: [D], the fit to the votes themselves, where every refit begins.
        by: What is drawn.
        count: How many draws.
        generator: Source of randomness.
    """
    size = max(1, _BATCH // (cells.counts[0].size or 1))
    parts = [
        fit(cells, _draw(cells, by, min(size, count - done), generator), start)
        for done in range(0, count, size)
    ]
    return Fit(
        values=np.concatenate([part.values for part in parts]),
        curvature=np.concatenate([part.curvature for part in parts]),
        settled=np.concatenate([part.settled for part in parts]),
    )


def _draw(cells: Cells, by: ResampleBy, count: int, generator: np.random.Generator) -> Floats:
    """Return the outcomes' weights in ``count`` draws, [count, R, 3]."""
    shape = cells.counts.shape[1:]
    if by is ResampleBy.PARTICIPANTS:
        people = len(cells.participants)
        times = generator.multinomial(people, np.full(people, 1 / people), size=count)
        return (times @ cells.counts.reshape(people, -1)).reshape(count, *shape)
    numbers = cells.numbers.sum(axis=0).ravel()
    weights = cells.counts.sum(axis=0).ravel() / np.maximum(numbers, 1.0)
    total = numbers.sum()
    drawn = generator.multinomial(int(total), numbers / total, size=count)
    return (drawn * weights).reshape(count, *shape)
