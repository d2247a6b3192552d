"""The loss on episodes that are not trained on: whole pictures, the same samples every time."""

from __future__ import annotations

import torch
from torch import nn

from training.finetune.loss import losses
from training.finetune.parallel import Team
from training.finetune.questions import Kind, Segment
from training.finetune.samples import Loader

KINDS = tuple(kind.value for kind in Kind)


class HeldOut:
    """Measures one fixed set of samples."""

    def __init__(self, loader: Loader) -> None:
        """Prepare.

        Args:
            loader: Makes the samples, all of them in its step 0.
        """
        self._loader = loader

    @torch.no_grad()
    def measure(self, model: nn.Module, team: Team) -> dict[str, float]:
        """Return the loss by kind of question and by segment, over all processes.

        Args:
            model: The shared network, in evaluation mode.
            team: The processes.
        """
        segments = torch.zeros(len(Segment), 2, device=team.device)
        kinds = torch.zeros(len(KINDS), 2, device=team.device)
        hits = torch.zeros((), device=team.device)
        for batch in next(self._loader.steps(0, 1)):
            batch = batch.to(team.device)
            with team.computing():
                logits = model(**batch.inputs).logits
            found = losses(logits, batch, z_loss=0.0)
            segments += found.sums
            hits += found.hits
            for number, kind in enumerate(batch.kinds):
                kinds[KINDS.index(kind)] += found.rows[number]
        flat = team.sum(torch.cat([segments.flatten(), kinds.flatten(), hits[None]]))
        split = 2 * len(Segment)
        segments, kinds = flat[:split].view(-1, 2), flat[split:-1].view(-1, 2)
        weight = float(segments[:, 1].sum())
        values = {
            "held_out/loss": float(segments[:, 0].sum()) / weight,
            "held_out/accuracy": float(flat[-1]) / weight,
        }
        for name, sums in [
            *((kind, kinds[k]) for k, kind in enumerate(KINDS)),
            *((segment.name.lower() + "_tokens", segments[segment]) for segment in Segment),
        ]:
            if sums[1] > 0:
                values[f"held_out/{name}"] = float(sums[0] / sums[1])
        return values
