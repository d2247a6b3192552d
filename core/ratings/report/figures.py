"""The report's pictures as inline SVG, coloured by the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.ratings.report.page import Markup, element
from core.ratings.report.words import number
from core.ratings.result import Interval

WIDTH = 1040
ROW, TOP, BOTTOM = 44, 8, 30
MOST_LETTERS = 26
LETTER = 7.4
"""Width of a letter of the figures' text [pixels], on the safe side."""

STRONGEST = 0.62
"""Opacity of the strongest colour of a heat map; text over it stays readable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One line of a forest plot.

    Attributes:
        name: What it is about.
        value: The estimate.
        own: Its interval.
        other: A second interval, drawn thinner; None leaves it away.
        votes: A third one, drawn dotted; None leaves it away.
        open: Whether to draw a hollow point: it is under caution, or a definition.
    """

    name: str
    value: float
    own: Interval
    other: Interval | None = None
    votes: Interval | None = None
    open: bool = False


def shortened(name: str, most: int = MOST_LETTERS) -> str:
    """Return a name that fits; the whole one belongs in a title."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def forest(rows: Sequence[ForestRow], unit: str, zero: float | None, label: str) -> Markup:
    """Draw estimates with their intervals on one scale.

    Args:
        rows: From top to bottom.
        unit: What the scale shows.
        zero: Where a reference line stands; None for none.
        label: What the figure shows, for those who cannot see it.
    """
    left = 24 + LETTER * max(len(shortened(row.name)) for row in rows)
    right = WIDTH - 150
    ends = [
        end
        for row in rows
        for span in (row.own, row.other, row.votes)
        if span is not None
        for end in (span.low, span.high)
    ]
    ends = [end for end in [*ends, *(row.value for row in rows)] if math.isfinite(end)]
    if zero is not None:
        ends.append(zero)
    ticks = _ticks(min(ends), max(ends))
    low, high = ticks[0], ticks[-1]

    def across(value: float) -> str:
        share = (min(max(value, low), high) - low) / (high - low)
        return f"{left + share * (right - left):.1f}"

    height = TOP + ROW * len(rows) + BOTTOM
    floor = TOP + ROW * len(rows)
    parts: list[str] = []
    for tick in ticks:
        at = across(tick)
        parts.append(_line(at, at, TOP, floor, "grid"))
        parts.append(_text(at, floor + 18, number(tick), anchor="middle", kind="soft"))
    if zero is not None:
        parts.append(_line(across(zero), across(zero), TOP, floor, "zero"))
    parts.append(_text(f"{WIDTH}", floor + 18, unit, anchor="end", kind="soft"))
    for place, row in enumerate(rows):
        middle = TOP + ROW * (place + 0.5)
        title = element("title", row.name)
        parts.append(_text("4", middle + 5, shortened(row.name), extra=title))
        for span, down, kind in ((row.other, 8.0, "other"), (row.votes, 13.0, "votes")):
            if span is not None:
                parts.append(
                    _line(across(span.low), across(span.high), middle + down, middle + down, kind)
                )
        parts.append(_line(across(row.own.low), across(row.own.high), middle, middle, "own"))
        kind = "open" if row.open else "dot"
        parts.append(
            element("circle", cx=across(row.value), cy=f"{middle:.1f}", r="6", class_=kind)
        )
        told = f"{number(row.value)}  ({number(row.own.low)} to {number(row.own.high)})"
        parts.append(_text(f"{WIDTH}", middle + 5, told, anchor="end"))
    return _svg(parts, WIDTH, height, label)


def heat_map(
    names: Sequence[str], values: NDArray[np.float64], *, shares: bool, label: str
) -> Markup:
    """Draw a square table whose cells are coloured by their number.

    Args:
        names: Of rows and columns.
        values: [K, K]; NaN and the diagonal stay empty.
        shares: Whether values are shares around a half; otherwise they are counts from 0.
        label: What the figure shows, for those who cannot see it.
    """
    most_letters = 16
    side, size = 16 + LETTER * max(len(shortened(n, most_letters)) for n in names), 64
    high = 34
    peak = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    parts: list[str] = []
    for row, name in enumerate(names):
        y = high + size * row
        short = shortened(name, most_letters)
        title = element("title", name)
        parts.append(_text(f"{side - 10:.0f}", y + size / 2 + 5, short, anchor="end", extra=title))
        at = f"{side + size * (row + 0.5):.0f}"
        short = shortened(name, 8)
        parts.append(_text(at, high - 10, short, anchor="middle", kind="soft", extra=title))
        for column, other in enumerate(names):
            value = float(values[row, column])
            x = side + size * column
            empty = row == column or not math.isfinite(value)
            kind, strength = "none", 1.0
            if not empty and shares:
                kind = "above" if value >= 0.5 else "below"
                strength = STRONGEST * min(abs(value - 0.5) * 3, 1.0)
            elif not empty:
                kind, strength = "count", STRONGEST * value / max(peak, 1.0)
            told = f"{value:.0%}" if shares else number(value)
            parts.append(
                element(
                    "rect",
                    element("title", "" if empty else f"{name} against {other}: {told}"),
                    x=f"{x + 1:.0f}", y=f"{y + 1}", width=f"{size - 2}", height=f"{size - 2}",
                    rx="4", class_=kind, fill_opacity=f"{strength:.3f}",
                )
            )  # fmt: skip
            if not empty:
                at = f"{x + size / 2:.0f}"
                parts.append(_text(at, y + size / 2 + 5, told, anchor="middle"))
    width = side + size * len(names) + 4
    return _svg(parts, max(width, 420), high + size * len(names) + 4, label)


def _ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Return round numbers that enclose a range."""
    span = max(high - low, 1e-6)
    rough = span / about
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    last = max(last, first + 1)
    return [step * tick for tick in range(first, last + 1)]


def _svg(parts: Sequence[str], width: float, height: float, label: str) -> Markup:
    return element(
        "svg", *parts, viewBox=f"0 0 {width:.0f} {height:.0f}", role="img", aria_label=label
    )


def _line(x1: str, x2: str, y1: float, y2: float, kind: str) -> Markup:
    return element("line", x1=x1, x2=x2, y1=f"{y1:.1f}", y2=f"{y2:.1f}", class_=kind)


def _text(
    x: str, y: float, text: str, *, anchor: str = "start", kind: str = "", extra: str = Markup("")
) -> Markup:
    return element("text", text, extra, x=x, y=f"{y:.1f}", text_anchor=anchor, class_=kind)
