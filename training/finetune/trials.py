"""A few closed-loop trials of a trained checkpoint in the direct lab, named and steered in turn.

This shows that a checkpoint runs, and roughly how well; ``eval steer`` and ``eval fig3`` measure.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.model.loading import load_checkpoint
from core.policy.local import LocalPolicy
from core.trace import to_model
from core.types import Observation, StudioError, Trace, TraceSource
from robot.sim.direct import DirectLab
from robot.sim.layout import random_layout
from robot.sim.scene import FRAME_SIZE, camera_models
from training.finetune.preset import Lab


@dataclass(frozen=True, slots=True, kw_only=True)
class LabTrial:
    """Outcome of one trial.

    Attributes:
        seed: Seed of the layout.
        steered: Whether a line to the object was drawn.
        instruction: What the model was told.
        lifted: Whether the object hung clear of the table.
        cycles: Answers that were run.
        refused: Answers that could not be run.
    """

    seed: int
    steered: bool
    instruction: str
    lifted: bool
    cycles: int
    refused: int


def lab_trials(folder: Path, settings: Lab) -> list[dict[str, Any]]:
    """Run trials of a checkpoint folder.

    Args:
        folder: The checkpoint.
        settings: How many, and how long.

    Returns:
        A :class:`LabTrial` each, as a dictionary.
    """
    policy = LocalPolicy(load_checkpoint(folder))
    lab = DirectLab()
    try:
        seeds = range(settings.seed, settings.seed + settings.trials)
        return [
            asdict(_trial(lab, policy, seed, settings.cycles, steered=k % 2 == 1))
            for k, seed in enumerate(seeds)
        ]
    finally:
        lab.close()


def _trial(
    lab: DirectLab, policy: LocalPolicy, seed: int, cycles: int, *, steered: bool
) -> LabTrial:
    layout = random_layout(seed)
    lab.reset(layout)
    rng = np.random.default_rng([seed, 31])
    item = layout.objects[int(rng.integers(len(layout.objects)))]
    instruction = "pick up the object" if steered else f"pick up the {item.name}"
    steps = policy.capabilities.execute_steps
    run, refused = 0, 0
    while run + refused < cycles and not lab.lifted(item.slot):
        observation = Observation(frames=lab.frames(), instruction=instruction, state=lab.state())
        trace = _line(lab, item.slot) if steered else None
        try:
            chunk = policy.infer(observation, trace).chunk
        except StudioError:
            chunk = None
        if chunk is None:
            refused += 1
            continue
        for action in chunk.actions[:steps]:
            lab.step(action)
        run += 1
    return LabTrial(
        seed=seed,
        steered=steered,
        instruction=instruction,
        lifted=lab.lifted(item.slot),
        cycles=run,
        refused=refused,
    )


def _line(lab: DirectLab, slot: str) -> Trace:
    """Draw a straight line from the tool to an object."""
    ends = np.stack([lab.tool, lab.object_position(slot)])
    pixels = camera_models()["front"].project(ends) - 0.5  # edges to pixel centres
    return Trace(points=to_model(pixels, FRAME_SIZE), source=TraceSource.USER)
