"""Short reports in Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from core.types import StudioError
from robot.sim.harness.statistics import Difference, Mean, Share


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; bars in the cells are escaped."""
    body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---"] * len(heads)
    return "\n".join(f"| {' | '.join(row)} |" for row in (list(heads), rule, *body))


def of_share(share: Share) -> str:
    """Say a share with its interval."""
    if not share.trials:
        return "none"
    return f"{share.rate:.2f} [{share.low:.2f}, {share.high:.2f}]"


def of_mean(mean: Mean) -> str:
    """Say a mean with its standard error."""
    if not mean.count:
        return "none"
    error = "" if math.isnan(mean.error) else f" ± {mean.error:.3f}"
    return f"{mean.value:.3f}{error}"


def of_difference(difference: Difference) -> str:
    """Say a paired difference."""
    if not difference.pairs:
        return "no table in common"
    error = "" if math.isnan(difference.error) else f" ± {100 * difference.error:.1f}"
    return (
        f"{100 * difference.value:+.1f}{error} points over {difference.pairs} tables "
        f"({difference.better} only the first, {difference.worse} only the second; exact sign "
        f"test p = {difference.chance:.2g})"
    )


def goals_table(goals: Sequence[dict[str, Any]]) -> str:
    """Return the goals of a report as a table; figures without a goal are left out."""
    rows = [
        (str(g["metric"]), _number(g["value"]), str(g["goal"]), "yes" if g["holds"] else "**no**")
        for g in goals
        if g["goal"]
    ]
    return table(("what", "result", "wanted", "holds"), rows)


def write_text(path: Path, text: str) -> Path:
    """Write a file; folders on the way are made.

    Raises:
        StudioError: If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StudioError(f"{path} cannot be written ({error.strerror or error})") from error
    return path


def _number(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
