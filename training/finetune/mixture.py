"""Which row is asked which question: declared rates, and draws that depend on the step alone."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from training.finetune.preset import Group
from training.finetune.questions import Kind
from training.finetune.rows import TrainingSet

log = logging.getLogger(__name__)


class MixtureError(StudioError):
    """Rates that do not fit the data."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draw:
    """A sample to make.

    Attributes:
        source: The data set.
        kind: The question.
        index: The row.
        rng: Source of everything else that is random in the sample.
    """

    source: TrainingSet
    kind: Kind
    index: int
    rng: np.random.Generator


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Choice:
    source: TrainingSet
    kind: Kind
    rows: NDArray[np.int64]


class Mixture:
    """Draws samples; the n-th sample of a step is the same whoever draws it and when."""

    def __init__(
        self,
        groups: Sequence[Group],
        sets: Sequence[TrainingSet],
        *,
        seed: int,
        held_out: bool = False,
    ) -> None:
        """Work out the rate of every set and question.

        Args:
            groups: Declared groups.
            sets: Data sets, each with a name of its own.
            seed: Seed of all draws.
            held_out: Draw from the held-out episodes instead of the others.

        Raises:
            MixtureError: A rate is no share, a group names an unknown set or kind, a set belongs
                to no group, or has no row for a kind that is asked of it.
        """
        self._seed = seed
        members = _members(groups, sets)
        self._choices: list[_Choice] = []
        rates: list[float] = []
        total = sum(group.rate for group in groups if members[group.name])
        for group in groups:
            own = members[group.name]
            if own and group.rate == 0:
                continue
            roots = [math.sqrt(len(source)) for source in own]
            kinds = _kinds(group)
            for source, root in zip(own, roots, strict=True):
                for kind, share in kinds.items():
                    rows = source.usable(kind, held_out=held_out)
                    if not len(rows):
                        if held_out:
                            continue  # few episodes: not every kind needs to be among them
                        raise MixtureError(_nothing(source, kind, group))
                    often = np.where(source.intervention[rows], group.interventions, 1)
                    rows = np.repeat(rows, often)
                    self._choices.append(_Choice(source=source, kind=kind, rows=rows))
                    rates.append(group.rate / total * root / sum(roots) * share)
        if not rates:
            raise MixtureError(
                "no data set has rows for the questions of this mixture"
                + ("; no episodes are held out" if held_out else "")
            )
        self._edges = np.cumsum(rates) / sum(rates)

    @property
    def rates(self) -> dict[tuple[str, Kind], float]:
        """Share of every data set and kind of question; their sum is 1."""
        shares = np.diff(self._edges, prepend=0.0)
        result: dict[tuple[str, Kind], float] = {}
        for choice, share in zip(self._choices, shares, strict=True):
            key = (choice.source.name, choice.kind)
            result[key] = result.get(key, 0.0) + float(share)
        return result

    def draw(self, step: int, index: int) -> Draw:
        """Draw a sample.

        Args:
            step: Optimiser step, from 0.
            index: Number of the sample within the step's batch, over all processes.
        """
        rng = np.random.default_rng([self._seed, step, index])
        at = int(np.searchsorted(self._edges, rng.random(), side="right"))
        choice = self._choices[min(at, len(self._choices) - 1)]
        row = int(choice.rows[rng.integers(len(choice.rows))])
        return Draw(source=choice.source, kind=choice.kind, index=row, rng=rng)


def _members(groups: Sequence[Group], sets: Sequence[TrainingSet]) -> dict[str, list[TrainingSet]]:
    """Return the sets of every group."""
    if len({group.name for group in groups}) != len(groups):
        raise MixtureError("two groups of the mixture have the same name")
    by_name = {source.name: source for source in sets}
    if len(by_name) != len(sets):
        raise MixtureError("two data sets have the same name; name them with --data NAME=DIR")
    named = {name for group in groups for name in group.sets if name != "*"}
    rest = [source for source in sets if source.name not in named]
    if rest and not any("*" in group.sets for group in groups):
        known = ", ".join(sorted(named))
        raise MixtureError(
            f"no group of the mixture names the data set '{rest[0].name}'; known are {known}. "
            "Name it with --data NAME=DIR"
        )
    result: dict[str, list[TrainingSet]] = {}
    for group in groups:
        if not math.isfinite(group.rate) or group.rate < 0:
            raise MixtureError(f"group '{group.name}' has the rate {group.rate}; expected a share")
        chosen = [by_name[name] for name in group.sets if name in by_name]
        result[group.name] = chosen + (rest if "*" in group.sets else [])
        if not result[group.name] and group.rate > 0:
            log.warning(
                "no data for group '%s' (%s): the other groups take its share of %g",
                group.name, ", ".join(group.sets), group.rate,
            )  # fmt: skip
    if not any(group.rate > 0 and result[group.name] for group in groups):
        wanted = ", ".join(sorted(named)) or "any data set"
        raise MixtureError(f"there is no data for the mixture; give --data DIR ({wanted})")
    return result


def _kinds(group: Group) -> dict[Kind, float]:
    """Return the share of each kind with a rate above 0; their sum is 1."""
    known = {kind.value: kind for kind in Kind}
    for name, rate in group.kinds.items():
        if name not in known:
            choices = ", ".join(known)
            raise MixtureError(f"group '{group.name}' asks for '{name}'; choose among {choices}")
        if not math.isfinite(rate) or rate < 0:
            raise MixtureError(f"group '{group.name}' has the rate {rate} for '{name}'")
    total = sum(group.kinds.values())
    if total <= 0:
        raise MixtureError(f"group '{group.name}' asks for nothing; give it kinds with rates")
    return {known[name]: rate / total for name, rate in group.kinds.items() if rate > 0}


def _nothing(source: TrainingSet, kind: Kind, group: Group) -> str:
    needs = {
        Kind.REASONING: "depth codes and a trace",
        Kind.STEERED: "a trace of two points or more",
        Kind.DEPTH: "depth codes",
        Kind.TRACE: "a trace",
        Kind.AUXILIARY: "depth codes and a trace",
    }[kind]
    return (
        f"group '{group.name}' asks '{kind.value}' of the data set '{source.name}', which has no "
        f"row with {needs}; label it with `data label` or take the kind out of the mixture"
    )
