"""Reading answers exactly as MolmoAct's published code does, for comparison only.

These parsers let malformed answers through: an unknown symbol becomes a full-scale negative
motion and broken rows vanish. Nothing that moves may use them;
:func:`core.protocol.answer.parse_answer` is the one that may. Source: molmoact.md section 1.5.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container

import numpy as np

from core.protocol.action_codec import N_BINS, decode_bins
from core.protocol.action_symbols import BIN_OF_SYMBOL
from core.protocol.prompts import DEPTH_END, DEPTH_START
from core.protocol.statistics import NormStats

_DEPTH = re.compile(f"{DEPTH_START}.*?{DEPTH_END}", re.DOTALL)
_BLOCK = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]")
_INNERMOST = re.compile(r"\[([^\[\]]+)\]")
_QUOTES = " \t\r\n'\"`"


def parse_depth(text: str) -> list[str]:
    """Return every tagged depth string, tags included; tokens are neither counted nor checked."""
    return _DEPTH.findall(text)


def parse_trace(text: str) -> list[list[list[float]]]:
    """Return every list whose inner brackets are all pairs of numbers, of any length and range."""
    traces: list[list[list[float]]] = []
    for block in _BLOCK.findall(text):
        points = [_point(inner) for inner in _INNERMOST.findall(block)]
        complete = [point for point in points if point is not None]
        if points and len(complete) == len(points):
            traces.append(complete)
    return traces


def parse_action(
    text: str, stats: NormStats, vocabulary: Container[str] = frozenset()
) -> list[list[float]]:
    """Return every list that looks like an action, decoded as the reference decodes it.

    Args:
        text: The answer.
        stats: Ranges of D dimensions; lists of another length are dropped.
        vocabulary: Further strings of the Qwen2 vocabulary. The reference reads these as the
            highest bin, and all other unknown strings as the lowest.
    """
    rows: list[list[float]] = []
    for inner in _INNERMOST.findall(text):
        cells = [cell.strip(_QUOTES) for cell in inner.split(",")]
        if len(cells) != stats.dims or inner.isascii():
            continue
        if all(_number(cell) is not None for cell in cells):
            continue
        bins = [BIN_OF_SYMBOL.get(cell, N_BINS - 1 if cell in vocabulary else 0) for cell in cells]
        rows.append(decode_bins(np.array(bins), stats).tolist())
    return rows


def _point(inner: str) -> list[float] | None:
    numbers = [_number(cell.strip(_QUOTES)) for cell in inner.split(",")]
    if len(numbers) != 2 or None in numbers:
        return None
    return [int(n) if n.is_integer() else n for n in numbers if n is not None]


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
