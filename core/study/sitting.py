"""Where a participant stands, told by the database alone: what was written is what happened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.study import people
from core.study.base import StudyBase
from core.study.items import (
    Item,
    draw_item,
    find_item,
    find_prompt,
    needs_prompt,
    prompt_scene,
)
from core.study.plan import StudyPlan
from core.study.schedule import SlotKind, slots


class StepKind(StrEnum):
    """What a participant does next."""

    CONSENT = "consent"
    ASK = "ask"
    WAIT = "wait"
    JUDGE = "judge"
    END = "end"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a participant does next.

    Attributes:
        kind: Agree, say what the robot should do, wait for the videos, judge a pair, be thanked,
            or be gone.
        position: Place in the list, from 0; practice comes first.
        practice: How many items are practice.
        total: Number of items, practice included; 0 for one that is looked at again.
        scene: Name of the scene that is asked about.
        item: The item to wait for or to judge.
    """

    kind: StepKind
    position: int = 0
    practice: int = 0
    total: int = 0
    scene: str = ""
    item: Item | None = None

    @property
    def is_practice(self) -> bool:
        """Whether the item does not count."""
        return self.position < self.practice


def next_step(base: StudyBase, plan: StudyPlan, code: str) -> Step:
    """Return what a participant does next; draws the pair when it is time to.

    Raises:
        StudioError: If there is no such participant, or a video is missing.
    """
    who = people.find(base, code)
    order = slots(plan, who.number)
    practice = sum(kind == SlotKind.PRACTICE for kind in order)
    if who.withdrawn:
        return Step(kind=StepKind.GONE)
    if who.consented != plan.consent.version:
        return Step(kind=StepKind.CONSENT, practice=practice, total=len(order))
    position = answered(base, code)
    if position >= len(order):
        if not who.finished:
            people.finish(base, code)
        return Step(kind=StepKind.END, position=position, practice=practice, total=len(order))

    def step(kind: StepKind, *, scene: str = "", item: Item | None = None) -> Step:
        return Step(
            kind=kind,
            position=position,
            practice=practice,
            total=len(order),
            scene=scene,
            item=item,
        )

    asked = needs_prompt(plan, order[position])
    if asked and find_prompt(base, code, position) is None:
        return step(StepKind.ASK, scene=prompt_scene(base, plan, who, position))
    item = draw_item(base, plan, who, position)
    return step(StepKind.JUDGE if len(item.rollouts) == 2 else StepKind.WAIT, item=item)


def answered(base: StudyBase, code: str) -> int:
    """Return how many items of a participant have an answer; they have no gaps."""
    row = base.one(
        "SELECT count(DISTINCT item) AS n FROM answer JOIN item ON item.id = answer.item "
        "WHERE participant = ?",
        code,
    )
    return 0 if row is None else int(row["n"])


def before(base: StudyBase, code: str, position: int) -> Item | None:
    """Return the item before a position, for somebody who wants to correct the last answer."""
    return find_item(base, code, position - 1) if position > 0 else None
