"""Records the pictures that the decoder's tests and ``bench decoder`` ask a model about.

    MUJOCO_GL=egl python -m tests.data.make_decoder_sequences

Plays the scripted expert in the direct lab and keeps what a policy would see: consecutive cycles,
two executed steps apart, at the embedded model's picture size. ``episode_N.png`` has a row per
cycle, the front picture beside the wrist picture; ``episodes.json`` has the instructions, the
layouts' seeds and, for steered prompts, what is left of a line drawn to the target.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from core.overlay import prepare_frame
from core.trace import remaining_line, to_model
from robot.sim.direct import DirectLab
from robot.sim.expert import HandState, expert_action
from robot.sim.harness.drawing import gripper_point
from robot.sim.layout import HELD_OUT_SEED, random_layout
from robot.sim.scene import FRAME_SIZE, camera_models

FOLDER = Path(__file__).parent / "decoder"
SIZE = (160, 120)
EPISODES, CYCLES, STEPS = 2, 8, 2


def record(lab: DirectLab, seed: int) -> tuple[Image.Image, dict]:
    """Play one episode; returns the sheet of pictures and what else a request needs."""
    layout = random_layout(seed)
    lab.reset(layout)
    target = layout.objects[seed % len(layout.objects)]
    pixel = camera_models()["front"].project(lab.object_position(target.slot)) - 0.5
    end = to_model(pixel, FRAME_SIZE)
    line = np.clip(np.stack([gripper_point(lab.state()), end]), 0.0, 255.0)
    rows, traces = [], []
    for _ in range(CYCLES):
        rows.append(np.hstack([prepare_frame(frame.image, SIZE) for frame in lab.frames()]))
        left = remaining_line(line, gripper_point(lab.state()))
        traces.append(np.round(left, 2).tolist())
        for _ in range(STEPS):
            hand = HandState(position=lab.tool[None], width=np.array([lab.width]))
            lab.step(expert_action(hand, lab.object_position(target.slot)[None])[0])
    facts = {"seed": seed, "instruction": f"pick up the {target.name}", "traces": traces}
    return Image.fromarray(np.vstack(rows)), facts


def main() -> None:
    """Write all episodes."""
    FOLDER.mkdir(exist_ok=True)
    lab = DirectLab()
    facts = []
    for number in range(EPISODES):
        sheet, fact = record(lab, HELD_OUT_SEED + number)
        sheet.save(FOLDER / f"episode_{number}.png", optimize=True)
        facts.append(fact)
    lab.close()
    (FOLDER / "episodes.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
