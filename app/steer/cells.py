"""What is known of the 100 cells of the depth grid, and how it is said: no widgets here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.depth import GRID
from core.types import DEPTH_CODES

DOUBTFUL = 0.5
"""Tokens that the model gave less than this probability are marked."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """The depth tokens of one answer.

    Attributes:
        codes: Those that have arrived, row by row.
        depths: (10, 10) median of each cell's depth: metres, or 0 (far) to 1 (near).
        metric: Whether ``depths`` are metres.
        changed: (10, 10) bool, the cells whose code differs from the answer before; None without
            one.
        confidence: (100,) probability that the model gave each token, 0..1.
    """

    codes: tuple[int, ...] = ()
    depths: NDArray[np.float32] | None = None
    metric: bool = False
    changed: NDArray[np.bool_] | None = None
    confidence: NDArray[np.floating] | None = None

    def doubtful(self, index: int) -> bool:
        """Whether the model itself was unsure of a token."""
        return self.confidence is not None and float(self.confidence[index]) < DOUBTFUL

    def is_changed(self, index: int) -> bool:
        """Whether a token differs from the answer before."""
        return self.changed is not None and bool(self.changed.ravel()[index])


def token_words(cells: Cells, index: int, *, short: bool = False) -> str:
    """Say everything about one cell in a line, or without its place; empty for none (-1)."""
    if not 0 <= index < DEPTH_CODES:
        return ""
    row, column = divmod(index, GRID)
    code = f"code {cells.codes[index]}" if index < len(cells.codes) else "not here yet"
    words = [f"{index}: {code}"] if short else [f"Token {index}", code]
    if not short:
        words.append(f"row {row + 1}, column {column + 1}")
    if cells.depths is not None:
        depth = float(cells.depths[row, column])
        if not np.isfinite(depth):
            words.append("no depth")
        else:
            words.append(f"{depth:.2f} m" if cells.metric else f"nearness {depth:.2f}")
    if cells.confidence is not None:
        words.append(f"{100 * float(cells.confidence[index]):.0f} % sure")
    if cells.is_changed(index):
        words.append("changed")
    return " · ".join(words)


def changed_words(cells: Cells, *, short: bool = False) -> str:
    """Say how many cells changed since the answer before; empty when there was none."""
    if cells.changed is None:
        return ""
    count = int(cells.changed.sum())
    if not count:
        return "no cell changed"
    return f"{count} changed" if short else f"{count} of {DEPTH_CODES} cells changed"
