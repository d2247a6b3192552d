"""Leads one participant through a study: asks the database what comes next and has it shown.

Everything that reads or writes runs in one thread of a pool, in order; the window only shows what
comes back. What a participant has answered is on the disk before the next item appears.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from app.study.clip_view import Clip
from app.study.maker import Maker
from app.study.making import Job, scene_picture
from app.task import Tasks
from core.study import people
from core.study.answers import Answer, correct, give
from core.study.base import StudyBase
from core.study.clips import read_clip
from core.study.items import Item, Prompt, keep_prompt, note_view, show
from core.study.plan import StudyPlan
from core.study.rollouts import Rollout, add_rollout
from core.study.sitting import Step, StepKind, before, next_step
from core.study.votes import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """What a step needs to be shown.

    Attributes:
        step: What the participant does next.
        clips: Videos by side, for an item to judge.
        picture: Of the scene, where it is asked what to do.
    """

    step: Step
    clips: dict[Shown, Clip] = field(default_factory=dict[Shown, Clip])
    picture: QImage = field(default_factory=QImage)


class Conductor(QObject):
    """One participant at a time."""

    shown = Signal(object)
    """A :class:`Scenery` to be shown."""

    waiting = Signal(str)
    """It takes a moment, and why, in plain words."""

    failed = Signal(str)
    """Something went wrong; a sentence for the experimenter."""

    def __init__(
        self, base: StudyBase, plan: StudyPlan, tasks: Tasks, parent: QObject | None = None
    ) -> None:
        """Lead through a study.

        Args:
            base: Its database; used from the pool's one thread only.
            plan: The study as it is locked.
            tasks: A pool of one thread.
            parent: Owner.
        """
        super().__init__(parent)
        self._base, self._plan, self._tasks = base, plan, tasks
        self._maker = Maker(base.videos, self)
        self._maker.made.connect(self._made)
        self._maker.failed.connect(self.failed)
        self._item: Item | None = None
        self._again = False
        self.code = ""

    def begin(self, code: str = "", *, simulated: bool = False) -> None:
        """Begin with a new participant, or go on with one who has been here.

        Args:
            code: Who comes back; empty for somebody new.
            simulated: Whether the new one is a program.
        """
        base, plan = self._base, self._plan

        def work(_: object) -> tuple[str, Scenery]:
            who = people.find(base, code) if code else people.enrol(base, simulated=simulated)
            return who.code, _scenery(base, plan, who.code)

        self._run(work, self._begun)

    def _begun(self, result: tuple[str, Scenery]) -> None:
        self.code = result[0]
        self._show(result[1])

    def agree(self) -> None:
        """The participant agrees to the consent."""
        self._do(lambda base, plan: people.consent(base, self.code, plan.consent))

    def say(self, prompt: Prompt, position: int) -> None:
        """The participant says what the robot should do."""
        self._do(lambda base, _: keep_prompt(base, self.code, position, prompt))

    def note(self, side: str, seconds: float, complete: bool) -> None:
        """A video was watched."""
        item, base = self._item, self._base
        if item is not None:
            self._run(
                lambda _: note_view(base, item, side, seconds, complete=complete), lambda _: None
            )

    def answer(self, answer: Answer) -> None:
        """The participant has answered."""
        item, write = self._item, correct if self._again else give
        if item is not None:
            self._item, self._again = None, False
            self._do(lambda base, _: write(base, item, answer))

    def go_back(self, position: int) -> None:
        """The participant wants to change the answer to the item before a position."""
        base, code = self._base, self.code

        def work(_: object) -> Scenery:
            item = before(base, code, position)
            assert item is not None, "there is an item before"
            step = Step(kind=StepKind.JUDGE, position=position - 1, item=item)
            return Scenery(step=step, clips=_clips(base, item))

        self._run(work, self._show_again)

    def _show_again(self, scenery: Scenery) -> None:
        self._item, self._again = scenery.step.item, True
        self.shown.emit(scenery)

    def withdraw(self) -> None:
        """The participant stops and takes everything back."""
        self._do(lambda base, _: people.withdraw(base, self.code))

    def close(self) -> None:
        """Let go of the worker."""
        self._maker.close()

    def _do(self, act: Callable[[StudyBase, StudyPlan], Any]) -> None:
        """Write something, then go on to what comes next."""
        base, plan, code = self._base, self._plan, self.code

        def work(_: object) -> Scenery:
            act(base, plan)
            return _scenery(base, plan, code)

        self._run(work, self._show)

    def _show(self, scenery: Scenery) -> None:
        step = scenery.step
        self._item = step.item
        if step.kind == StepKind.WAIT:
            self.waiting.emit("The robot is trying it. This takes up to a minute.")
            assert step.item is not None, "it waits for the videos of an item"
            self._maker.make(self._jobs(step.item))
        else:
            self.shown.emit(scenery)

    def _jobs(self, item: Item) -> list[Job]:
        """Say what has to be made; the order is that of the aliases, not that of the sides."""
        plan = self._plan
        assert item.prompt is not None, "what has to be made was asked for"
        return [
            Job(
                source=plan.policy(alias),
                scene=plan.scene(item.drawn.scene),
                instruction=item.prompt.instruction,
                trace=item.prompt.trace,
                seconds=plan.seconds,
                seed=plan.seed + 1000 * item.number,
            )
            for alias in item.drawn.pair
        ]

    @Slot(object)
    def _made(self, rollouts: list[Rollout]) -> None:
        item = self._item
        if item is None:
            return
        sides = {item.drawn.left: Shown.LEFT, item.drawn.right: Shown.RIGHT}

        def keep(base: StudyBase, _: StudyPlan) -> None:
            names = {sides[one.alias]: add_rollout(base, one) for one in rollouts}
            show(base, item, names)

        self._do(keep)

    def _run(self, work: Callable[[Any], Any], done: Callable[[Any], None]) -> None:
        self._tasks.run("Study", work, done, self.failed.emit, cancellable=False)


def _scenery(base: StudyBase, plan: StudyPlan, code: str) -> Scenery:
    """Read what comes next, with its pictures; in the pool's thread."""
    step = next_step(base, plan, code)
    if step.kind == StepKind.ASK:
        return Scenery(step=step, picture=QImage(str(scene_picture(base.folder, step.scene))))
    if step.kind != StepKind.JUDGE or step.item is None:
        return Scenery(step=step)
    return Scenery(step=step, clips=_clips(base, step.item))


def _clips(base: StudyBase, item: Item) -> dict[Shown, Clip]:
    return {side: _images(base, name) for side, name in item.rollouts.items()}


def _images(base: StudyBase, name: str) -> list[QImage]:
    pictures, _ = read_clip(base.video(name))
    height, width = pictures.shape[1:3]
    kind = QImage.Format.Format_RGB888
    # copy: the array goes away, the picture stays
    return [
        QImage(np.ascontiguousarray(one).data, width, height, 3 * width, kind).copy()
        for one in pictures
    ]
