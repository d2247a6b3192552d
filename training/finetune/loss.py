"""The training loss: weighted next-token cross-entropy on answers, with a z-loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.finetune.encode import Batch
from training.finetune.questions import Segment


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Losses:
    """Losses of one micro-batch, not yet divided by the step's weight.

    Attributes:
        total: () what is differentiated: cross-entropy and z-loss, weighted sums.
        sums: (segments, 2) per segment the weighted sum of the cross-entropy, and of the weights.
        rows: (B, 2) the same sums per sample.
        hits: () weighted number of targets that were the most likely token.
    """

    total: Tensor
    sums: Tensor
    rows: Tensor
    hits: Tensor


def losses(logits: Tensor, batch: Batch, *, z_loss: float) -> Losses:
    """Return the losses of a micro-batch.

    Args:
        logits: (B, kept positions, vocabulary).
        batch: Its targets.
        z_loss: Weight of the squared log-sum of the logits (PaLM, section 5).
    """
    flat = logits.flatten(0, 1).index_select(0, batch.at).float()
    log_sum = torch.logsumexp(flat, dim=1)
    entropy = log_sum - flat.gather(1, batch.target[:, None])[:, 0]
    total = (batch.weight * (entropy + z_loss * log_sum.square())).sum()
    with torch.no_grad():
        member = F.one_hot(batch.segment, len(Segment)).to(entropy.dtype)
        sums = torch.stack([batch.weight * entropy, batch.weight], dim=1)
        rows = sums.new_zeros(len(batch.kinds), 2).index_add_(0, batch.row, sums)
        hits = (batch.weight * (flat.argmax(1) == batch.target)).sum()
    return Losses(total=total, sums=member.T @ sums, rows=rows, hits=hits)
