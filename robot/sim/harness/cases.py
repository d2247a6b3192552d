"""What one trial is about: task, table, condition, hand, and how it differs from training."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from robot.sim.layout import HELD_OUT_SEED
from robot.sim.sketch import Hand
from robot.sim.tasks import TaskKind


class Condition(StrEnum):
    """How the policy is told what to do.

    "instruction" names the task in the words of training; "ambiguous" names no object; "open" names
    the task in other people's words (assets/instructions/open.yaml); "trace" is ambiguous words
    with a drawn line that leads to the goal, "wrong" with one that leads nowhere.
    """

    INSTRUCTION = "instruction"
    AMBIGUOUS = "ambiguous"
    OPEN = "open"
    TRACE = "trace"
    WRONG = "wrong"


class Goal(StrEnum):
    """Which of a table's tasks is wanted.

    "drawn" draws one at random; "other" draws one with another object than the model heads for when
    it is asked ambiguously, as in the paper's steering study; "planned" takes that object itself.
    """

    DRAWN = "drawn"
    OTHER = "other"
    PLANNED = "planned"


class Wrong(StrEnum):
    """Where a wrong line leads: a free spot, past the table, or out of the picture."""

    EMPTY = "empty spot"
    BEYOND = "beyond the table"
    OUTSIDE = "out of the picture"


class Axis(StrEnum):
    """What differs from training; "none" only has a layout that training never saw.

    "spatial" moves things to the rim, "distractors" adds grey things, "novel" asks for colours and
    shapes that training never showed together, "light", "texture" and "camera" change the pictures.
    Language is a condition (:attr:`Condition.OPEN`), not an axis of the table.
    """

    NONE = "none"
    SPATIAL = "spatial"
    DISTRACTORS = "distractors"
    NOVEL = "novel"
    LIGHT = "light"
    TEXTURE = "texture"
    CAMERA = "camera"


BLOCK = 10_000
"""Held-out tables that one ``--seed`` stands for."""

PICTURE_AXES = (Axis.LIGHT, Axis.TEXTURE, Axis.CAMERA)
"""Axes that only the direct lab can change: the real driver's lab has its own cameras."""


class Scene(StrEnum):
    """Which tables are tried: cubes and cylinders only, or everything that tasks know."""

    SIMPLE = "simple"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One trial before it is carried out; everything in it follows from these values.

    Attributes:
        kind: Kind of task.
        seed: Seed of the layout and of all that is drawn for the trial.
        condition: How the policy is told.
        goal: Which of the table's tasks is wanted.
        hand: Who draws the line; only with a line.
        wrong: Where a wrong line leads; only with "wrong".
        axis: What differs from training.
        scene: Which tables.
    """

    kind: TaskKind
    seed: int
    condition: Condition
    goal: Goal = Goal.DRAWN
    hand: Hand = Hand.STEADY
    wrong: Wrong = Wrong.EMPTY
    axis: Axis = Axis.NONE
    scene: Scene = Scene.FULL

    @property
    def variant(self) -> str:
        """What distinguishes lines of one condition: the hand, or where a wrong line leads."""
        if self.condition is Condition.TRACE:
            return str(self.hand)
        return str(self.wrong) if self.condition is Condition.WRONG else ""

    @property
    def key(self) -> str:
        """Name of the case among all others."""
        words = (self.scene, self.kind, self.axis, self.condition, self.variant, self.goal)
        return "/".join([*(str(word) for word in words if word), str(self.seed)])


def held_out_seeds(block: int, episodes: int) -> range:
    """Return seeds of layouts that training never sees.

    Args:
        block: Number of a block of ten thousand layouts, from 0 on.
        episodes: How many.
    """
    first = HELD_OUT_SEED + block * BLOCK
    return range(first, first + episodes)
