"""What is varied: the line that a person might draw, and the tokens a model might have written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.stroke import fit
from core.trace import remaining_line
from core.types import MAX_TRACE_POINTS, TRACE_MAX
from robot.sim.sketch import any_hand, sketch
from training.encoding import Answer, AnswerEncoder
from training.labels import Labels
from training.pairs import PICK

START_JITTER = 2.0
"""How far from the gripper a person begins [model units, standard deviation]."""

ALONG_TRACE = 0.3
"""Share of drawn lines that follow the expert's own trace, rises and all."""

TREMBLING = 3.0
"""What the studio takes for trembling when it fits points to a stroke [model units]."""

INPUT_JITTERS = (0.0, 0.0, 1.5, 4.0, 10.0)
"""Standard deviations [bins] of the noise on a whole answer's input values."""


def drawn_trace(
    rng: np.random.Generator, labels: Labels, pair: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw the line of a steered sample, as the model is shown it at this moment of an episode.

    A hand of :mod:`robot.sim.sketch` follows the expert's own trace or goes straight from the
    gripper by way of the thing to where it shall go. The studio makes at most five points of the
    stroke, and what the gripper has passed is cut off.

    Args:
        rng: Source of randomness.
        labels: Labelled pairs.
        pair: Index of the pair.

    Returns:
        (L, 2) points and (2,) the last of them, 0..255, 2 <= L <= 5.
    """
    tool = labels.tool[pair].astype(np.float64)
    length = int(labels.trace_length[pair])
    if length > 1 and not labels.placed[pair] and rng.random() < ALONG_TRACE:
        path = labels.trace[pair, :length].astype(np.float64)
    else:
        stops = [tool + rng.normal(0.0, START_JITTER, 2)]
        if not (labels.held[pair] or labels.placed[pair]):
            stops.append(labels.goal[pair])
        if labels.kind[pair] != PICK or len(stops) == 1:
            stops.append(labels.end[pair])
        path = np.stack(stops)
    stroke = sketch(rng, np.clip(path, 0.0, TRACE_MAX), any_hand(rng))
    corners = 2 if len(path) == 2 else 3
    points = fit(stroke, TREMBLING, int(rng.integers(corners, MAX_TRACE_POINTS + 1)))
    if rng.random() < 0.7:
        points = remaining_line(points, tool)
    elif len(points) < 2:
        points = np.repeat(points, 2, axis=0)
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
