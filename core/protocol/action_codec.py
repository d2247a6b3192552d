"""Actions as text: each value becomes one of 256 symbols, and back.

A scaled dimension maps q01..q99 to -1..1; the gripper (last dimension, 1 = open, as the model
writes it) and other unscaled ones go in as they are. A value in -1..1 falls into one of 256 bins
of width 2/255; bin 255 holds only the value 1, and decodes like bin 254.

Scaling happens in float32 as in the reference, so that the bins agree at their edges.
Source: molmoact.md section 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.protocol.action_symbols import BIN_OF_SYMBOL, SYMBOLS
from core.protocol.statistics import NormStats
from core.types import StudioError

N_BINS = len(SYMBOLS)

_EDGES = np.linspace(-1.0, 1.0, N_BINS)
_CENTRES = (_EDGES[:-1] + _EDGES[1:]) / 2.0
_TINY = np.float32(1e-8)


def normalise(actions: ArrayLike, stats: NormStats) -> NDArray[np.float32]:
    """Scale actions to -1..1 where the statistics say so; leave the rest.

    Args:
        actions: (..., D) [m, rad, gripper 1 = open].
        stats: Ranges of D dimensions. A dimension that never moved becomes 0.

    Raises:
        StudioError: If the number of dimensions differs or a value is not finite.
    """
    values = np.asarray(actions, dtype=np.float32)
    if values.ndim < 1 or values.shape[-1] != stats.dims:
        raise StudioError(f"actions have shape {values.shape}; expected (..., {stats.dims})")
    if not np.isfinite(values).all():
        raise StudioError("an action is not finite")
    span = stats.q99 - stats.q01
    moving = np.abs(span) >= _TINY
    scaled = 2 * (values - stats.q01) / np.where(moving, span + _TINY, np.float32(1)) - 1
    scaled = np.where(moving, np.clip(scaled, -1, 1), np.float32(0))
    return np.where(stats.scaled, scaled, values)


def bins_of(actions: ArrayLike, stats: NormStats) -> NDArray[np.int64]:
    """Return the bin of every value, 0..255.

    Args:
        actions: (..., D) [m, rad, gripper 1 = open].
        stats: Ranges of D dimensions.

    Returns:
        (..., D) int64.
    """
    return _bins(normalise(actions, stats))


def rows_text(bins: ArrayLike) -> str:
    """Write rows of bins: ``[s, s, ...]`` for one row, ``[[s, ...], [s, ...]]`` for more.

    Args:
        bins: (N, D) integers 0..255, N >= 1.
    """
    rows = np.asarray(bins)
    if rows.ndim != 2 or not rows.size:
        raise StudioError(f"action bins have shape {rows.shape}; expected (N, D)")
    if rows.min() < 0 or rows.max() >= N_BINS:
        raise StudioError(f"action bins must lie in 0..{N_BINS - 1}")
    listed: list[list[int]] = rows.tolist()
    texts = ["[" + ", ".join([SYMBOLS[index] for index in row]) + "]" for row in listed]
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"


def encode_value(value: float) -> str:
    """Return the symbol of one value in -1..1; values beyond are clipped."""
    if not np.isfinite(value):
        raise StudioError("an action is not finite")
    return SYMBOLS[int(_bins(np.asarray(value)))]


def encode_chunk(actions: ArrayLike, stats: NormStats) -> str:
    """Write a chunk of actions as the model does.

    Args:
        actions: (N, D) [m, rad, gripper 1 = open].
        stats: Ranges of D dimensions.

    Raises:
        StudioError: If the shape does not fit the statistics or a value is not finite.
    """
    return rows_text(bins_of(actions, stats))


def decode_bins(bins: ArrayLike, stats: NormStats) -> NDArray[np.float64]:
    """Turn bins back into actions.

    Args:
        bins: (..., D) integers 0..255.
        stats: Ranges of D dimensions.

    Returns:
        (..., D) float64 [m, rad]; the gripper is about 0 (closed) or 0.996 (open).
    """
    index = np.asarray(bins)
    if index.ndim < 1 or index.shape[-1] != stats.dims:
        raise StudioError(f"action bins have shape {index.shape}; expected (..., {stats.dims})")
    if index.size and (index.min() < 0 or index.max() >= N_BINS):
        raise StudioError(f"action bins must lie in 0..{N_BINS - 1}")
    values = _CENTRES[np.minimum(index, N_BINS - 2)]
    actions = 0.5 * (values + 1.0) * (stats.q99 - stats.q01) + stats.q01
    return np.where(stats.scaled, actions, values)


def decode_rows(rows: Sequence[Sequence[str]], stats: NormStats) -> NDArray[np.float64]:
    """Turn rows of symbols back into actions.

    Args:
        rows: N rows of D symbols each.
        stats: Ranges of D dimensions.

    Returns:
        (N, D) float64 [m, rad, gripper 1 = open].

    Raises:
        StudioError: If a row has another length or a symbol is not one of the 256. The reference
            reads an unknown symbol as a full-scale negative motion; here it is refused.
    """
    if not rows:
        raise StudioError("there are no actions to decode")
    for number, row in enumerate(rows, start=1):
        if len(row) != stats.dims:
            raise StudioError(f"action row {number} has {len(row)} values; expected {stats.dims}")
        for symbol in row:
            if symbol not in BIN_OF_SYMBOL:
                raise StudioError(
                    f"'{symbol[:20]}' in action row {number} is none of the {N_BINS} symbols"
                )
    return decode_bins([[BIN_OF_SYMBOL[symbol] for symbol in row] for row in rows], stats)


def _bins(values: NDArray[np.floating]) -> NDArray[np.int64]:
    clipped = np.clip(values, -1.0, 1.0)
    return np.searchsorted(_EDGES, clipped, side="right").astype(np.int64) - 1
