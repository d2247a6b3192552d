"""The model card of the embedded model: data, commands, training curve, measured success.

Numbers come from files that the commands wrote: ``metrics.jsonl`` and ``depth.json`` of the run,
and the JSON of every ``eval steer``. None is typed in by hand.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from robot.sim.task_layout import HELD_OUT_COMBINATIONS
from training.encoding import SOFT_ACTION_DIMS, Answer, slot_weights
from training.labels import CHUNK
from training.losses import SIGMAS

CURVES = {"steered": "#0072B2", "trace": "#D55E00", "point": "#009E73", "depth": "#CC79A7"}
"""Losses that are drawn, in Okabe-Ito colours."""

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 280, 48, 36


def write_card(folder: Path, work: Path, *, demonstrations: int, seed: int) -> Path:
    """Write ``README.md`` and ``training_curve.svg`` into a checkpoint folder.

    Args:
        folder: Checkpoint folder; ``eval/*.json`` in it are listed.
        work: Folder of the training run.
        demonstrations: Number of recorded frames.
        seed: Seed of the run.

    Returns:
        The card.
    """
    lines = (work / "metrics.jsonl").read_text().splitlines()
    records = _last_run([json.loads(line) for line in lines])
    (folder / "training_curve.svg").write_text(_curve(records))
    depth = json.loads((work / "depth.json").read_text())
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    card = folder / "README.md"
    card.write_text(
        _TEXT.format(
            size=f"{size / 1e6:.0f}",
            frames=f"{demonstrations:,}",
            seed=seed,
            held_out=_held_out(),
            depth_error=f"{100 * depth['error_m']:.1f}",
            codes=int(depth["codes_used"]),
            stages=_stages(records),
            coordinate_floor=f"{_entropy(SIGMAS['integer']):.1f}",
            steered_floor=f"{_steered_floor():.1f}",
            curve=_table(records),
            results=_results(folder / "eval"),
        )
    )
    return card


def _held_out() -> str:
    names = [f"{colour} {shape}s" for colour, shape in sorted(HELD_OUT_COMBINATIONS)]
    return f"{', '.join(names[:-1])} and {names[-1]}".capitalize()


def _last_run(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the newest record of each stage and step: a resumed run repeats a few."""
    newest = {(record["stage"], record["step"]): record for record in records}
    return list(newest.values())


def _stages(records: list[dict[str, Any]]) -> str:
    stages: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        stages.setdefault(record["stage"], []).append(record)
    return "\n".join(
        f"| {name} | {rows[-1]['step']} | {_minutes(rows):.0f} |" for name, rows in stages.items()
    )


def _minutes(rows: list[dict[str, Any]]) -> float:
    """Sum the time of all steps, each at the pace that its record states."""
    steps = [0, *(row["step"] for row in rows)]
    paces = [row["seconds_per_step"] for row in rows]
    return sum(p * (b - a) for p, a, b in zip(paces, steps, steps[1:], strict=False)) / 60


def _table(records: list[dict[str, Any]]) -> str:
    joint = [record for record in records if record["stage"] == "joint"]
    rows = joint[:: max(1, len(joint) // 8)]
    rows += [row for row in joint[-1:] if row not in rows]
    names = [*CURVES, "ask_hit"]
    head = f"| step | {' | '.join(names)} |\n|---|{'---|' * len(names)}"
    body = (
        f"| {row['step']} | " + " | ".join(f"{row.get(name, float('nan')):.2f}" for name in names)
        for row in rows
    )
    return "\n".join([head, *(f"{line} |" for line in body)])


def _entropy(sigma: float) -> float:
    """Return the entropy [nats] of a soft label: the least loss that it allows."""
    return 0.5 * math.log(2.0 * math.pi * math.e * sigma**2)


def _steered_floor() -> float:
    """Return the least mean loss of a chunk whose every slot is known."""
    answer = Answer(
        ids=np.zeros(7 * CHUNK, dtype=np.int64),
        group=np.zeros(7 * CHUNK, dtype=np.int64),
        value=np.zeros(7 * CHUNK, dtype=np.int64),
        soft=np.isin(np.arange(7 * CHUNK) % 7, SOFT_ACTION_DIMS),
    )
    weights = slot_weights(answer)
    return _entropy(SIGMAS["symbol"]) * float(weights[answer.soft].sum() / weights.sum())


def _results(folder: Path) -> str:
    """List every share of trials that the reports in a folder state, with what follows it."""
    lines = ["| file | what | driver | trials | share | Wilson 95 % | rubric |", "|---" * 7 + "|"]
    for path in sorted(folder.glob("*.json")):
        data = json.loads(path.read_text())
        trials = data.get("rows", [])
        driver = trials[0].get("driver", "") if trials else ""
        for row in _shares(data.get("goals", [])):
            low, high = row.get("low"), row.get("high")
            interval = "" if low is None or high is None else f"{low:.2f}-{high:.2f}"
            rubric = f"{row['rubric']:.2f}" if "rubric" in row else ""
            lines.append(
                f"| {path.name} | {row['name']} | {driver} | {len(trials)} | {row['share']:.2f} | "
                f"{interval} | {rubric} |"
            )
    return "\n".join(lines)


def _shares(goals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each share with the interval and the rubric that stand below it."""
    rows: list[dict[str, Any]] = []
    for goal in goals:
        metric, value = str(goal["metric"]), goal["value"]
        if metric.endswith((" lifted", " done")):
            rows.append({"name": metric, "share": value})
        for key, end in ENDINGS.items():
            if rows and metric.endswith(end):
                rows[-1][key] = value
    return rows


ENDINGS = {
    "low": "Wilson 95 % low",
    "high": "Wilson 95 % high",
    "rubric": "progress (paper's rubric)",
}
"""How the names of the figures end that follow a share."""


def _curve(records: list[dict[str, Any]]) -> str:
    """Draw the joint stage's losses as an SVG."""
    joint = [record for record in records if record["stage"] == "joint"]
    last = max((record["step"] for record in joint), default=1)
    top, across = 6.0, _WIDTH - 90 - _LEFT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
    ]
    for value in range(0, 7, 2):
        y = _y(value, top)
        parts.append(f'<path d="M{_LEFT} {y}H{_WIDTH - 90}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 16}" y="{y + 4}">{value}</text>')
    for index, (name, colour) in enumerate(CURVES.items()):
        points = " ".join(
            f"{_LEFT + across * row['step'] / last:.1f},{_y(min(row[name], top), top):.1f}"
            for row in joint
            if name in row
        )
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        y = 30 + 18 * index
        parts.append(f'<text x="{_WIDTH - 80}" y="{y}" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 10}">joint stage, step 0 to {last}; loss</text>')
    return "\n".join([*parts, "</svg>", ""])


def _y(value: float, top: float) -> float:
    return 16 + (_HEIGHT - 16 - _BOTTOM) * (1 - value / top)


_TEXT = """# Embedded model

MolmoAct's class (`core/model`) at a size that runs on two CPU cores: 4.7 million numbers, {size} MB
in all with the depth codec, fp32 safetensors. It is trained to pick up coloured cubes, cylinders
and bricks in the simulated lab, to put them on plates and to put them next to each other, along a
drawn line or from an instruction; how often it succeeds is measured below. It knows nothing else:
not for other scenes, other robots or other tasks.

Licence: Apache-2.0, made entirely by this repository from simulated data.

## Data

{frames} frames of a scripted expert in the lab's scene (`training/collect.py`): two to four things
to take and up to two plates, of six colours, layouts from seeds below 1,000,000 (evaluations use
seeds from there on), front and wrist picture at 160 x 120 px, depth of every third frame. The front
camera is off by about 1 cm and 1 degree in most episodes. {held_out}
never occur, nor grey things. What was executed was disturbed by noise, kicks, early closing,
dropped things and changes of mind; labels are the undisturbed expert's, for every task that makes
sense in a frame (`training/pairs.py`). The trace of a pick-up runs to where the fingers close, or,
with an object in the hand, to where it is lifted: not to the episode's end as in the paper, so that
its last point marks an object. The trace of the other tasks runs by way of the thing to where it is
let go. Rotation is always zero.

## Training

`python main.py train all` makes it from nothing (seed {seed}); it resumes where it was interrupted.
Configuration: `training/configs/embedded.yaml`.

| stage | steps | minutes on two (shared) cores |
|---|---|---|
{stages}

The depth codec reconstructs depth with a mean error of {depth_error} cm and uses {codes} of 128
codes. Losses are soft: {coordinate_floor} is the least that "trace" and "point" can reach,
{steered_floor} the least of "steered". "ask_hit" is how often the asked object's cell is found.

{curve}

![Training curve](training_curve.svg)

## Success on held-out layouts

Closed loop, two of eight actions executed per cycle; `python main.py eval` wrote these files.
"trace" draws a line to things that the model did not head for.

{results}

## What differs from a released checkpoint

Off in released checkpoints: convolutional patch stem, 1/sqrt(d) initialisation, no index shift of
the second picture. The tokenizer (`training/tokenizer.py`) has one token for each action symbol,
depth token and integer, each also with the separator ", " in front; prompts and answers are the
same text. During training only, auxiliary heads point at things in the pictures; they are not
shipped.
"""
