"""A small study, and participants that answer it without a window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from core.study import people
from core.study.answers import Answer, give
from core.study.base import StudyBase
from core.study.items import Prompt, keep_prompt, note_view, show
from core.study.plan import BAD_CHECK, GOOD_CHECK, StudyPlan
from core.study.rollouts import Rollout, add_rollout, recipe_of
from core.study.sitting import Step, StepKind, next_step
from core.study.study_file import parse_study
from core.study.votes import Outcome, Shown

STUDY: dict[str, Any] = {
    "name": "Small",
    "title": "Which robot?",
    "kind": "recorded",
    "hypotheses": ["amber is better than birch"],
    "policies": [
        {"alias": "amber", "use": "embedded"},
        {"alias": "birch", "use": "embedded", "noise": 0.5},
        {"alias": "cedar", "use": "ws://127.0.0.1:8000", "guided_by": "trace"},
    ],
    "scenes": [
        {"name": f"table-{n}", "layout": 1_000_000 + n, "instruction": f"lift number {n}"}
        for n in range(4)
    ],
    "votes": 20,
    "consent": {"version": "1", "text": "You may stop at any time."},
    "pace": {"comparisons": 10, "practice": 1, "attention": 1, "repeats": 0.1, "shared": 0.2},
    "seed": 7,
}


def text(**changes: Any) -> str:
    """Return the study file's text; a change of None drops the field."""
    merged = STUDY | changes
    return yaml.safe_dump({key: value for key, value in merged.items() if value is not None})


def plan(**changes: Any) -> StudyPlan:
    return parse_study(text(**changes), "small.yaml")


def opened(folder: Path, **changes: Any) -> tuple[StudyBase, StudyPlan]:
    """Open a study with all its videos noted (there are no files behind them)."""
    base = StudyBase(folder)
    base.lock(text(**changes))
    study = base.plan()
    for scene in study.scenes:
        for alias in (*study.aliases, GOOD_CHECK, BAD_CHECK):
            add(base, alias, scene.name, recipe_of(study, alias, scene.name))
    return base, study


def add(base: StudyBase, alias: str, scene: str, recipe: str = "") -> str:
    return add_rollout(
        base,
        Rollout(alias=alias, scene=scene, instruction="", sha256="", progress=50.0, recipe=recipe),
    )


def enrolled(base: StudyBase, study: StudyPlan) -> str:
    who = people.enrol(base)
    people.consent(base, who.code, study.consent)
    return who.code


def judge(base: StudyBase, step: Step, outcome: Outcome | None = None, **more: Any) -> int:
    """Watch and answer an item; by default right in a check, otherwise A and B in turn."""
    assert step.item is not None
    item = step.item
    if outcome is None:
        odd = step.position % 2 == 1
        outcome = Outcome.B if odd else Outcome.A
        if GOOD_CHECK in item.drawn.pair:
            outcome = Outcome.B if item.drawn.right == GOOD_CHECK else Outcome.A
    note_view(base, item, "both", 8.0, complete=True)
    values: dict[str, Any] = {"progress_left": 80.0, "progress_right": 20.0, "decision_s": 3.0}
    return give(base, item, Answer(outcome=outcome, **(values | more)))


def advance(base: StudyBase, study: StudyPlan, code: str) -> Step:
    """Go on until there is something to judge, or the end."""
    while (step := next_step(base, study, code)).kind in (StepKind.ASK, StepKind.WAIT):
        if step.kind == StepKind.ASK:
            said = Prompt(scene=step.scene, instruction="take the red one", trace=((1.0, 2.0),))
            keep_prompt(base, code, step.position, said)
        else:
            assert step.item is not None
            drawn = step.item.drawn
            sides = {Shown.LEFT: drawn.left, Shown.RIGHT: drawn.right}
            made = {side: add(base, alias, drawn.scene) for side, alias in sides.items()}
            show(base, step.item, made)
    return step


def play(base: StudyBase, study: StudyPlan, code: str, items: int = 1000) -> int:
    """Judge up to a number of items; returns how many."""
    for done in range(items):
        step = advance(base, study, code)
        if step.kind != StepKind.JUDGE:
            return done
        judge(base, step)
    return items
