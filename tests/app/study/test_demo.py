"""The demonstration's study: its target is within reach of those who take part."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from app.study.demo import LEAST, run_demo, write_study
from core.study.schedule import SlotKind, slots
from core.study.study_file import read_study
from core.types import StudioError


@pytest.mark.parametrize("participants", [LEAST, 12, 40])
def test_the_target_is_reached_though_one_withdraws(tmp_path: Path, participants: int):
    plan, _ = read_study(write_study(tmp_path, participants, 5))
    assert plan.seed == 5
    rated = [
        sum(kind in (SlotKind.NORMAL, SlotKind.SHARED) for kind in slots(plan, number))
        for number in range(participants)
    ]
    assert set(rated) == {12}
    assert plan.votes <= sum(rated) - max(rated)
    assert any(policy.use.endswith("/weaker") for policy in plan.policies)


def test_too_few_are_refused_before_anything_is_made(tmp_path: Path):
    with pytest.raises(StudioError, match="at least 3"):
        run_demo(Namespace(participants=2, seed=1, out=tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_the_demonstration_uses_it_in_place_of_the_declared_handicap(tmp_path: Path) -> None:
    plan, _ = read_study(write_study(tmp_path, 12, 1))
    weaker = {policy.alias: policy for policy in plan.policies}["cedar"]
    assert weaker.use == str(tmp_path / "weaker")
    assert not weaker.noise
