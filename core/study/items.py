"""What a participant is shown: the scene asked about, the pair drawn, the videos of both sides.

Everything is written before it is shown. A program that starts again after a crash finds the item
as it was: the same rollouts on the same sides in the same order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.study import audit
from core.study.base import StudyBase
from core.study.people import Participant
from core.study.plan import Kind, StudyPlan
from core.study.rollouts import made_rollout
from core.study.schedule import Drawn, SlotKind, draw, scene_to_ask, slots
from core.study.votes import Shown
from core.types import StudioError

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a participant of a live study wants the robot to do, given before a pair was drawn.

    Attributes:
        scene: Name of the scene.
        instruction: In words; empty where only a line was asked for.
        trace: Drawn line in model units, 0 to 255 across the picture; empty where none was.
    """

    scene: str
    instruction: str
    trace: Points = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item of one participant.

    Attributes:
        number: Its number in the database.
        participant: Code.
        position: Place in the participant's list, from 0, practice included.
        name: Name of the pair of rollouts, whatever the sides.
        drawn: What was drawn.
        prompt: What the participant typed or drew for it; None for one with a given instruction.
        rollouts: Names of the videos by side; a side is missing while its rollout is being made.
    """

    number: int
    participant: str
    position: int
    name: str
    drawn: Drawn
    prompt: Prompt | None = None
    rollouts: Mapping[Shown, str] = field(default_factory=dict[Shown, str])


def needs_prompt(plan: StudyPlan, kind: SlotKind) -> bool:
    """Tell whether the participant says what to do before an item of this kind is drawn."""
    return plan.kind == Kind.LIVE and kind == SlotKind.NORMAL


def prompt_scene(base: StudyBase, plan: StudyPlan, who: Participant, position: int) -> str:
    """Return the scene that a participant is asked about at a position."""
    rows = base.rows("SELECT scene FROM prompt WHERE participant = ? ORDER BY position", who.code)
    return scene_to_ask(plan, who.number, position, [row["scene"] for row in rows])


def find_prompt(base: StudyBase, code: str, position: int) -> Prompt | None:
    """Return what a participant said before the item at a position, if it was said already."""
    row = base.one("SELECT * FROM prompt WHERE participant = ? AND position = ?", code, position)
    if row is None:
        return None
    points = json.loads(row["trace"] or "[]")
    return Prompt(
        scene=row["scene"],
        instruction=row["instruction"],
        trace=tuple((float(x), float(y)) for x, y in points),
    )


def keep_prompt(base: StudyBase, code: str, position: int, prompt: Prompt) -> None:
    """Write down what a participant wants; no pair has been drawn yet.

    Raises:
        StudioError: If the item at this position exists already: then it would be too late.
    """
    if find_item(base, code, position) is not None:
        raise StudioError("The pair was drawn already; an instruction cannot be given afterwards.")
    with base.write() as connection:
        connection.execute(
            "INSERT INTO prompt VALUES(?, ?, ?, ?, ?, ?)",
            (
                code,
                position,
                prompt.scene,
                prompt.instruction,
                json.dumps([list(point) for point in prompt.trace]),
                time.time(),
            ),
        )
        audit.append(connection, code, "prompt", position=position, scene=prompt.scene)


def find_item(base: StudyBase, code: str, position: int) -> Item | None:
    """Return the item at a position, if it was drawn already."""
    row = base.one("SELECT * FROM item WHERE participant = ? AND position = ?", code, position)
    if row is None:
        return None
    shown = base.rows("SELECT side, rollout FROM showing WHERE item = ?", row["id"])
    first = row["first"]
    drawn = Drawn(
        kind=SlotKind(row["kind"]),
        scene=row["scene"],
        left=row["left_alias"],
        right=row["right_alias"],
        first=None if first is None else Shown(first),
        original=row["original"],
    )
    return Item(
        number=row["id"],
        participant=code,
        position=position,
        name=row["name"],
        drawn=drawn,
        prompt=find_prompt(base, code, position),
        rollouts={Shown(one["side"]): one["rollout"] for one in shown},
    )


def draw_item(base: StudyBase, plan: StudyPlan, who: Participant, position: int) -> Item:
    """Draw the item at a position and write it down; one that was drawn already stays.

    Raises:
        StudioError: If its instruction has not been given, or a video is missing.
    """
    found = find_item(base, who.code, position)
    if found is not None:
        return found
    kind = slots(plan, who.number)[position]
    prompt = find_prompt(base, who.code, position)
    if needs_prompt(plan, kind) and prompt is None:
        raise StudioError("No pair is drawn before the participant has said what to do.")
    with base.write() as connection:
        mine = [_drawn(base, who.code, before) for before in range(position)]
        drawn = draw(
            plan,
            who.number,
            position,
            mine,
            sampled(base),
            scene="" if prompt is None else prompt.scene,
        )
        name = _name(base, who, position, drawn, prompt)
        revision = base.rows("SELECT MAX(revision) AS it FROM study")[0]["it"]
        cursor = connection.execute(
            "INSERT INTO item(participant, position, revision, kind, name, scene, left_alias, "
            "right_alias, first, original, at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                who.code,
                position,
                revision,
                str(drawn.kind),
                name,
                drawn.scene,
                drawn.left,
                drawn.right,
                drawn.first,
                drawn.original,
                time.time(),
            ),
        )
        number = int(cursor.lastrowid or 0)
        if prompt is None:
            for side, rollout in _existing(base, plan, who, drawn).items():
                connection.execute("INSERT INTO showing VALUES(?, ?, ?)", (number, side, rollout))
        audit.append(
            connection,
            "program",
            "draw",
            item=number,
            participant=who.code,
            position=position,
            kind=drawn.kind,
            scene=drawn.scene,
            left=drawn.left,
            right=drawn.right,
            first=drawn.first,
            seed=[plan.seed, 3, who.number, position],
        )
    item = find_item(base, who.code, position)
    assert item is not None, "it was just written"
    return item


def show(base: StudyBase, item: Item, rollouts: Mapping[Shown, str]) -> Item:
    """Note which rollouts were made for the two sides of a live item."""
    with base.write() as connection:
        for side, rollout in rollouts.items():
            connection.execute("INSERT INTO showing VALUES(?, ?, ?)", (item.number, side, rollout))
    found = find_item(base, item.participant, item.position)
    assert found is not None, "it was just written"
    return found


def sampled(base: StudyBase) -> dict[tuple[str, str, str], int]:
    """Count how often (scene, alias, alias) was drawn for anybody who has not withdrawn."""
    rows = base.rows(
        "SELECT scene, min(left_alias, right_alias) AS a, max(left_alias, right_alias) AS b, "
        "count(*) AS n FROM item JOIN participant ON code = participant WHERE kind IN "
        "('normal', 'shared') AND withdrawn_at IS NULL GROUP BY 1, 2, 3"
    )
    return {(row["scene"], row["a"], row["b"]): int(row["n"]) for row in rows}


def note_view(base: StudyBase, item: Item, side: str, seconds: float, *, complete: bool) -> None:
    """Write down that a video was watched.

    Args:
        base: The study.
        item: What was shown.
        side: "left", "right" or "both".
        seconds: For how long [s].
        complete: Whether from beginning to end.
    """
    with base.write() as connection:
        connection.execute(
            "INSERT INTO view(item, side, started_at, seconds, complete) VALUES(?, ?, ?, ?, ?)",
            (item.number, side, time.time() - seconds, seconds, int(complete)),
        )


def _drawn(base: StudyBase, code: str, position: int) -> Drawn:
    item = find_item(base, code, position)
    assert item is not None, f"item {position} was skipped"
    return item.drawn


def _name(
    base: StudyBase, who: Participant, position: int, drawn: Drawn, prompt: Prompt | None
) -> str:
    """Name the pair of rollouts whatever its sides; a repeat bears its original's name."""
    if drawn.original is not None:
        original = find_item(base, who.code, drawn.original)
        assert original is not None, "what is repeated was shown"
        return original.name
    if prompt is not None:
        return f"{who.code}-{position:03d}"
    return "/".join((drawn.scene, *drawn.pair))


def _existing(base: StudyBase, plan: StudyPlan, who: Participant, drawn: Drawn) -> dict[Shown, str]:
    """Find the videos of an item that needs no new ones."""
    if drawn.original is not None:
        original = find_item(base, who.code, drawn.original)
        if original is not None and original.prompt is not None:
            turned = {Shown.LEFT: Shown.RIGHT, Shown.RIGHT: Shown.LEFT}
            return {turned[side]: name for side, name in original.rollouts.items()}
    return {
        side: made_rollout(base, plan, alias, drawn.scene)
        for side, alias in ((Shown.LEFT, drawn.left), (Shown.RIGHT, drawn.right))
    }
