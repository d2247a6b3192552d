"""Who judges what, in which order: drawn from the study's seed, balanced, and recorded.

The kinds of a participant's items follow from the seed and the participant's number alone
(:func:`slots`). Which pair stands in a slot is drawn when the participant gets there
(:func:`draw`): within a *block* every pair comes once, in the pair the least-sampled scene, and
what was judged least so far comes first; ties are broken by the seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.study.plan import BAD_CHECK, GOOD_CHECK, Playback, Scene, StudyPlan
from core.study.votes import Shown

REPEAT_DISTANCE = 3
"""Fewest items between one and its repeat: nobody shall answer from fresh memory."""


class SlotKind(StrEnum):
    """Why an item is in a participant's list."""

    PRACTICE = "practice"
    NORMAL = "normal"
    SHARED = "shared"
    REPEAT = "repeat"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One item of one participant.

    Attributes:
        kind: Why it is there.
        scene: Name of the scene.
        left: Alias on the left.
        right: Alias on the right.
        first: Which is played first; None when both play at once.
        original: Position of the item that this one repeats; None for others.
    """

    kind: SlotKind
    scene: str
    left: str
    right: str
    first: Shown | None = None
    original: int | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """The two aliases in alphabetical order."""
        return (self.left, self.right) if self.left < self.right else (self.right, self.left)


def slots(plan: StudyPlan, number: int) -> tuple[SlotKind, ...]:
    """Return the kinds of a participant's items in their order.

    Args:
        plan: The study.
        number: Running number of the participant, from 0.
    """
    rng = np.random.default_rng([plan.seed, 1, number])
    pace = plan.pace
    repeats = round(pace.comparisons * pace.repeats)
    shared = len(shared_items(plan))
    normal = pace.comparisons - repeats - shared - pace.attention
    order = [SlotKind.NORMAL] * normal + [SlotKind.SHARED] * shared
    order = [order[index] for index in rng.permutation(len(order))]
    for _ in range(repeats):
        # Late enough that a normal item lies far enough before it.
        earliest = _nth_normal(order, order.count(SlotKind.REPEAT)) + 1 + REPEAT_DISTANCE
        at = int(rng.integers(min(earliest, len(order)), len(order) + 1))
        order.insert(max(at, _last(order, SlotKind.REPEAT) + 1), SlotKind.REPEAT)
    for index in range(pace.attention):
        # One in each stretch of equal length, never the very first.
        start = round(index * len(order) / pace.attention)
        end = round((index + 1) * len(order) / pace.attention)
        order.insert(int(rng.integers(max(1, start), max(2, end + 1))), SlotKind.ATTENTION)
    return (*[SlotKind.PRACTICE] * pace.practice, *order)


def _nth_normal(order: Sequence[SlotKind], n: int) -> int:
    places = [index for index, kind in enumerate(order) if kind == SlotKind.NORMAL]
    return places[min(n, len(places) - 1)] if places else 0


def _last(order: Sequence[SlotKind], kind: SlotKind) -> int:
    return max((index for index, one in enumerate(order) if one == kind), default=-1)


def shared_items(plan: StudyPlan) -> tuple[tuple[str, str, str], ...]:
    """Return (scene, alias, alias) of the items that everybody gets, over pairs and scenes.

    In a live study only scenes with an instruction of their own can be shared.
    """
    rng = np.random.default_rng([plan.seed, 2])
    wanted = round(plan.pace.comparisons * plan.pace.shared)
    scenes = [plan.scenes[i] for i in rng.permutation(len(plan.scenes)) if _fixed(plan.scenes[i])]
    pairs = [plan.pairs[i] for i in rng.permutation(len(plan.pairs))]
    if not scenes:
        return ()
    total = min(wanted, len(scenes) * len(pairs))
    # Walks through pairs and scenes at once, and on by one scene after each common round.
    rounds = int(np.lcm(len(pairs), len(scenes)))
    return tuple(
        (scenes[(i + i // rounds) % len(scenes)].name, *pairs[i % len(pairs)]) for i in range(total)
    )


def _fixed(scene: Scene) -> bool:
    return bool(scene.instruction)


def draw(
    plan: StudyPlan,
    number: int,
    position: int,
    mine: Sequence[Drawn],
    sampled: Mapping[tuple[str, str, str], int],
    *,
    scene: str = "",
) -> Drawn:
    """Draw the item at a position of a participant's list.

    Args:
        plan: The study.
        number: Running number of the participant, from 0.
        position: Place in the list, from 0, practice included.
        mine: The participant's items so far, in order.
        sampled: How often everybody got (scene, alias, alias) so far, aliases in alphabetical
            order.
        scene: Scene that the participant has already given an instruction for; live only.
    """
    rng = np.random.default_rng([plan.seed, 3, number, position])
    kind = slots(plan, number)[position]
    original: int | None = None
    if kind in (SlotKind.PRACTICE, SlotKind.ATTENTION):
        where, pair = scene or _next_scene(plan, kind, mine, rng), (GOOD_CHECK, BAD_CHECK)
    elif kind == SlotKind.SHARED:
        where, pair = _next_shared(plan, mine, rng)
    elif kind == SlotKind.REPEAT:
        original = _to_repeat(mine, rng)
        where, pair = mine[original].scene, mine[original].pair
    else:
        where, pair = _least_sampled(plan, mine, sampled, rng, scene)
    swap, second = bool(rng.integers(2)), bool(rng.integers(2))
    if original is not None:  # a repeat shows the sides exchanged: that tells a side's pull apart
        pair, swap = (mine[original].right, mine[original].left), False
    first = (Shown.RIGHT if second else Shown.LEFT) if plan.playback == Playback.IN_TURN else None
    left, right = (pair[1], pair[0]) if swap else pair
    return Drawn(kind=kind, scene=where, left=left, right=right, first=first, original=original)


def scene_to_ask(plan: StudyPlan, number: int, position: int, asked: Sequence[str]) -> str:
    """Choose the scene of which a participant of a live study says what the robot should do.

    Args:
        plan: The study.
        number: Running number of the participant.
        position: Place in the list.
        asked: Names of the scenes this participant was asked about so far.
    """
    rng = np.random.default_rng([plan.seed, 4, number, position])
    times = Counter(asked)
    last = asked[-1] if asked else ""
    names = [plan.scenes[i].name for i in rng.permutation(len(plan.scenes))]
    return min(names, key=lambda name: (times[name], name == last))


def _least_sampled(
    plan: StudyPlan,
    mine: Sequence[Drawn],
    sampled: Mapping[tuple[str, str, str], int],
    rng: np.random.Generator,
    scene: str,
) -> tuple[str, tuple[str, str]]:
    """Choose scene and pair for a normal item; see the module's rule."""
    normal = [item for item in mine if item.kind == SlotKind.NORMAL]
    pairs = [_sorted(plan.pairs[i]) for i in rng.permutation(len(plan.pairs))]
    scenes = [scene] if scene else [plan.scenes[i].name for i in rng.permutation(len(plan.scenes))]
    in_block = Counter(item.pair for item in normal)
    before = _last_shown(mine)
    shared = {(where, _sorted((a, b))) for where, a, b in shared_items(plan)}
    own = Counter((item.scene, *item.pair) for item in mine)
    total = {pair: sum(n for key, n in sampled.items() if key[1:] == pair) for pair in pairs}

    def rank(choice: tuple[str, tuple[str, str]]) -> tuple[int, ...]:
        where, pair = choice
        key = (where, *pair)
        return (
            choice == before,
            in_block[pair],
            choice in shared,  # everybody gets those anyway
            own[key],
            total[pair],
            sampled.get(key, 0),
        )

    # min keeps the first of equals, and the order was drawn
    return min(((where, pair) for pair in pairs for where in scenes), key=rank)


def _next_shared(
    plan: StudyPlan, mine: Sequence[Drawn], rng: np.random.Generator
) -> tuple[str, tuple[str, str]]:
    """Choose one of the shared items that the participant has not had, not the one just seen."""
    had = {(item.scene, item.pair) for item in mine if item.kind == SlotKind.SHARED}
    every = [(where, _sorted((a, b))) for where, a, b in shared_items(plan)]
    left = [every[i] for i in rng.permutation(len(every)) if every[i] not in had]
    return min(left, key=lambda choice: choice == _last_shown(mine))


def _last_shown(mine: Sequence[Drawn]) -> tuple[str, tuple[str, str]] | None:
    return (mine[-1].scene, mine[-1].pair) if mine else None


def _next_scene(
    plan: StudyPlan, kind: SlotKind, mine: Sequence[Drawn], rng: np.random.Generator
) -> str:
    fixed = [s.name for s in plan.scenes if _fixed(s)] or [s.name for s in plan.scenes]
    used = Counter(item.scene for item in mine if item.kind == kind)
    names = [fixed[i] for i in rng.permutation(len(fixed))]
    return min(names, key=lambda name: used[name])


def _to_repeat(mine: Sequence[Drawn], rng: np.random.Generator) -> int:
    done = {item.original for item in mine}
    old = [
        index
        for index, item in enumerate(mine)
        if item.kind == SlotKind.NORMAL and index not in done
    ]
    far = [index for index in old if len(mine) - index > REPEAT_DISTANCE]
    last = _last_shown(mine)
    other = [index for index in far if (mine[index].scene, mine[index].pair) != last]
    return int(rng.choice(other or far or old))


def _sorted(pair: tuple[str, str]) -> tuple[str, str]:
    return pair if pair[0] < pair[1] else (pair[1], pair[0])
