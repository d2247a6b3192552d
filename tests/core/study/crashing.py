"""A participant in a process of its own that says what it does until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from core.study.base import StudyBase
from core.study.sitting import StepKind
from tests.core.study.samples import advance, judge


def main(folder: str, code: str) -> None:
    base = StudyBase(Path(folder))
    study = base.plan()
    while (step := advance(base, study, code)).kind == StepKind.JUDGE:
        assert step.item is not None
        drawn = step.item.drawn
        shown = sorted((str(side), name) for side, name in step.item.rollouts.items())
        sys.stdout.write(
            f"shows {step.position} {drawn.left} {drawn.right} {drawn.first} {shown}\n"
        )
        sys.stdout.flush()
        judge(base, step)
        sys.stdout.write(f"kept {step.position}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
