"""A participant's window in a process of its own that says what it shows until it is killed."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app import theme
from app.study.conductor import Conductor, Scenery
from app.study.demo_hands import Hands
from app.study.participant import ParticipantWindow
from app.task import Tasks
from core.study.answers import Answer
from core.study.base import StudyBase
from core.study.votes import Outcome


def main(folder: str, code: str) -> None:
    app = QApplication([])
    theme.apply_theme(app, "light", scale=1.0)
    base = StudyBase(Path(folder))
    plan = base.plan()
    conductor = Conductor(base, plan, Tasks(threads=1))
    window = ParticipantWindow(conductor, plan, (), 40.0)
    said = Answer(outcome=Outcome.A, progress_left=10.0, progress_right=5.0, confidence=2)
    hands = Hands(window, lambda: said, tempo_ms=2)

    def tell(scenery: Scenery) -> None:
        item = scenery.step.item
        if item is not None:
            sys.stdout.write(f"shows {scenery.step.position} {item.drawn} {item.rollouts}\n")
            sys.stdout.flush()

    conductor.shown.connect(tell)
    window.show()
    conductor.begin(code)
    hands.start()
    app.exec()


if __name__ == "__main__":
    main(*sys.argv[1:])
