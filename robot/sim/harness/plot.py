"""Results as one SVG: shares with Wilson intervals, mean progress beside, nothing told by colour.

Each row has a name, a filled mark with its 95 % interval (share of trials that did the task) and a
hollow diamond with its standard error (mean progress). Colours are Okabe and Ito's; every condition
has a mark of its own as well, and every number stands at the end of its row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.ratings.report.page import Markup, element
from robot.sim.harness.statistics import Mean, Share

LOOKS = {
    "ambiguous": ("#6B6B6B", "circle"),
    "open": ("#D55E00", "triangle"),
    "instruction": ("#009E73", "square"),
    "trace": ("#0072B2", "dot"),
}
"""Colour and mark of each condition; others look like "instruction"."""

WIDTH, LEFT, RIGHT = 920, 250, 610
ROW, HEAD, FOOT, TOP = 30, 34, 54, 64
_FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row.

    Attributes:
        name: What it is.
        share: Share of trials that did the task; None leaves it away.
        progress: Mean progress; None leaves it away.
        look: Key of :data:`LOOKS`.
    """

    name: str
    share: Share | None
    progress: Mean | None = None
    look: str = "instruction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows under a heading."""

    name: str
    bars: tuple[Bar, ...]


def chart(title: str, groups: Sequence[Group], note: str = "") -> str:
    """Draw all groups below each other on one scale from 0 to 1.

    Args:
        title: What the picture shows.
        groups: From top to bottom; those without rows are left out.
        note: A line of words at the bottom.
    """
    groups = [group for group in groups if group.bars]
    rows = sum(len(group.bars) for group in groups)
    floor = TOP + HEAD * len(groups) + ROW * rows
    height = floor + FOOT
    parts: list[Markup] = [
        element("title", title),
        element("rect", width=f"{WIDTH}", height=f"{height}", fill="#FFFFFF"),
        _text(16, 28, title, size=17, weight="600"),
        _text(16, 48, "filled mark and line: share done, Wilson 95 %;  hollow diamond: mean "
              "progress ± standard error", size=12, fill="#555"),
    ]  # fmt: skip
    for tick in range(6):
        x = _across(tick / 5)
        parts.append(_line(x, TOP, x, floor, "#DDDDDD"))
        parts.append(_text(x, floor + 18, f"{tick / 5:.1f}", anchor="middle", fill="#555"))
    y = float(TOP)
    for group in groups:
        parts.append(_text(16, y + 23, group.name, size=14, weight="600"))
        y += HEAD
        for bar in group.bars:
            parts += _bar(bar, y + ROW / 2)
            y += ROW
    if note:
        parts.append(_text(16, floor + 42, note, size=11, fill="#555"))
    return str(
        element(
            "svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}",
            width=f"{WIDTH}", height=f"{height}", font_family=_FONT, font_size="13", role="img",
        )
    )  # fmt: skip


def _bar(bar: Bar, y: float) -> list[Markup]:
    colour, mark = LOOKS.get(bar.look, LOOKS["instruction"])
    parts = [_text(28, y + 5, bar.name)]
    told: list[str] = []
    if bar.share is not None and bar.share.trials:
        share = bar.share
        parts.append(_line(_across(share.low), y, _across(share.high), y, colour, width=3))
        parts.append(_mark(mark, _across(share.rate), y, colour))
        told.append(f"{share.rate:.2f} [{share.low:.2f}, {share.high:.2f}] of {share.trials}")
    if bar.progress is not None and bar.progress.count:
        x, low = _across(bar.progress.value), y + 9
        error = 0.0 if math.isnan(bar.progress.error) else bar.progress.error
        ends = (_across(bar.progress.value - error), _across(bar.progress.value + error))
        parts.append(_line(ends[0], low, ends[1], low, "#555555"))
        diamond = f"M{x:.1f} {low - 5:.1f}l5 5l-5 5l-5 -5z"
        parts.append(element("path", d=diamond, fill="#FFFFFF", stroke="#555555"))
        told.append(f"progress {bar.progress.value:.2f} ± {error:.2f}")
    if told:
        parts.append(_text(RIGHT + 16, y + 5, ";  ".join(told), size=11, fill="#333"))
    return parts


def _mark(kind: str, x: float, y: float, colour: str) -> Markup:
    if kind == "square":
        return element(
            "rect", x=f"{x - 5:.1f}", y=f"{y - 5:.1f}", width="10", height="10", fill=colour
        )
    if kind == "triangle":
        return element("path", d=f"M{x:.1f} {y - 7:.1f}l7 12h-14z", fill=colour)
    if kind == "circle":
        return element(
            "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="5", fill="#FFFFFF", stroke=colour,
            stroke_width="3",
        )  # fmt: skip
    return element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="6", fill=colour)


def _across(value: float) -> float:
    return LEFT + min(max(value, 0.0), 1.0) * (RIGHT - LEFT)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1) -> Markup:
    return element(
        "line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", stroke=colour,
        stroke_width=f"{width:g}",
    )  # fmt: skip


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, fill: str = "#1F2327",
    weight: str = "400",
) -> Markup:  # fmt: skip
    return element(
        "text", text, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor, font_size=f"{size}",
        fill=fill, font_weight=weight,
    )  # fmt: skip
