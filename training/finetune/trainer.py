"""The optimiser loop: one process or many, from any saved step, to the same numbers.

Every step's loss is the sum over the global batch of weighted token losses, divided by the sum of
the weights. That sum is known before the first backward pass, so copies, shares and micro-batches
all add up to the same gradient. Draws and dropout depend on seed and step alone.
"""

from __future__ import annotations

import contextlib
import logging
import math
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn

from core.types import StudioError
from training.finetune.encode import Batch
from training.finetune.held_out import HeldOut
from training.finetune.loss import Losses, losses
from training.finetune.metrics import Metrics
from training.finetune.network import rate_groups, trained_parameters
from training.finetune.parallel import Team, whole
from training.finetune.preset import Optimiser, Preset
from training.finetune.questions import Segment
from training.finetune.samples import Loader
from training.finetune.state import Trained, load_state, newest_state, save_state

log = logging.getLogger(__name__)

STATES = "states"


@dataclass(slots=True)
class _Window:
    """What is summed up between two lines of metrics; tensors stay on the device."""

    sums: Tensor
    hits: Tensor
    norm: float = 0.0
    tokens: int = 0
    samples: int = 0
    began: float = field(default_factory=time.monotonic)


class Trainer:
    """Trains one network."""

    def __init__(
        self,
        *,
        team: Team,
        model: nn.Module,
        preset: Preset,
        folder: Path,
        held_out: HeldOut | None,
    ) -> None:
        """Share the network out and make its optimiser.

        Args:
            team: The processes.
            model: The network, with what shall be trained requiring gradients.
            preset: The run.
            folder: Folder of the run.
            held_out: Evaluates on held-out episodes, if there are any.
        """
        self.team, self.preset, self.folder = team, preset, folder
        self._held_out = held_out
        self.model = team.share(model)
        own = trained_parameters(team.plain(self.model))
        settings = preset.optimiser
        optimiser = torch.optim.AdamW(
            rate_groups(own, settings),
            betas=(settings.beta1, settings.beta2),
            eps=settings.eps,
            weight_decay=settings.weight_decay,
        )
        average = {name: p.detach().clone() for name, p in own.items()} if preset.ema else {}
        self.trained = Trained(parameters=own, optimiser=optimiser, average=average)
        self._asked_to_stop = False

    def restore(self) -> int:
        """Fill everything from the newest saved state; returns its step, 0 without one."""
        state = newest_state(self.folder / STATES)
        return 0 if state is None else load_state(state, self.trained)

    def run(self, loader: Loader, first: int, stop_after: int | None = None) -> int:
        """Train from a step on.

        Args:
            loader: Makes the batches.
            first: Steps that are done.
            stop_after: Save and stop when this many steps are done, as if interrupted.

        Returns:
            Steps done. Less than the preset's when the run was asked to stop; its state is saved
            then.

        Raises:
            StudioError: The loss is not finite, or the disk is full.
        """
        last = self.preset.steps if stop_after is None else min(stop_after, self.preset.steps)
        if first >= last:
            return first
        metrics = Metrics(self.folder, first) if self.team.is_main else None
        done = first
        self.model.train()
        window = self._window()
        try:
            with _signals(self):
                for batches in loader.steps(first, last):
                    stop = self._step(done, batches, window)
                    done += 1
                    ended = stop or done == last
                    if done % self.preset.log_every == 0 or ended:
                        self._report(metrics, done, window)
                        window = self._window()
                    every = self.preset.evaluate_every
                    if every and done % every == 0 and done < self.preset.steps:
                        self.evaluate(done, metrics)
                        window = self._window()
                    if done % self.preset.save_every == 0 or ended:
                        self._save(done)
                    if stop:
                        break
            if done == self.preset.steps:
                self.evaluate(done, metrics)
        finally:
            if metrics is not None:
                metrics.close()
        return done

    def evaluate(self, step: int, metrics: Metrics | None) -> dict[str, float]:
        """Measure the loss on held-out episodes and write it down."""
        if self._held_out is None:
            return {}
        self.model.eval()
        values = self._held_out.measure(self.model, self.team)
        self.model.train()
        if metrics is not None:
            metrics.write({"step": step, **values})
            log.info("step %d: held-out loss %.4f", step, values["held_out/loss"])
        return values

    def ask_to_stop(self) -> None:
        """Save and stop after the current step."""
        self._asked_to_stop = True

    def _step(self, step: int, batches: list[Batch], window: _Window) -> bool:
        """Take one optimiser step; returns whether some process was asked to stop."""
        team, preset = self.team, self.preset
        weight = sum(float(batch.weight.sum()) for batch in batches)
        shared = torch.tensor([weight, float(self._asked_to_stop)], dtype=torch.float64)
        shared = team.sum(shared.to(team.device, torch.float32))
        total, stop = float(shared[0]), bool(shared[1] > 0)
        if total <= 0:
            raise StudioError("every token of a step has the weight 0; nothing can be learned")
        # dropout, if there is any: another draw in every step and process, and the same on resume
        torch.manual_seed(((preset.seed * 1_000_003 + step) * 4096 + team.process) % 2**63)
        rate = schedule(step, preset.steps, preset.optimiser)
        optimiser = self.trained.optimiser
        for group in optimiser.param_groups:
            group["lr"] = rate * group["peak"]
        optimiser.zero_grad(set_to_none=True)
        for number, batch in enumerate(batches):
            with team.passing(self.model, last=number == len(batches) - 1):
                found = self._forward(batch.to(team.device))
                # gradients are averaged over processes; the loss is a sum
                (found.total * (team.processes / total)).backward()
            window.sums += found.sums
            window.hits += found.hits
            window.tokens += batch.tokens
            window.samples += len(batch.kinds)
        norm = torch.nn.utils.clip_grad_norm_(
            list(self.trained.parameters.values()), preset.optimiser.clip
        )
        window.norm = float(whole(norm))
        if not math.isfinite(window.norm):
            raise StudioError(
                f"the gradient of step {step + 1} is not finite; go on from the last saved state "
                "with a lower learning rate (--resume --set optimiser.llm=...)"
            )
        optimiser.step()
        if preset.ema:
            self._follow(preset.ema, step)
        return stop

    def _forward(self, batch: Batch) -> Losses:
        with self.team.computing():
            logits = self.model(**batch.inputs).logits
        return losses(logits, batch, z_loss=self.preset.z_loss)

    @torch.no_grad()
    def _follow(self, decay: float, step: int) -> None:
        """Move the average towards the parameters; faster in the beginning, when it is nothing."""
        share = 1.0 - min(decay, (1.0 + step) / (10.0 + step))
        for name, value in self.trained.average.items():
            value.lerp_(self.trained.parameters[name].detach(), share)

    def _window(self) -> _Window:
        device = self.team.device
        return _Window(
            sums=torch.zeros(len(Segment), 2, device=device), hits=torch.zeros((), device=device)
        )

    def _report(self, metrics: Metrics | None, done: int, window: _Window) -> None:
        """Add up what all processes measured since the last line, and write it."""
        counts = torch.tensor([window.tokens, window.samples], device=self.team.device)
        flat = torch.cat([window.sums.flatten(), window.hits[None], counts.float()])
        flat = self.team.sum(flat)
        sums, rest = flat[:-3].view(-1, 2), flat[-3:].tolist()
        weight = float(sums[:, 1].sum())
        seconds = time.monotonic() - window.began
        values: dict[str, Any] = {
            "step": done,
            "loss": float(sums[:, 0].sum()) / weight,
            "accuracy": rest[0] / weight,
        }
        for segment in Segment:
            if sums[segment, 1] > 0:
                share = float(sums[segment, 0] / sums[segment, 1])
                values[f"loss/{segment.name.lower()}"] = share
        values |= {
            "gradient_norm": window.norm,
            "rate": schedule(done - 1, self.preset.steps, self.preset.optimiser),
            "tokens_per_second": rest[1] / seconds,
            "samples_per_second": rest[2] / seconds,
        }
        if self.team.device.type == "cuda":
            values["gpu_gib"] = torch.cuda.max_memory_allocated(self.team.device) / 1024**3
        if metrics is not None:
            metrics.write(values)
            log.info(
                "step %d of %d: loss %.4f, %.1f samples/s",
                done, self.preset.steps, values["loss"], values["samples_per_second"],
            )  # fmt: skip

    def _save(self, done: int) -> None:
        save_state(self.folder / STATES, self.trained, done, self.team, {"seed": self.preset.seed})


def schedule(step: int, steps: int, settings: Optimiser) -> float:
    """Return the share of the peak rate: linear warm-up, then a cosine to ``final``.

    Args:
        step: Steps done before this one.
        steps: All steps.
        settings: Warm-up and final share.
    """
    if step < settings.warm_up:
        return (step + 1) / settings.warm_up
    progress = (step - settings.warm_up) / max(steps - settings.warm_up, 1)
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))
    return settings.final + (1.0 - settings.final) * cosine


@contextlib.contextmanager
def _signals(trainer: Trainer) -> Iterator[None]:
    """Let the end of a Slurm job, or Ctrl-C, end a run after the current step."""
    asked = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:  # asked twice: at once
            raise KeyboardInterrupt
        log.warning("stopping after this step; go on with --resume")
        trainer.ask_to_stop()

    numbers = (signal.SIGTERM, signal.SIGINT)
    if threading.current_thread() is not threading.main_thread():
        numbers = ()  # somebody else decides about signals
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
