"""The report as a whole."""

from __future__ import annotations

from core.ratings.material import Material
from core.ratings.report import sections
from core.ratings.report.page import element, page
from core.ratings.result import Ratings


def report(ratings: Ratings, material: Material, made: str = "") -> str:
    """Return a rating as one HTML document.

    Args:
        ratings: The result.
        material: Where the votes are from.
        made: When and by what the report was made, as text.
    """
    return page(
        f"{material.title}: ratings",
        sections.head(ratings, material),
        sections.cautions(ratings, material),
        sections.leaderboard(ratings),
        sections.forest_plot(ratings),
        sections.heat_maps(ratings),
        sections.pairs(ratings),
        sections.progress(ratings),
        sections.scenes(ratings),
        element(
            "div",
            sections.bias(ratings),
            sections.turning(ratings),
            sections.agreement(ratings),
            sections.left_out(ratings, material),
            class_="cards",
        ),
        sections.power(ratings),
        sections.recipe(ratings, material, made),
        sections.footer(ratings),
    )
