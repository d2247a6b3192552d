"""Bradley-Terry with Davidson's ties, fitted with a weak prior: one fit, or thousands at once.

The left side wins, the right side wins or they tie in proportion to exp(h/2), exp(-h/2) and
exp(t), where h is the left side's advantage [logits] and t the logarithm of the tie parameter
(Davidson 1970, JASA 65:317, with 2 nu sqrt(ab) written as exp(t)). With normal priors the
logarithm of the posterior is strictly concave: there is one maximum, it is finite for any votes,
and Newton's method with halved steps finds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.ratings.cells import TIE, A, B, Cells

_ROUNDS = 60
_HALVINGS = 30
_SMALL = 1e-8
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """Maxima of the posterior for N sets of counts.

    Attributes:
        values: [N, D], the parameters [logits].
        curvature: [N, D, D], second derivative of the negative log posterior there.
        settled: [N], whether the method came to rest.
    """

    values: Floats
    curvature: Floats
    settled: NDArray[np.bool_]


def fit(cells: Cells, totals: Floats, start: Floats | None = None) -> Fit:
    """Find the most probable parameters for each set of counts.

    Args:
        cells: The model.
        totals: [N, R, 3], weight of each outcome in each row.
        start: [D], where to begin; zeros if None.
    """
    totals = _halved(totals) if not cells.ties else totals
    count = len(totals)
    values = np.zeros((count, len(cells.names)))
    if start is not None:
        values += start
    height = _height(cells, totals, values)
    settled = np.zeros(count, bool)
    for _ in range(_ROUNDS):
        slope, curvature = _derivatives(cells, totals, values)
        step: Floats = np.linalg.solve(curvature, slope[..., None])[..., 0].astype(np.float64)
        # twice the height that the step promises; noise along a direction without curvature is none
        settled = (slope * step).sum(axis=1) < _SMALL
        values, height = _climb(cells, totals, values, height, step)
        if settled.all():
            break
    _, curvature = _derivatives(cells, totals, values)
    return Fit(values=values, curvature=curvature, settled=settled)


def shares(cells: Cells, values: Floats) -> Floats:
    """Return the probability of each outcome in each row, [N, R, 3], for parameters [N, D]."""
    return np.exp(_log_shares(cells, values))


def scores(cells: Cells, values: Floats, counts: Floats) -> Floats:
    """Return the slope of the log likelihood that each participant adds, without the prior.

    Args:
        cells: The model.
        values: [D], the parameters.
        counts: [P, R, 3], counts by participant (or by any other group).

    Returns:
        [P, D].
    """
    counts = _halved(counts) if not cells.ties else counts
    return _score(cells, counts, values[None])


def _halved(counts: Floats) -> Floats:
    """Return counts [..., 3] with half of the ties given to either side."""
    half = counts[..., TIE] / 2
    return np.stack([counts[..., A] + half, counts[..., B] + half, np.zeros_like(half)], axis=-1)


def _log_shares(cells: Cells, values: Floats) -> Floats:
    width = cells.design.shape[1]
    half = values[:, :width] @ cells.design.T / 2
    tie = np.full_like(half, -np.inf)
    if cells.ties:
        tie[:] = values[:, width:]
    powers = np.stack([half, -half, tie], axis=-1)
    top = powers.max(axis=-1, keepdims=True)
    return powers - top - np.log(np.exp(powers - top).sum(axis=-1, keepdims=True))


def _height(cells: Cells, totals: Floats, values: Floats) -> Floats:
    logs = _log_shares(cells, values)
    if not cells.ties:
        logs, totals = logs[..., :TIE], totals[..., :TIE]
    likelihood = (totals * logs).sum(axis=(1, 2))
    return likelihood - (cells.precision * values**2).sum(axis=1) / 2


def _score(cells: Cells, totals: Floats, values: Floats) -> Floats:
    chance = shares(cells, values)
    surplus = totals - totals.sum(axis=-1, keepdims=True) * chance
    slope = (surplus[..., A] - surplus[..., B]) / 2 @ cells.design
    if not cells.ties:
        return slope
    return np.hstack([slope, surplus[..., TIE].sum(axis=1, keepdims=True)])


def _derivatives(cells: Cells, totals: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return slope [N, D] of the log posterior and the negative of its curvature [N, D, D]."""
    chance, votes = shares(cells, values), totals.sum(axis=-1)
    lead = chance[..., A] - chance[..., B]
    tie = chance[..., TIE]
    width, size = cells.design.shape[1], len(cells.names)
    squares = (cells.design[:, :, None] * cells.design[:, None, :]).reshape(len(cells.design), -1)
    curvature = np.empty((len(totals), size, size))
    spread = votes * (1 - tie - lead**2) / 4
    curvature[:, :width, :width] = (spread @ squares).reshape(-1, width, width)
    if cells.ties:
        across = -(votes * lead * tie / 2) @ cells.design
        curvature[:, :width, width] = curvature[:, width, :width] = across
        curvature[:, width, width] = (votes * tie * (1 - tie)).sum(axis=1)
    curvature += np.diag(cells.precision)
    return _score(cells, totals, values) - cells.precision * values, curvature


def _climb(
    cells: Cells,
    totals: Floats,
    values: Floats,
    height: Floats,
    step: Floats,
) -> tuple[Floats, Floats]:
    """Go the step, or the largest half, quarter, … of it that does not lead down."""
    share = np.ones(len(values))
    for _ in range(_HALVINGS):
        tried = values + share[:, None] * step
        reached = _height(cells, totals, tried)
        down = reached < height - 1e-9 * np.abs(height)
        if not down.any():
            return tried, reached
        share = np.where(down, share / 2, share)
    return values, height
