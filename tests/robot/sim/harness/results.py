"""Outcomes of trials as the harness would have made them."""

from __future__ import annotations

from robot.sim.harness.cases import Case
from robot.sim.tasks import TaskKind
from robot.sim.trials import LIFTED, OUT_OF_CYCLES, Trial


def outcome(case: Case, *, done: bool, **changes) -> Trial:
    """Return a trial of a case."""
    about = {
        "seed": case.seed,
        "condition": str(case.condition),
        "instruction": "x",
        "target": "red cube",
        "planned": "blue cube",
        "picked": "red cube" if done else "",
        "lifted": done,
        "score": 1.0 if done else 0.5,
        "cycles": 5,
        "ended": LIFTED if done and case.kind is TaskKind.PICK else OUT_OF_CYCLES,
        "fci_violations": 0,
        "kind": str(case.kind),
        "done": done,
        "axis": str(case.axis),
        "variant": case.variant,
        "key": case.key,
    }
    return Trial(**about | changes)
