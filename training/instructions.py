"""What a person might type, and the questions of the auxiliary data."""

from __future__ import annotations

import numpy as np

from robot.sim.layout import COLOURS, SHAPES

VERBS = ("pick up", "grab", "lift", "lift up", "take", "get", "grasp", "raise", "fetch", "pick")
AMBIGUOUS = ("the object", "an object", "one object", "something", "any object", "the thing", "it")
SHAPE_WORDS = {"cube": ("cube", "cube", "cube", "block", "box"), "cylinder": ("cylinder", "can")}


def named_instruction(rng: np.random.Generator, colour: int, shape: int) -> str:
    """Draw an instruction that names one object by its colour, mostly with its shape.

    Args:
        rng: Source of randomness.
        colour: Index into :data:`COLOURS`.
        shape: Index into :data:`SHAPES`.
    """
    verb = VERBS[0] if rng.random() < 0.5 else str(rng.choice(VERBS))
    return f"{verb} {named_object(rng, colour, shape)}"


def named_object(rng: np.random.Generator, colour: int, shape: int) -> str:
    """Draw a name such as "the red cube"."""
    words = SHAPE_WORDS[SHAPES[shape]]
    kind = rng.random()
    noun = words[0] if kind < 0.6 else str(rng.choice([*words, "object", "one", "thing"]))
    return f"the {list(COLOURS)[colour]} {noun}"


def ambiguous_instruction(rng: np.random.Generator) -> str:
    """Draw an instruction that any object satisfies."""
    verb = VERBS[0] if rng.random() < 0.5 else str(rng.choice(VERBS))
    return f"{verb} {AMBIGUOUS[0] if rng.random() < 0.4 else rng.choice(AMBIGUOUS)}"


def pointing_question(name: str) -> str:
    """Return the auxiliary question for an object's place."""
    return f"Point to {name}."


def trace_question(instruction: str) -> str:
    """Return the auxiliary question for a trace."""
    return (
        f"The task is {instruction}. What is the trajectory of the end effector in the first image?"
    )
