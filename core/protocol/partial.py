"""What can be shown of an answer that is still being written, or that was refused.

Lenient on purpose, for display only: motion comes from :func:`core.protocol.answer.parse_answer`
alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.protocol.action_symbols import BIN_OF_SYMBOL
from core.protocol.grammar import DEPTH_TOKEN, FIRST_SYMBOL, POINT, ROW
from core.protocol.prompts import DEPTH_END, DEPTH_START
from core.types import CODEBOOK_SIZE, DEPTH_CODES, MAX_TRACE_POINTS, TRACE_MAX


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartialAnswer:
    """The complete pieces of an unfinished answer.

    Attributes:
        depth_codes: Depth codes so far, 0..127, at most 100.
        depth_complete: Whether the depth map's end tag has come after 100 codes.
        traces: Complete points so far, one (L, 2) array in 0..255 per arm.
        traces_complete: Whether the last of those lists is closed.
        rows: Complete action rows so far, known symbols only.
    """

    depth_codes: tuple[int, ...]
    depth_complete: bool
    traces: tuple[NDArray[np.float64], ...]
    traces_complete: bool
    rows: tuple[tuple[str, ...], ...]


def partial_answer(text: str) -> PartialAnswer:
    """Collect what has been written completely so far; never raises."""
    codes, depth_complete, start = _codes(text)
    traces, traces_complete = _traces(text, start)
    text = _opened(text, start)
    cells = (tuple(c.strip() for c in row[1].split(",")) for row in ROW.finditer(text, start))
    return PartialAnswer(
        depth_codes=codes,
        depth_complete=depth_complete,
        traces=traces,
        traces_complete=traces_complete,
        rows=tuple(row for row in cells if all(cell in BIN_OF_SYMBOL for cell in row)),
    )


def _codes(text: str) -> tuple[tuple[int, ...], bool, int]:
    """Return the depth codes, whether they are complete, and where they end."""
    start = text.find(DEPTH_START)
    if start < 0:
        return (), False, 0
    codes: list[int] = []
    position = start + len(DEPTH_START)
    while (token := DEPTH_TOKEN.match(text, position)) is not None:
        code = int(token[1])
        if code >= CODEBOOK_SIZE or len(codes) == DEPTH_CODES:
            return tuple(codes), False, position
        codes.append(code)
        position = token.end()
    ended = text.startswith(DEPTH_END, position)
    return tuple(codes), ended and len(codes) == DEPTH_CODES, position


def _opened(text: str, start: int) -> str:
    """Put the opening bracket before a first row that lacks it; some checkpoints forget it."""
    symbol = FIRST_SYMBOL.search(text, start)
    if symbol is None or text[start : symbol.start()].rstrip().endswith("["):
        return text
    return f"{text[: symbol.start()]}[{text[symbol.start() :]}"


def _traces(text: str, start: int) -> tuple[tuple[NDArray[np.float64], ...], bool]:
    """Group points into traces: those that only a comma separates belong together."""
    groups: list[list[tuple[float, float]]] = []
    last = -1
    for point in POINT.finditer(text, start):
        if last < 0 or text[last : point.start()].strip() != ",":
            groups.append([])
        groups[-1].append((float(point[1]), float(point[2])))
        last = point.end()
    traces = tuple(np.clip(group[:MAX_TRACE_POINTS], 0.0, TRACE_MAX) for group in groups)
    return traces, last >= 0 and text[last:].lstrip().startswith("]")
