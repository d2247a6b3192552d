"""Numbers and findings in words."""

from __future__ import annotations

from core.ratings.result import Interval, Ratings

MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 0) -> str:
    """Return a number with a real minus; never a negative zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", MINUS) if float(text) else f"{0:.{digits}f}"


def signed(value: float, digits: int = 0) -> str:
    """Return a number with its sign."""
    text = number(value, digits)
    return text if text.startswith(MINUS) or not float(text) else f"+{text}"


def span(interval: Interval | None, digits: int = 0) -> str:
    """Return an interval, or a dash."""
    if interval is None:
        return "–"
    return f"{number(interval.low, digits)} to {number(interval.high, digits)}"


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share in percent, or a dash."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def chance(value: float | None) -> str:
    """Return a p-value, or a dash."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def yaml_word(value: str | float | bool | None) -> str:
    """Return a value as a line of a recipe's file would have it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def joined(names: list[str]) -> str:
    """Return names as a list in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def headline(ratings: Ratings) -> str:
    """Return what the result is, in one or two sentences, no surer than it is."""
    top = [one.policy for one in ratings.standings if one.rank == 1]
    first, second = ratings.standings[0], ratings.standings[1]
    lead = next(d for d in ratings.differences if d.second == second.policy)
    ahead = f"{number(lead.points)} points ahead of {second.policy} ({span(lead.interval)})"
    if len(top) > 1:
        text = f"No single leader: the intervals of {joined(top)} overlap. "
        text += f"{first.policy} is {ahead}."
    else:
        text = f"{first.policy} leads, {ahead}."
    if first.doubtful:
        text += " The votes alone do not settle how far; see the cautions."
    return text


def sensitivity(ratings: Ratings) -> list[str]:
    """Return what it takes to turn the top, as sentences."""
    found = ratings.sensitivity
    lines: list[str] = []
    for count, to, unit, total in (
        (found.participants, found.participants_to, "participant", ratings.participants),
        (found.votes, found.votes_to, "vote", ratings.votes),
    ):
        if total == 1:
            continue
        if count is None or to is None:
            lines.append(
                f"No choice of {unit}s that was tried takes the lead from {found.top}, down to "
                "those that speak least for it."
            )
            continue
        plural = unit if count == 1 else f"{unit}s"
        lines.append(
            f"Without {count} {plural} ({percent(count / total, 1)} of {total}) {to} would lead "
            f"instead of {found.top}."
        )
    return lines


def alpha_words(alpha: float) -> str:
    """Return Krippendorff's own reading of an alpha ("Content Analysis", 2004, p. 241)."""
    if alpha >= 0.8:
        return "reliable (0.8 or more)"
    return (
        "enough for tentative conclusions (0.667 to 0.8)"
        if alpha >= 0.667
        else ("below 0.667: people see these items differently")
    )
