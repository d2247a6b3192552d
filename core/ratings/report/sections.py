"""The parts of the report, one function each; a part without material is empty."""

from __future__ import annotations

from core.ratings.material import Material
from core.ratings.recipe import IntervalRule, ResampleBy, recipe_facts
from core.ratings.report.figures import ForestRow, forest, heat_map
from core.ratings.report.page import Markup, element, paragraph, section, table
from core.ratings.report.words import (
    alpha_words,
    chance,
    headline,
    number,
    percent,
    sensitivity,
    signed,
    span,
    yaml_word,
)
from core.ratings.result import Interval, Ratings, SceneShare

NOTHING = Markup("")


def head(ratings: Ratings, material: Material) -> Markup:
    """Title, the finding in a sentence, and the size of it all."""
    figures = (
        ("votes rated", str(ratings.votes)),
        ("participants", str(ratings.participants)),
        ("policies", str(len(ratings.standings))),
        ("intervals", percent(ratings.recipe.confidence)),
    )
    return element(
        "header",
        element("h1", material.title),
        paragraph(headline(ratings), "headline"),
        element(
            "dl",
            *(element("div", element("dt", name), element("dd", value)) for name, value in figures),
            class_="figures",
        ),
    )


def cautions(ratings: Ratings, material: Material) -> Markup:
    """What to know before using the numbers."""
    lines = [*material.alarms, *(caveat.text for caveat in ratings.caveats)]
    if not lines:
        return NOTHING
    items = element("ul", *(element("li", line) for line in lines))
    title = element("h2", "Cautions")
    return element("div", title, items, class_="callout", role="note")


def leaderboard(ratings: Ratings) -> Markup:
    """Ranks, ratings and plain counts."""
    rows = [
        [
            str(one.rank),
            _name(one.policy, one.doubtful),
            number(one.rating),
            "anchor" if one.policy == ratings.recipe.anchor else span(one.interval),
            percent(one.share),
            str(one.votes),
            str(one.wins),
            str(one.losses),
            str(one.ties),
            str(one.both_bad),
            number(one.elo),
        ]
        for one in ratings.standings
    ]
    heads = (
        "Rank", "Policy", "Rating", "Interval", "Win share", "Votes", "Won", "Lost", "Tie",
        "Both bad", "Online Elo",
    )  # fmt: skip
    return section(
        "Leaderboard",
        table(heads, rows, words=2),
        paragraph(
            "Rank is 1 and the number of policies whose interval lies wholly above. Win share "
            "counts half of what is undecided. Online Elo depends on the order of the votes; it is "
            "for display only.",
            "note",
        ),
    )


def forest_plot(ratings: Ratings) -> Markup:
    """Ratings with three kinds of intervals."""
    rows = [
        ForestRow(
            name=one.policy,
            value=one.rating,
            own=one.interval,
            other=one.by_sandwich,
            votes=one.by_votes,
            open=one.doubtful or one.policy == ratings.recipe.anchor,
        )
        for one in ratings.standings
    ]
    drawn = "participants" if ratings.units == ratings.participants else "single votes"
    anchor = ratings.recipe.anchor
    base = (
        f"{anchor} is {number(ratings.recipe.centre)} by definition"
        if anchor
        else (f"{number(ratings.recipe.centre)} is the mean of the policies")
    )
    caption = (
        f"Thick: {percent(ratings.recipe.confidence)} interval from {ratings.recipe.resamples} "
        f"resamples of {drawn}. Thin: clustered sandwich. Dotted: votes held independent, for "
        f"comparison. {base}. A hollow point is the anchor, or a rating under caution."
    )
    drawing = forest(rows, "points", ratings.recipe.centre, "Forest plot of the ratings")
    return section(
        "Ratings and their intervals", element("figure", drawing, element("figcaption", caption))
    )


def pairs(ratings: Ratings) -> Markup:
    """Every pair, corrected for being several."""
    rows = [
        [
            f"{one.first} before {one.second}",
            signed(one.points),
            span(one.interval),
            chance(one.chance),
            chance(one.adjusted),
        ]
        for one in ratings.differences
    ]
    return section(
        "Pairs",
        table(("Difference", "Points", "Interval", "p", "p, Holm"), rows),
        paragraph(
            f"{len(rows)} comparisons are made here; claim a difference by the last column, which "
            "is corrected for that (Holm 1979). The intervals are for one pair at a time.",
            "note",
        ),
    )


def heat_maps(ratings: Ratings) -> Markup:
    """Win shares and counts."""
    names = ratings.matrices.policies
    shares = element(
        "figure",
        heat_map(names, ratings.matrices.shares, shares=True, label="Win shares"),
        element("figcaption", "Share of the row's policy against the column's."),
    )
    votes = ratings.matrices.votes.astype(float)
    counts = element(
        "figure",
        heat_map(names, votes, shares=False, label="Numbers of votes"),
        element("figcaption", "How often the two met."),
    )
    return section("Who beat whom", element("div", shares, counts, class_="two"))


def progress(ratings: Ratings) -> Markup:
    """Progress and success, where it was asked for."""
    if not ratings.progress:
        return NOTHING
    rows = [
        [
            one.policy,
            str(one.rollouts),
            number(one.mean),
            f"{one.successes} of {one.rollouts}",
            f"{number(100 * one.low)} to {percent(one.high)}",
        ]
        for one in ratings.progress
    ]
    return section(
        "Progress and success",
        table(("Policy", "Rollouts", "Progress [%]", "Success", "Wilson interval"), rows),
        paragraph(
            f"A success is a rollout whose mean progress reaches {number(ratings.recipe.success)} "
            "%. Progress is what participants judged before they compared.",
            "note",
        ),
    )


def scenes(ratings: Ratings) -> Markup:
    """Each policy's plain share in each scene, with its number of votes."""
    if not ratings.scenes:
        return NOTHING
    found = {(one.scene, one.policy): one for one in ratings.scenes}
    names = ratings.matrices.policies
    rows = [
        [
            scene or "(none)",
            *(
                f"{percent(one.share)} of {one.votes}" if (one := found.get((scene, name))) else "–"
                for name in names
            ),
        ]
        for scene in dict.fromkeys(one.scene for one in ratings.scenes)
    ]
    note = "Win share and number of votes; not corrected for who the others were."
    parts = [table(("Scene", *names), rows), paragraph(note, "note")]
    if any(one.rating is not None for one in ratings.scenes):
        rows = [
            [row[0], *(_rating(found.get((scene, name))) for name in names)]
            for row, scene in zip(rows, dict.fromkeys(o.scene for o in ratings.scenes), strict=True)
        ]
        parts += [element("h3", "Ratings by scene"), table(("Scene", *names), rows)]
    return section("By scene", *parts)


def _rating(found: SceneShare | None) -> str:
    return "–" if found is None or found.rating is None else number(found.rating)


def bias(ratings: Ratings) -> Markup:
    """Side and order."""
    rows = [
        [
            one.name,
            f"{one.wins} of {one.decided}",
            signed(one.points),
            span(Interval(low=one.low, high=one.high)) if one.chance is not None else "–",
            chance(one.chance),
        ]
        for one in ratings.biases
    ]
    used = [
        word
        for word, on in (("side", ratings.recipe.side_bias), ("order", ratings.recipe.order_bias))
        if on
    ]
    told = (
        f"The ratings are corrected for {' and '.join(used)}."
        if used
        else ("The ratings are not corrected for these; drawn sides keep them fair.")
    )
    return section(
        "Side and order",
        table(("Place", "Won", "Points", "Interval", "p"), rows),
        paragraph(f"How much a place is favoured whatever policy is there. {told}", "note"),
    )


def agreement(ratings: Ratings) -> Markup:
    """Between people, and within a person."""
    found = ratings.agreement
    shared = f"{found.items}, by {found.raters} people" if found.items else "none"
    alpha = (
        "–" if found.alpha is None else (f"{number(found.alpha, 2)}, {alpha_words(found.alpha)}")
    )
    rows = [
        ["Items judged by several people", shared],
        ["Same answer, of all pairs of people", percent(found.agreed)],
        ["Krippendorff's alpha, nominal", alpha],
        ["Items judged twice by a person", str(found.repeats)],
        ["Same answer again", percent(found.repeated)],
        ["Opposite answer", percent(found.reversed)],
    ]
    return section("Agreement", table(("What", "Found"), rows, words=2))


def turning(ratings: Ratings) -> Markup:
    """How few decide the top."""
    return section(
        "How few decide the top",
        *(paragraph(line) for line in sensitivity(ratings)),
        paragraph(
            "Those that speak most for the leader are left out first, and the ratings are fitted "
            "again. A smaller set may exist.",
            "note",
        ),
    )


def power(ratings: Ratings) -> Markup:
    """What studies of other sizes could tell."""
    plan = ratings.power
    heads = (
        "Participants", "Votes each", "Half interval",
        *(f"finds {number(gap)} points" for gap in plan.gaps),
    )  # fmt: skip
    rows = [
        [
            str(row.participants),
            str(row.votes_each),
            f"±{number(row.half_width)}",
            *(percent(share) for share in row.power),
        ]
        for row in plan.rows
    ]
    origin = "as measured here" if plan.measured else "assumed; these votes do not tell"
    return section(
        "Planning the next study",
        table(heads, rows),
        paragraph(
            f"Chance to find a difference between two of {plan.policies} policies, with "
            f"{percent(plan.ties)} undecided votes and a spread between people of "
            f"{number(plan.spread, 2)} logits ({origin}). More people help more than more votes "
            "of each.",
            "note",
        ),
    )


def left_out(ratings: Ratings, material: Material) -> Markup:
    """Exclusions, expectations and the source."""
    rows = [[one.reason, str(one.votes)] for one in ratings.excluded]
    parts: list[str] = [
        table(("Reason", "Votes"), rows) if rows else paragraph("Nothing was left out.")
    ]
    if material.hypotheses:
        parts.append(element("h3", "Expected before the first vote"))
        parts.append(element("ul", *(element("li", line) for line in material.hypotheses)))
    return section("Left out", *parts)


def recipe(ratings: Ratings, material: Material, made: str) -> Markup:
    """Everything needed to repeat the numbers."""
    drawn = ratings.recipe.resample_by
    if ratings.units != ratings.participants:
        drawn = ResampleBy.VOTES
    facts = [
        *material.facts,
        ("Votes handed over", str(ratings.given)),
        ("SHA-256 of these votes", ratings.data_hash),
        ("Drawn again", f"{drawn}, {ratings.units} at a time"),
        *((name, yaml_word(value)) for name, value in recipe_facts(ratings.recipe).items()),
    ]
    if ratings.tie_parameter is not None:
        facts.append(("Davidson's tie parameter", number(ratings.tie_parameter, 3)))
    if made:
        facts.append(("Made", made))
    rows = [[name, element("span", value, class_="mono")] for name, value in facts]
    return section("Recipe, seed and data", table(("Name", "Value"), rows, words=2))


def footer(ratings: Ratings) -> Markup:
    """The method, with its sources."""
    ties = "Davidson's tie parameter (1970)" if ratings.tie_parameter is not None else "no tie term"
    expanded = ratings.recipe.interval is IntervalRule.EXPANDED
    spread = "expanded percentiles (Hesterberg 2015)" if expanded else "plain percentiles"
    return element(
        "footer",
        paragraph(
            f"Bradley-Terry with {ties} and a weak normal prior; intervals by the bootstrap, "
            f"{spread}; p-values from the sandwich clustered by participant (Liang and Zeger "
            "1986); alpha by evalica."
        ),
    )


def _name(policy: str, doubtful: bool) -> str:
    if not doubtful:
        return policy
    return element("span", policy, " ", element("span", "see cautions", class_="mark"))
