"""What a person might type, and the questions of the auxiliary data.

None of the wordings in ``assets/instructions/open.yaml`` occurs here: those are for evaluation. So
that words that were never seen do no harm, some verbs and nouns are replaced by invented ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot.sim.layout import COLOURS, SHAPES
from robot.sim.tasks import TaskKind

VERBS = ("pick up", "grab", "lift", "lift up", "take", "get", "grasp", "raise", "fetch", "pick")
PUT_VERBS = ("put", "put", "put", "place", "set", "lay", "move", "pick up and put")
ONTO = ("on", "on", "on", "onto", "on top of")
BESIDE = ("next to", "next to", "next to", "beside", "by the side of", "right next to")
AMBIGUOUS = ("the object", "an object", "one object", "something", "any object", "the thing", "it")
ANY_PLATE = ("the plate", "the plate", "a plate", "one plate", "any plate")
ANOTHER = (
    "another one",
    "another one",
    "another object",
    "another thing",
    "something",
    "the other",
)
SHAPE_WORDS = {
    "cube": ("cube", "cube", "cube", "block", "box"),
    "cylinder": ("cylinder", "cylinder", "can"),
    "brick": ("brick",),
    "plate": ("plate", "plate", "plate", "flat plate"),
}
ASIDE = ("please {}", "{} please", "now {}", "{} now", "can you {}", "could you {}")
PLAIN = 0.85
"""Share of instructions without politeness around them."""

INVENTED = 0.06
"""How often a verb, and likewise a noun, is a word that nobody knows."""

_SYLLABLES = ("ba", "dor", "fin", "gu", "kel", "lom", "mi", "nar", "pex", "quo", "ri", "stu", "zav")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What a thing is called: indices into :data:`COLOURS` and :data:`SHAPES`."""

    colour: int
    shape: int


def named_instruction(
    rng: np.random.Generator, kind: TaskKind, target: Thing, reference: Thing | None = None
) -> str:
    """Draw an instruction that names its things by colour, mostly with their shape.

    Args:
        rng: Source of randomness.
        kind: What shall be done.
        target: The thing to take.
        reference: Plate or thing where it goes; not for PICK.
    """
    goal = "" if reference is None else named_object(rng, reference)
    return _sentence(rng, kind, named_object(rng, target), goal)


def ambiguous_instruction(rng: np.random.Generator, kind: TaskKind) -> str:
    """Draw an instruction that any things satisfy; four in ten are :attr:`Task.ambiguous`."""
    thing, goal = AMBIGUOUS[0], ANY_PLATE[0] if kind is TaskKind.PLACE else ANOTHER[0]
    if rng.random() < 0.4:
        return _sentence(rng, kind, thing, goal, plain=True)
    thing = str(rng.choice(AMBIGUOUS))
    goal = str(rng.choice(ANY_PLATE if kind is TaskKind.PLACE else ANOTHER))
    return _sentence(rng, kind, thing, goal)


def named_object(rng: np.random.Generator, thing: Thing) -> str:
    """Draw a name such as "the red cube"."""
    words = SHAPE_WORDS[SHAPES[thing.shape]]
    kind = rng.random()
    noun = words[0] if kind < 0.6 else str(rng.choice([*words, "object", "one", "thing"]))
    if rng.random() < INVENTED:
        noun = invented_word(rng)
    return f"the {list(COLOURS)[thing.colour]} {noun}"


def invented_word(rng: np.random.Generator) -> str:
    """Draw a word of two or three syllables that means nothing."""
    return "".join(str(part) for part in rng.choice(_SYLLABLES, int(rng.integers(2, 4))))


def _sentence(
    rng: np.random.Generator, kind: TaskKind, thing: str, goal: str, *, plain: bool = False
) -> str:
    """Say what to do; ``plain`` as :class:`robot.sim.tasks.Task` says it."""
    usual = plain or rng.random() < 0.5
    if kind is TaskKind.PICK:
        verb, relation = (VERBS[0] if usual else str(rng.choice(VERBS))), ""
    else:
        verb = PUT_VERBS[0] if usual else str(rng.choice(PUT_VERBS))
        relations = ONTO if kind is TaskKind.PLACE else BESIDE
        relation = relations[0] if usual else str(rng.choice(relations))
    if not plain and rng.random() < INVENTED:
        verb = invented_word(rng)
    text = f"{verb} {thing} {relation} {goal}" if relation else f"{verb} {thing}"
    if plain or rng.random() < PLAIN:
        return text
    return str(rng.choice(ASIDE)).format(text)


def pointing_question(name: str) -> str:
    """Return the auxiliary question for an object's place."""
    return f"Point to {name}."


def trace_question(instruction: str) -> str:
    """Return the auxiliary question for a trace."""
    return (
        f"The task is {instruction}. What is the trajectory of the end effector in the first image?"
    )
