"""The plan of a study: balanced, reproducible, with the promised shares."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from core.study.plan import BAD_CHECK, GOOD_CHECK, StudyPlan
from core.study.schedule import REPEAT_DISTANCE, Drawn, SlotKind, draw, shared_items, slots
from core.study.votes import Shown
from tests.core.study.samples import plan

Sampled = Counter[tuple[str, str, str]]


def whole(study: StudyPlan, number: int, sampled: Sampled | None = None) -> list[Drawn]:
    """Draw all items of a participant."""
    sampled = Counter() if sampled is None else sampled
    mine: list[Drawn] = []
    for position in range(len(slots(study, number))):
        item = draw(study, number, position, mine, sampled)
        mine.append(item)
        if item.kind in (SlotKind.NORMAL, SlotKind.SHARED):
            sampled[(item.scene, *item.pair)] += 1
    return mine


@settings(max_examples=25)
@given(number=st.integers(0, 500), comparisons=st.integers(8, 40), attention=st.integers(0, 3))
def test_shares_hold_and_repeats_come_late(number: int, comparisons: int, attention: int):
    pace = {"comparisons": comparisons, "practice": 2, "attention": attention}
    study = plan(pace=pace)
    mine = whole(study, number)
    kinds = Counter(item.kind for item in mine)
    assert len(mine) == comparisons + 2
    assert kinds[SlotKind.REPEAT] == round(comparisons * 0.1)
    assert kinds[SlotKind.SHARED] == min(round(comparisons * 0.2), 12)
    assert kinds[SlotKind.ATTENTION] == attention
    assert [item.kind for item in mine[:3]].count(SlotKind.PRACTICE) == 2
    for position, item in enumerate(mine):
        if item.kind == SlotKind.REPEAT:
            assert item.original is not None
            original = mine[item.original]
            assert original.kind == SlotKind.NORMAL
            assert position - item.original > REPEAT_DISTANCE - 1
            assert (item.left, item.right) == (original.right, original.left)
        if item.kind in (SlotKind.PRACTICE, SlotKind.ATTENTION):
            assert {item.left, item.right} == {GOOD_CHECK, BAD_CHECK}
    repeated = [item.original for item in mine if item.kind == SlotKind.REPEAT]
    assert len(set(repeated)) == len(repeated)


@settings(max_examples=20)
@given(st.integers(0, 300))
def test_blocks_are_balanced_and_nothing_comes_twice_in_a_row(number: int):
    study = plan(pace={"comparisons": 30})
    mine = whole(study, number)
    normal = [item for item in mine if item.kind == SlotKind.NORMAL]
    for start in range(0, len(normal) - 2, 3):
        assert len({item.pair for item in normal[start : start + 3]}) == 3, "a block has all pairs"
    for before, after in pairwise(mine):
        assert (before.scene, before.pair) != (after.scene, after.pair)


def test_everybody_together_is_balanced_too():
    study, sampled = plan(), Counter()
    for number in range(24):
        whole(study, number, sampled)
    pairs: Counter[tuple[str, ...]] = Counter()
    for key, times in sampled.items():
        pairs[key[1:]] += times
    assert max(pairs.values()) - min(pairs.values()) <= 24  # the shared items alone differ by 24
    normal = {key: n for key, n in sampled.items() if key not in shared_names(study)}
    for pair in study.pairs:
        scenes = [n for key, n in normal.items() if key[1:] == pair]
        assert max(scenes) - min(scenes) <= 1


def shared_names(study: StudyPlan) -> set[tuple[str, ...]]:
    return {(scene, *sorted(pair)) for scene, *pair in shared_items(study)}


def test_everybody_gets_the_shared_items():
    study = plan(pace={"comparisons": 20})
    expected = shared_names(study)
    assert len(expected) == 4
    for number in range(5):
        mine = [item for item in whole(study, number) if item.kind == SlotKind.SHARED]
        assert {(item.scene, *item.pair) for item in mine} == expected


def test_sides_and_order_are_coin_flips_and_the_seed_decides():
    study = plan(playback="in turn", pace={"comparisons": 20})
    items = [item for number in range(40) for item in whole(study, number)]
    checks = [item for item in items if item.kind == SlotKind.ATTENTION]
    for flips in (
        [item.left == item.pair[0] for item in items],
        [item.first == Shown.LEFT for item in items],
        [item.left == GOOD_CHECK for item in checks],
    ):
        share = sum(flips) / len(flips)
        assert abs(share - 0.5) < 2.6 * (0.25 / len(flips)) ** 0.5
    assert whole(study, 3) == whole(study, 3)
    assert whole(study, 3) != whole(plan(playback="in turn", pace={"comparisons": 20}, seed=8), 3)
    together = whole(plan(), 0)
    assert all(item.first is None for item in together)
