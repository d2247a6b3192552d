"""What is varied: the line that a person might draw, and the tokens a model might have written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.types import TRACE_MAX
from training.encoding import Answer, AnswerEncoder
from training.labels import Labels

END_JITTER = 3.0
"""How far a person misses the object's centre [model units, standard deviation]."""

START_JITTER = 2.0
INPUT_JITTERS = (0.0, 0.0, 1.5, 4.0, 10.0)
"""Standard deviations [bins] of the noise on a whole answer's input values."""


def drawn_trace(
    rng: np.random.Generator, labels: Labels, pair: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw the line of a steered sample.

    Two in five are the expert's own path, two in five a straight line from the gripper to the
    object, the rest a bent sketch of three points. Ends are off by a few pixels.

    Args:
        rng: Source of randomness.
        labels: Labelled pairs.
        pair: Index of the pair.

    Returns:
        (L, 2) points and (2,) the last of them, 0..255, L >= 2.
    """
    start = labels.tool[pair] + rng.normal(0.0, START_JITTER, 2)
    goal = labels.goal[pair] + rng.normal(0.0, END_JITTER, 2)
    kind = rng.random()
    if kind < 0.4:
        points = labels.trace[pair, : labels.trace_length[pair]] + rng.normal(0.0, 1.5, 2)
        if len(points) < 2:
            points = np.stack([start, goal])
    elif kind < 0.8:
        points = np.stack([start, goal])
        if rng.random() < 0.5:  # a stroke arrives resampled to five points
            points = np.linspace(start, goal, 5)
    else:
        side = np.array([-(goal - start)[1], (goal - start)[0]])
        middle = start + rng.uniform(0.3, 0.7) * (goal - start) + rng.normal(0.0, 0.15) * side
        points = np.stack([start, middle, goal])
    points = np.clip(points, 0.0, TRACE_MAX)
    return points, points[-1]


def jitter_slots(
    rng: np.random.Generator, answer: Answer, encoder: AnswerEncoder
) -> NDArray[np.int64]:
    """Return an answer's ids with noise on values, as the model will read its own mistakes.

    Without it a small model trusts every earlier token, and one slip at run time derails the rest.
    The targets stay clean.
    """
    ids = answer.ids.copy()
    sigma = float(rng.choice(INPUT_JITTERS))
    if sigma > 0.0:
        where = np.nonzero(answer.soft)[0]
        noise = np.rint(rng.normal(0.0, sigma, len(where)))
        wild = rng.random(len(where)) < 0.03
        values = np.where(wild, rng.integers(0, 256, len(where)), answer.value[where] + noise)
        values = np.clip(values, 0, 255).astype(np.int64)
        ids[where] = encoder.groups[answer.group[where], values]
    depth = np.nonzero(answer.group == encoder.DEPTH)[0]
    if len(depth):
        wrong = depth[rng.random(len(depth)) < rng.choice([0.0, 0.1, 0.3, 0.5])]
        codes = answer.value[rng.choice(depth, len(wrong))]
        ids[wrong] = encoder.groups[encoder.DEPTH, codes]
    return ids
