"""What a report is made from: a CSV of votes, or a study with its own locked recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.ratings.lmarena import read_votes
from core.ratings.recipe import Recipe, ResampleBy
from core.ratings.result import Exclusion
from core.study.base import StudyBase, study_folder
from core.study.harvest import Harvest, harvest
from core.study.plan import StudyPlan
from core.study.votes import Vote
from core.types import StudioError

DATABASE = "study.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Votes and what a report says about where they are from.

    Attributes:
        title: Heading of the report.
        votes: What counts after exclusions.
        recipe: The rules.
        excluded: What was left out before.
        hypotheses: What was expected before anybody voted.
        facts: (name, value) lines about the source.
        alarms: Sentences that belong above everything else.
    """

    title: str
    votes: Sequence[Vote]
    recipe: Recipe
    excluded: tuple[Exclusion, ...] = ()
    hypotheses: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    alarms: tuple[str, ...] = ()


def read_material(source: Path, recipe: Recipe | None, early: str = "") -> Material:
    """Read votes.

    Args:
        source: A CSV file, a study file (YAML), its folder or the database in there.
        recipe: Rules for a CSV; None for the defaults. A study has its own.
        early: Why a study's results are opened before their time.

    Raises:
        StudioError: If nothing can be read there, or a study is not to be opened yet.
    """
    folder = _folder(source)
    if folder is None:
        votes, judged = read_votes(source)
        recipe = Recipe() if recipe is None else recipe
        if not judged:
            recipe = replace(recipe, resample_by=ResampleBy.VOTES)
        return Material(
            title=source.stem, votes=votes, recipe=recipe, facts=(("Source", source.name),)
        )
    if recipe is not None:
        raise StudioError(
            "A study fixes its rating recipe before the first vote; leave --recipe away. To try "
            "another one, write the votes out with --csv and rate that file."
        )
    with StudyBase(folder) as base:
        plan = base.plan()
        return study_material(plan, harvest(base, plan, early=early))


def study_material(plan: StudyPlan, found: Harvest) -> Material:
    """Put a study's votes together with its locked recipe."""
    reasons: Counter[str] = Counter()
    for one in found.excluded:
        reasons[f"rule '{one.rule}'"] += one.votes
    for cause, number in found.invalid:
        reasons[f"could not be judged: {cause}"] += number
    counts = found.counts
    alarms: list[str] = []
    if found.audit_fault:
        alarms.append(f"The audit of this study does not hold: {found.audit_fault}")
    if found.early:
        alarms.append(
            f"The results were opened at {counts.votes} of {counts.target} votes: {found.early}"
        )
    if counts.simulated:
        alarms.append(f"{counts.simulated} of the participants are programs, not people.")
    facts = [
        ("Study", plan.name),
        ("Votes", f"{counts.votes} valid, {counts.target} planned"),
        ("Participants", f"{counts.participants}, {counts.withdrawn} of them withdrew"),
        ("Corrected answers", str(counts.corrections)),
        *((f"Study file, revision {n}", f"{sha} {why}".strip()) for n, sha, why in found.revisions),
        ("All answers", found.data_sha256),
    ]
    return Material(
        title=plan.name,
        votes=found.votes,
        recipe=plan.recipe,
        excluded=tuple(Exclusion(reason=why, votes=n) for why, n in reasons.items()),
        hypotheses=plan.hypotheses,
        facts=tuple(facts),
        alarms=tuple(alarms),
    )


def _folder(source: Path) -> Path | None:
    """Return the folder of the study that ``source`` means; None for a file of votes.

    Raises:
        StudioError: If there is nothing, or no study has been run from it.
    """
    if not source.exists():
        raise StudioError(f"'{source}' does not exist; name a CSV of votes or a study.")
    if source.is_dir():
        folder = source
    elif source.name == DATABASE:
        folder = source.parent
    elif source.suffix.lower() in (".yaml", ".yml"):
        folder = study_folder(source)
    else:
        return None
    if not (folder / DATABASE).is_file():
        raise StudioError(f"There is no {DATABASE} in '{folder}': nobody has voted there yet.")
    return folder
