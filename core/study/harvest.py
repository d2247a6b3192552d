"""Reads a study out: the votes for the ratings, what was left out, and counts for everybody else.

While a study runs the experimenter sees :func:`count` only. :func:`harvest` tells outcomes, and
refuses to before the number of votes is reached that the study file fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.study import audit, schedule
from core.study.base import StudyBase
from core.study.exclusions import Exclusion, apply_rules
from core.study.plan import StudyPlan
from core.study.votes import Outcome, Shown, Vote, VoteKind
from core.types import StudioError

_CURRENT = (
    "SELECT answer.*, item.participant, item.name, item.kind, item.scene, item.left_alias, "
    "item.right_alias, item.first, item.position, participant.simulated, "
    "coalesce((SELECT instruction FROM prompt WHERE prompt.participant = item.participant "
    "AND prompt.position = coalesce(item.original, item.position)), '') AS said "
    "FROM answer JOIN item ON item.id = answer.item "
    "JOIN participant ON participant.code = item.participant "
    "WHERE answer.id NOT IN (SELECT supersedes FROM answer WHERE supersedes IS NOT NULL) "
    "AND item.kind <> 'practice' AND participant.withdrawn_at IS NULL "
    "ORDER BY participant.number, item.position"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How far a study is, without a word about who is ahead.

    Attributes:
        target: Votes at which the results open.
        votes: Valid comparisons that count in ratings, before exclusions.
        participants: Who agreed, those who withdrew among them.
        active: Who is neither finished nor withdrawn.
        finished: Who came to the end.
        withdrawn: Who took everything back.
        simulated: How many participants are programs.
        items: Items that were shown, practice not among them.
        invalid: Items that could not be judged, with a cause.
        erased: Answers whose content was withdrawn.
        corrections: Answers that replaced an earlier one.
        scenes: Votes by scene.
    """

    target: int
    votes: int
    participants: int
    active: int
    finished: int
    withdrawn: int
    simulated: int
    items: int
    invalid: int
    erased: int
    corrections: int
    scenes: dict[str, int]

    @property
    def reached(self) -> bool:
        """Whether the results are open."""
        return self.votes >= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What a study found.

    Attributes:
        votes: What counts after exclusions. Ratings take the kinds "normal" and "shared";
            "repeat" and "attention" are for agreement and checks.
        excluded: What was left out and why.
        invalid: (cause, how often) of the items that could not be judged.
        counts: The counts.
        revisions: (number, SHA-256, reason) of the study file's revisions.
        data_sha256: Digest over all votes, whatever was left out.
        audit_fault: What is wrong with the audit; empty when nothing is.
        early: Why the results were opened before the target; empty when they were not.
    """

    votes: tuple[Vote, ...]
    excluded: tuple[Exclusion, ...]
    invalid: tuple[tuple[str, int], ...]
    counts: Counts
    revisions: tuple[tuple[int, str, str], ...]
    data_sha256: str
    audit_fault: str
    early: str = ""


def count(base: StudyBase, plan: StudyPlan) -> Counts:
    """Count, for the experimenter's screen while the study runs."""
    rows = base.rows(_CURRENT)
    people = base.rows("SELECT * FROM participant WHERE consented_at IS NOT NULL")
    rated = [row for row in rows if row["kind"] in ("normal", "shared") and row["outcome"]]
    scenes = {scene.name: 0 for scene in plan.scenes}
    for row in rated:
        scenes[row["scene"]] = scenes.get(row["scene"], 0) + 1
    return Counts(
        target=plan.votes,
        votes=len(rated),
        participants=len(people),
        active=sum(p["finished_at"] is None and p["withdrawn_at"] is None for p in people),
        finished=sum(p["finished_at"] is not None and p["withdrawn_at"] is None for p in people),
        withdrawn=sum(p["withdrawn_at"] is not None for p in people),
        simulated=sum(p["simulated"] for p in people),
        items=_number(base, "SELECT count(*) FROM item WHERE kind <> 'practice'"),
        invalid=sum(bool(row["invalid"]) for row in rows),
        erased=_number(base, "SELECT count(*) FROM answer WHERE outcome IS NULL AND invalid = ''"),
        corrections=_number(base, "SELECT count(*) FROM answer WHERE supersedes IS NOT NULL"),
        scenes=scenes,
    )


def votes(base: StudyBase) -> tuple[Vote, ...]:
    """Return all valid votes, before exclusions, in the order of participants and items."""
    return tuple(
        Vote(
            participant=row["participant"],
            item=row["name"],
            left=row["left_alias"],
            right=row["right_alias"],
            first=None if row["first"] is None else Shown(row["first"]),
            outcome=Outcome(row["outcome"]),
            kind=VoteKind(row["kind"]),
            scene=row["scene"],
            instruction=row["said"],
            progress_left=row["progress_left"],
            progress_right=row["progress_right"],
            confidence=row["confidence"],
            decision_s=row["decision_s"],
            at=row["at"],
        )
        for row in base.rows(_CURRENT)
        if row["outcome"]
    )


def harvest(base: StudyBase, plan: StudyPlan, *, early: str = "") -> Harvest:
    """Open the results.

    Args:
        base: The study.
        plan: The study as it is locked.
        early: Why the results are opened before the target; that is kept and reported.

    Raises:
        StudioError: If the target is not reached and no reason is given.
    """
    counts = count(base, plan)
    if not counts.reached:
        if not early.strip():
            raise StudioError(
                f"The study has {counts.votes} of {counts.target} votes; its results stay closed "
                "until then, so that nobody stops when they look good. To open them all the same, "
                "say why with --early 'REASON'; the report will say so."
            )
        with base.write() as connection:
            audit.append(
                connection, "experimenter", "early", votes=counts.votes, reason=early.strip()
            )
    everything = votes(base)
    kept, excluded = apply_rules(
        plan.exclude,
        everything,
        [
            row["code"]
            for row in base.rows("SELECT code FROM participant WHERE finished_at IS NULL")
        ],
        [
            (row["participant"], row["rule"])
            for row in base.rows("SELECT participant, rule FROM exclusion WHERE item IS NULL")
        ],
    )
    causes: dict[str, int] = {}
    for row in base.rows(_CURRENT):
        if row["invalid"]:
            causes[row["invalid"]] = causes.get(row["invalid"], 0) + 1
    return Harvest(
        votes=kept,
        excluded=excluded,
        invalid=tuple(sorted(causes.items())),
        counts=counts,
        revisions=tuple(
            (row["revision"], row["sha256"], row["reason"])
            for row in base.rows("SELECT * FROM study ORDER BY revision")
        ),
        data_sha256=audit.digest({"votes": [repr(vote) for vote in everything]}),
        audit_fault=audit.first_fault(base.connection),
        early="" if counts.reached else early.strip(),
    )


def complete_blocks(plan: StudyPlan, number: int) -> int:
    """Return how many times a participant gets every pair in normal items."""
    kinds = schedule.slots(plan, number)
    return sum(kind == schedule.SlotKind.NORMAL for kind in kinds) // len(plan.pairs)


def _number(base: StudyBase, query: str) -> int:
    return int(base.rows(query)[0][0])
