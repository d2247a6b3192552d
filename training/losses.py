"""The training loss: next-token cross-entropy on answers, soft on ordinal slots."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from training.encoding import AnswerEncoder

SIGMAS = {"symbol": 7.0, "integer": 3.0}
"""Widths of soft labels [bins]: about 1.6 mm of a step, 1.2 % of the picture.

Narrow ones make a model that is unsure pick a frequent value instead of a middle one."""


class OrdinalLoss:
    """Cross-entropy whose target on an ordinal slot is a narrow bell over neighbouring values."""

    def __init__(self, encoder: AnswerEncoder) -> None:
        """Prepare the table of bells."""
        values = torch.arange(256.0)
        widths = torch.tensor([SIGMAS["symbol"], SIGMAS["integer"]])[:, None, None]
        bells = torch.exp(-0.5 * ((values[:, None] - values) / widths) ** 2)
        self._bells = bells / bells.sum(2, keepdim=True)
        self._groups = torch.as_tensor(encoder.groups)

    def __call__(
        self, logits: Tensor, target: Tensor, group: Tensor, value: Tensor, soft: Tensor
    ) -> Tensor:
        """Return the loss of each position.

        Args:
            logits: (n, vocabulary).
            target: (n,) token ids.
            group: (n,) ordinal group or -1.
            value: (n,) 0..255.
            soft: (n,) whether the soft label is used.

        Returns:
            (n,) float32.
        """
        logits = logits.float()
        loss = F.cross_entropy(logits, target, reduction="none")
        rows = soft.nonzero()[:, 0]
        if not len(rows):
            return loss
        columns = self._groups[group[rows]]
        log_probability = logits[rows] - torch.logsumexp(logits[rows], dim=1, keepdim=True)
        is_integer = (group[rows] >= AnswerEncoder.INTEGER).long()
        bells = self._bells[is_integer, value[rows]]
        softened = -(bells * log_probability.gather(1, columns)).sum(1)
        return loss.index_copy(0, rows, softened)

    def bells(self, logits: Tensor, value: Tensor) -> Tensor:
        """Return the soft loss of logits (n, 256) over values (n,) 0..255 alone, (n,) float32."""
        return -(self._bells[1, value] * torch.log_softmax(logits.float(), dim=1)).sum(1)
