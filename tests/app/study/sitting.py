"""A small study with real videos, and a participant's window on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.study.conductor import Conductor
from app.study.participant import ParticipantWindow
from app.task import Tasks
from core.study.base import StudyBase
from core.study.clips import RATE_HZ, SIZE, write_clip
from core.study.plan import BAD_CHECK, GOOD_CHECK, StudyPlan
from core.study.rollouts import Rollout, add_rollout, file_digest, recipe_of
from tests.core.study.samples import text

SPEED = 40.0
SECONDS = 1.0


def filmed(folder: Path, **changes: Any) -> tuple[StudyBase, StudyPlan]:
    """Open a study whose videos show a square that moves, each a bit differently."""
    base = StudyBase(folder)
    base.lock(text(seconds=SECONDS, **changes))
    plan = base.plan()
    for scene in plan.scenes:
        for number, alias in enumerate((*plan.aliases, GOOD_CHECK, BAD_CHECK)):
            film(base, alias, scene.name, 4 * number, recipe_of(plan, alias, scene.name))
    return base, plan


def film(base: StudyBase, alias: str, scene: str, shift: int, recipe: str) -> Rollout:
    pictures = np.full((round(SECONDS * RATE_HZ), SIZE[1], SIZE[0], 3), 90, np.uint8)
    for index, picture in enumerate(pictures):
        at = 20 + shift * 8 + 5 * index
        picture[140:200, at : at + 60] = (200, 60, 40)
    name = f"{abs(hash((alias, scene, shift))) % 16**12:016x}"
    path = base.video(name)
    write_clip(path, pictures)
    made = Rollout(
        alias=alias,
        scene=scene,
        instruction="",
        sha256=file_digest(path),
        name=name,
        progress=50.0,
        recipe=recipe,
    )
    add_rollout(base, made)
    return made


class Seat:
    """A participant's window with what stands behind it."""

    def __init__(self, qtbot: Any, base: StudyBase, plan: StudyPlan) -> None:
        self.base, self.plan, self.qtbot = base, plan, qtbot
        self.tasks = Tasks(threads=1)
        self.conductor = Conductor(base, plan, self.tasks)
        self.faults: list[str] = []
        self.conductor.failed.connect(self.faults.append)
        self.window = ParticipantWindow(self.conductor, plan, (), SPEED)
        self.window.resize(1280, 800)
        qtbot.addWidget(self.window)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=20_000)

    def page(self, page: Any) -> None:
        """Wait for a page."""
        self.until(lambda: self.window.pages.currentWidget() is page)

    def close(self) -> None:
        self.window.close()
        self.tasks.shutdown()
        self.base.close()
