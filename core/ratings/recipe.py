"""How ratings are made from votes: declared before the first vote, kept with every result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, cast

from core.types import StudioError

MOST_RESAMPLES = 100_000


class TieRule(StrEnum):
    """What a tie is in the fit."""

    DAVIDSON = "davidson"
    HALF = "half"
    LEFT_OUT = "left_out"


class BothBadRule(StrEnum):
    """What "both bad" is in the fit; it is counted apart in any case."""

    TIE = "tie"
    LEFT_OUT = "left_out"


class ResampleBy(StrEnum):
    """What a resample draws."""

    PARTICIPANTS = "participants"
    VOTES = "votes"


class IntervalRule(StrEnum):
    """How the resamples become an interval; see ``core/ratings/intervals.py``."""

    EXPANDED = "expanded"
    PERCENTILE = "percentile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The rules of a rating.

    Attributes:
        ties: Davidson's tie parameter, half a win for each, or left out of the fit.
        both_bad: The same as a tie, or left out of the fit.
        prior_sd: Spread of the weak normal prior on strengths [logits]; 1 logit is 174 points.
        tie_sd: Spread of the prior on the logarithm of the tie parameter.
        bias_sd: Spread of the prior on the side and order terms [logits].
        side_bias: Whether the fit has a term for the left side.
        order_bias: Whether the fit has a term for the rollout shown first.
        scenes: Whether each policy has a deviation per scene, drawn towards 0 by ``scene_sd``.
        scene_sd: Spread of the prior on those deviations [logits].
        anchor: Policy whose rating is ``centre``; None puts the policies' mean there.
        centre: Rating of the anchor or of the mean [points].
        scale: Points that multiply the odds by ``base``.
        base: See ``scale``.
        elo_k: Step of the online Elo [points]; for display only.
        resamples: How many resamples.
        resample_by: Participants, or single votes, which holds them independent.
        interval: How resamples become an interval.
        confidence: Coverage that intervals aim at.
        success: Progress from which a rollout counts as a success [percent].
        seed: Seed of everything random.
    """

    ties: TieRule = TieRule.DAVIDSON
    both_bad: BothBadRule = BothBadRule.TIE
    prior_sd: float = 2.5
    tie_sd: float = 3.0
    bias_sd: float = 1.0
    side_bias: bool = False
    order_bias: bool = False
    scenes: bool = False
    scene_sd: float = 0.5
    anchor: str | None = None
    centre: float = 1000.0
    scale: float = 400.0
    base: float = 10.0
    elo_k: float = 4.0
    resamples: int = 2000
    resample_by: ResampleBy = ResampleBy.PARTICIPANTS
    interval: IntervalRule = IntervalRule.EXPANDED
    confidence: float = 0.95
    success: float = 100.0
    seed: int = 0

    def __post_init__(self) -> None:
        positive = ("prior_sd", "tie_sd", "bias_sd", "scene_sd", "scale", "elo_k")
        for name in positive:
            if not 0.0 < getattr(self, name) < 1e6:
                raise ValueError(f"{name} is {getattr(self, name)}; expected more than 0")
        if not 1.0 < self.base < 1e6:
            raise ValueError(f"base is {self.base}; expected more than 1")
        if not -1e6 < self.centre < 1e6:
            raise ValueError(f"centre is {self.centre}; expected a rating such as 1000")
        if not 10 <= self.resamples <= MOST_RESAMPLES:
            raise ValueError(f"resamples is {self.resamples}; expected 10 to {MOST_RESAMPLES}")
        if not 0.5 <= self.confidence < 1.0:
            raise ValueError(f"confidence is {self.confidence}; expected 0.5 to below 1")
        if not 0.0 < self.success <= 100.0:
            raise ValueError(f"success is {self.success}; expected over 0 to 100 percent")
        if self.seed < 0:
            raise ValueError(f"seed is {self.seed}; expected 0 or more")


_KINDS: dict[str, type] = {
    field.name: type(getattr(Recipe(), field.name)) for field in fields(Recipe)
} | {"anchor": str}


def recipe_facts(recipe: Recipe) -> dict[str, str | float | bool | None]:
    """Return the recipe as plain values, in the order of its fields, for files and reports."""
    return {k: str(v) if isinstance(v, StrEnum) else v for k, v in asdict(recipe).items()}


def parse_recipe(loaded: Any, source: str) -> Recipe:
    """Read a recipe; what is not named keeps its default.

    Args:
        loaded: What a file holds: None or a mapping from the names of ``Recipe``'s fields.
        source: Name of the file, for messages.

    Raises:
        StudioError: With what is wrong and what would be right.
    """
    if loaded is None:
        return Recipe()
    if not isinstance(loaded, Mapping):
        raise StudioError(f"The rating recipe in {source} must have lines such as 'prior_sd: 2.5'.")
    given = cast("Mapping[Any, Any]", loaded)
    if unknown := [str(key) for key in given if key not in _KINDS]:
        known = ", ".join(_KINDS)
        raise StudioError(
            f"The rating recipe in {source} names '{unknown[0][:40]}'; known are {known}."
        )
    values = {str(name): _value(str(name), value, source) for name, value in given.items()}
    try:
        return Recipe(**values)
    except ValueError as error:
        raise StudioError(f"The rating recipe in {source}: {error}.") from error


def _value(name: str, value: Any, source: str) -> Any:
    kind = _KINDS[name]
    if name == "anchor" and value is None:
        return None
    if issubclass(kind, StrEnum):
        if value not in list(kind):
            choices = " or ".join(f"'{choice}'" for choice in kind)
            raise StudioError(
                f"'{name}' in the rating recipe of {source} is {value!r}; expected {choices}."
            )
        return kind(value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is float and number:
        return float(value)
    if type(value) is not kind:
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "a name"}
        raise StudioError(
            f"'{name}' in the rating recipe of {source} is {value!r}; expected {words[kind]}."
        )
    return value
