"""Trains the embedded model: pictures first, then everything together.

Stage "vision" trains the encoder and the connector on the auxiliary pointing heads alone; stage
"joint" adds the language model on steered, reasoning, trace and pointing questions. Both stop and
resume at any step (:mod:`training.checkpoint`).
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.model.modeling import MolmoActForActionReasoning
from training.attention import look_loss
from training.checkpoint import load_state, save_state
from training.embedded import PATCHES, WIDTH
from training.encoding import AnswerEncoder
from training.losses import OrdinalLoss
from training.sampling import POINTING, REASONING, STEERED, TRACE, Batch, Sampler
from training.tensors import RowTensors, pack_rows, patches_of
from training.vision_heads import PlaceHead, SpotHeads, SpotTable, split_cells

log = logging.getLogger(__name__)

ASK_LAYER = 2
"""The block whose output at the end of a prompt must point at the object that is asked for: at its
cell among the picture's tokens, and in coordinates."""

WEIGHTS = {"steered": 6.0, "action": 3.0, "trace": 1.0, "point": 1.0, "depth": 0.3, "text": 0.3}
PLAN_LAYER = 3
"""The block whose output there must know the gripper's place and the first step. Without these two
the pointing is learned in minutes and the writing takes hours."""

ASK_WEIGHT = 0.2
PLAN_WEIGHT = 1.0
LOOK_WEIGHT = 0.2
SPOT_WEIGHT = 10.0
PLACE_WEIGHT = 3.0
REPORT_EVERY = 50
NEVER_ZERO = ("frames", "save_every")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One stage.

    Attributes:
        name: One word, also its folder's name; "vision" trains no language.
        steps: Gradient steps.
        frames: Frames per step.
        steered: Steered pictures (and rows) of each frame.
        reasoning: Frames per step that are also shown clean, with questions.
        learning_rate: Peak of the cosine.
        vision_rate: What the encoder gets of it. The noise of a young language model, at the full
            rate, costs a trained encoder more than half of its accuracy.
        warm_up: Steps of linear warm-up.
        save_every: Steps between checkpoints.
    """

    name: str
    steps: int
    frames: int
    steered: int
    reasoning: int
    learning_rate: float = 1e-3
    vision_rate: float = 1.0
    warm_up: int = 100
    save_every: int = 200

    def __post_init__(self) -> None:
        if not str(self.name).isidentifier():
            raise ValueError(f"a stage is named '{self.name}'; expected one word")
        for name in ("steps", "frames", "steered", "reasoning", "warm_up", "save_every"):
            value = getattr(self, name)
            if type(value) is not int or value < 0 or (value == 0 and name in NEVER_ZERO):
                raise ValueError(f"stage '{self.name}' has {name} {value!r}; expected a count")
        for name in ("learning_rate", "vision_rate"):
            value = getattr(self, name)
            if not isinstance(value, float) or value <= 0.0:
                raise ValueError(
                    f"stage '{self.name}' has {name} {value!r}; expected a number such as 0.001 "
                    "(YAML takes 1e-3 for text)"
                )
        if self.reasoning > self.frames:
            raise ValueError(
                f"stage '{self.name}' has {self.reasoning} reasoning frames of {self.frames}"
            )


class Learner(nn.Module):
    """The model and what is trained with it and thrown away."""

    def __init__(self, model: MolmoActForActionReasoning) -> None:
        super().__init__()
        self.net = model
        self.spots = SpotHeads()
        self.ask = nn.Linear(WIDTH, WIDTH, bias=False)
        self.keys = nn.Linear(WIDTH, WIDTH, bias=False)
        self.where = nn.Linear(WIDTH, 2 * 256)
        self.plan = nn.Linear(WIDTH, 5 * 256)
        self.front_place, self.wrist_place = PlaceHead(), PlaceHead()


class Trainer:
    """Runs stages and keeps their state on disk."""

    def __init__(
        self,
        *,
        learner: Learner,
        sampler: Sampler,
        spots: SpotTable,
        encoder: AnswerEncoder,
        folder: Path,
    ) -> None:
        """Prepare.

        Args:
            learner: Model and heads.
            sampler: Source of batches.
            spots: Targets of the pointing heads.
            encoder: Encoder of prompts and answers.
            folder: Where checkpoints and ``metrics.jsonl`` go.
        """
        self.learner, self.sampler, self.encoder = learner, sampler, encoder
        self._front_spots = torch.from_numpy(spots.front)
        self._wrist_spots = torch.from_numpy(spots.wrist)
        self._scalars = torch.from_numpy(spots.scalars)
        self._prefix = encoder.prefix(PATCHES)
        self._loss = OrdinalLoss(encoder)
        self._folder = folder
        self._decoder = learner.net.model.transformer
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, stage: StageConfig) -> None:
        """Run a stage to its end, from its last checkpoint if there is one."""
        optimiser = torch.optim.AdamW(
            self._groups(stage), lr=stage.learning_rate, betas=(0.9, 0.98), weight_decay=0.01,
            fused=True,
        )  # fmt: skip
        done = load_state(self._folder / stage.name, self.learner, optimiser)
        if done >= stage.steps:
            return
        self.sampler.reseed(done)
        self.learner.train()
        sums: dict[str, list[float]] = defaultdict(list)
        began = time.monotonic()
        for step in range(done, stage.steps):
            for group in optimiser.param_groups:
                group["lr"] = group["share"] * stage.learning_rate * _schedule(step, stage)
            loss, figures = self._step_loss(stage)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(self.learner.parameters(), 1.0)
            if torch.isfinite(norm):
                optimiser.step()
            for name, value in {"loss": loss.item(), **figures}.items():
                sums[name].append(value)
            last = step + 1 == stage.steps
            if (step + 1) % REPORT_EVERY == 0 or last:
                self._report(stage, step + 1, sums, (time.monotonic() - began) / (step + 1 - done))
                sums.clear()
            if (step + 1) % stage.save_every == 0 or last:
                save_state(self._folder / stage.name, self.learner, optimiser, step + 1)

    def _groups(self, stage: StageConfig) -> list[dict[str, Any]]:
        """Split the parameters into what sees and the rest, each with its share of the rate."""
        learner = self.learner
        seeing = [learner.net.model.vision_backbone, learner.spots]
        seeing += [learner.front_place, learner.wrist_place]
        eyes = {id(p): p for module in seeing for p in module.parameters()}
        rest = [p for p in learner.parameters() if id(p) not in eyes]
        return [
            {"params": list(eyes.values()), "share": stage.vision_rate},
            {"params": rest, "share": 1.0},
        ]

    def _step_loss(self, stage: StageConfig) -> tuple[Tensor, dict[str, float]]:
        batch = self.sampler.draw(
            frames=stage.frames, steered=stage.steered, reasoning=stage.reasoning
        )
        with torch.autocast("cpu", dtype=torch.bfloat16):
            front, wrist = self._encode(batch)
            loss, figures = self._spot_loss(batch, front, wrist)
            if stage.name == "vision":
                return loss, figures
            loss = SPOT_WEIGHT * loss
            for steered in (True, False):
                rows = [row for row in batch.rows if (row.branches[0].kind == STEERED) == steered]
                if rows:
                    packed = pack_rows(rows, self.sampler, self._prefix, self.encoder)
                    frames = torch.from_numpy(batch.wrist_frame)[packed.pictures[:, 1]]
                    part, parts = self._row_loss(packed, front, wrist, frames)
                    loss = loss + part
                    figures.update(parts)
        return loss, figures

    def _encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return token vectors of the front and the wrist pictures, (n, 64, WIDTH)."""
        patches = torch.cat([patches_of(batch.front), patches_of(batch.wrist)])
        slots = torch.arange(PATCHES).view(1, PATCHES, 1).expand(len(patches), -1, -1)
        features = self.learner.net.encode_images(patches, slots).view(-1, PATCHES, WIDTH)
        return features[: len(batch.front)], features[len(batch.front) :]

    def _spot_loss(
        self, batch: Batch, front: Tensor, wrist: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        owner = torch.from_numpy(batch.front_frame)
        spots = self._front_spots[owner].clone()
        spots[:, 1] = torch.from_numpy(batch.goal)
        loss, figures = self.learner.spots(front, spots, self._scalars[owner], wrist=False)
        frame = torch.from_numpy(batch.wrist_frame)
        more, errors = self.learner.spots(
            wrist, self._wrist_spots[frame], self._scalars[frame], wrist=True
        )
        place = self.learner.front_place(front, spots)
        place = place + self.learner.wrist_place(wrist, self._wrist_spots[frame])
        total = loss + more + PLACE_WEIGHT * place
        return total, {"spot": (loss + more).item(), "place": place.item(), **figures, **errors}

    def _row_loss(
        self, rows: RowTensors, front: Tensor, wrist: Tensor, frames: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        pictures = torch.cat([front[rows.pictures[:, 0]], wrist[rows.pictures[:, 1]]], dim=1)
        embeddings = self.learner.net.embed(rows.ids, pictures.flatten(0, 1))
        positions = rows.positions
        if positions is None:
            positions = torch.arange(rows.ids.shape[1])[None]
        trail: list[Tensor] = []
        hidden = self._decoder(embeddings, positions, rows.mask, rows.mask is None, None, trail)
        logits = self.learner.net.lm_head(hidden.flatten(0, 1)[rows.at])
        each = self._loss(logits, rows.target, rows.group, rows.value, rows.soft)
        loss, figures = _weigh(each, rows)
        ask = self.learner.ask(trail[ASK_LAYER].flatten(0, 1)[rows.ask])
        owner = rows.ask // rows.ids.shape[1]
        keys = self.learner.keys(front[rows.pictures[:, 0]])[owner]
        scores = torch.einsum("mw,mpw->mp", ask, keys).float() / math.sqrt(WIDTH)
        cell, _ = split_cells(rows.spot)
        asked = F.cross_entropy(scores, cell)
        where = self.learner.where(trail[ASK_LAYER].flatten(0, 1)[rows.ask])
        plan = self.learner.plan(trail[PLAN_LAYER].flatten(0, 1)[rows.ask])
        placed = self._loss.bells(where.view(-1, 256), rows.spot.round().long().view(-1)).mean()
        known = rows.plan.view(-1) >= 0  # what is only pointed at has no plan
        planned = self._loss.bells(plan.view(-1, 256)[known], rows.plan.view(-1)[known]).mean()
        name = "ask" if rows.mask is not None else "ask_steered"
        hit = (scores.argmax(1) == cell).float().mean().item()
        figures |= {name: asked.item(), f"{name}_hit": hit, f"{name}_where": placed.item()}
        figures[f"{name}_plan"] = planned.item()
        looked = look_loss(
            self._decoder.blocks,
            trail,
            ask=rows.ask,
            position=positions.expand(len(rows.ids), -1).flatten()[rows.ask],
            prefix=len(self._prefix),
            theta=self._decoder.config.rope_theta,
            spot=rows.spot,
            tool=rows.plan[:, :2].float(),
            wrist=self._wrist_spots[frames[owner], 2 + rows.colour],
        )
        figures[f"{name}_look"] = looked.item()
        planned = planned + LOOK_WEIGHT * looked
        return loss + ASK_WEIGHT * asked + PLAN_WEIGHT * (placed + planned), figures

    def _report(
        self, stage: StageConfig, step: int, sums: dict[str, list[float]], seconds: float
    ) -> None:
        record: dict[str, Any] = {"stage": stage.name, "step": step, "seconds_per_step": seconds}
        record |= {name: sum(values) / len(values) for name, values in sums.items()}
        with (self._folder / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
        shown = " ".join(
            f"{name} {value:.3g}" for name, value in record.items() if isinstance(value, float)
        )
        left = (stage.steps - step) * seconds / 60
        log.info("%s %d/%d (%.0f min left) %s", stage.name, step, stage.steps, left, shown)


def _weigh(each: Tensor, rows: RowTensors) -> tuple[Tensor, dict[str, float]]:
    """Average the loss per sort of token, then weigh the sorts."""
    symbol = (rows.group == AnswerEncoder.SYMBOL) | (rows.group == AnswerEncoder.NEXT_SYMBOL)
    integer = (rows.group == AnswerEncoder.INTEGER) | (rows.group == AnswerEncoder.NEXT_INTEGER)
    sorts = {
        "steered": symbol & (rows.kind == STEERED),
        "action": symbol & (rows.kind == REASONING),
        "trace": integer & ((rows.kind == TRACE) | (rows.kind == REASONING)),
        "point": integer & (rows.kind == POINTING),
        "depth": rows.group == AnswerEncoder.DEPTH,
        "text": rows.group < 0,
    }
    total = each.new_zeros(())
    figures: dict[str, float] = {}
    for name, where in sorts.items():
        if where.any():
            weight = rows.weight[where]
            mean = (weight * each[where]).sum() / weight.sum()
            total = total + WEIGHTS[name] * mean
            figures[name] = mean.item()
    if "text" in figures and "steered" in figures:
        figures["text_steered"] = figures.pop("text")
    return total, figures


def _schedule(step: int, stage: StageConfig) -> float:
    """Linear warm-up, then a cosine down to 2 %."""
    if step < stage.warm_up:
        return (step + 1) / stage.warm_up
    share = (step - stage.warm_up) / max(1, stage.steps - stage.warm_up)
    return 0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * share))
