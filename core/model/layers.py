"""Small building blocks that several parts of the network share."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    *,
    mask: Tensor | None = None,
    causal: bool = False,
    dropout: float = 0.0,
) -> Tensor:
    """Scaled dot-product attention over heads (B, H, T, D); k and v may have fewer heads.

    Training in bf16 on a CPU uses plain batched products: the fused kernel's backward pass is two
    (224 tokens) to six times (64 tokens) slower there. Everything else uses the fused kernel.

    Args:
        q: (B, H, T, D).
        k: (B, H or a divisor, S, D).
        v: As k.
        mask: Boolean (True = attend) or additive, broadcastable to (B, H, T, S).
        causal: Apply the plain causal mask; only without ``mask``.
        dropout: Share of attention weights that are dropped.

    Returns:
        (B, H, T, D).
    """
    if not (torch.is_grad_enabled() and q.requires_grad and q.dtype == torch.bfloat16
            and q.device.type == "cpu" and dropout == 0.0):  # fmt: skip
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=causal, dropout_p=dropout,
            enable_gqa=q.shape[1] != k.shape[1],
        )  # fmt: skip
    if causal:
        mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).tril()
    groups = q.shape[1] // k.shape[1]
    if groups > 1:
        k, v = k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1)
    scores = torch.matmul(q * q.shape[-1] ** -0.5, k.transpose(-1, -2))
    if mask is not None:
        if mask.dtype == torch.bool:
            mask = torch.zeros(mask.shape, dtype=q.dtype).masked_fill_(~mask, -1e4)
        scores = scores + mask.to(scores.dtype)
    return torch.matmul(scores.softmax(-1), v)


class RMSNorm(nn.Module):
    """Root-mean-square normalisation, computed in fp32 whatever the input's dtype."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension of (..., size); keeps the dtype."""
        if x.dtype == torch.float32 and self.weight.dtype == torch.float32:
            return F.rms_norm(x, self.weight.shape, self.weight, self.eps)
        normal = F.rms_norm(x.float(), self.weight.shape, None, self.eps)
        return self.weight * normal.to(x.dtype)


class ViewAttention(nn.Module):
    """Multi-head attention with separate query, key, value and output projections, all biased.

    Used by the picture encoder and by the pooling connector. ``float32`` computes the attention
    itself in fp32 under lower precision, as the released models do (``float32_attention``).
    """

    def __init__(
        self,
        *,
        inputs: int,
        outputs: int,
        heads: int,
        kv_heads: int,
        head_dim: int,
        float32: bool,
        attention_dropout: float,
        residual_dropout: float,
    ) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = heads, kv_heads, head_dim
        self.float32 = float32
        self.attention_dropout = attention_dropout
        self.wq = nn.Linear(inputs, heads * head_dim)
        self.wk = nn.Linear(inputs, kv_heads * head_dim)
        self.wv = nn.Linear(inputs, kv_heads * head_dim)
        self.wo = nn.Linear(heads * head_dim, outputs)
        self.residual_dropout = nn.Dropout(residual_dropout)

    def forward(self, query: Tensor, context: Tensor | None = None) -> Tensor:
        """Attend from ``query`` (N, Q, inputs) to ``context`` (N, K, inputs), or to itself.

        Returns:
            (N, Q, outputs).
        """
        source = query if context is None else context
        if source.shape[1] == 1:
            # One slot gets all the attention: the softmax over it is exactly 1.
            value = self.wv(source).expand(-1, query.shape[1], -1)
            groups = self.heads // self.kv_heads
            if groups > 1:
                value = value.unflatten(-1, (self.kv_heads, self.head_dim))
                value = value.repeat_interleave(groups, dim=2).flatten(2)
            return self.residual_dropout(self.wo(value))
        q = self.wq(query).unflatten(-1, (self.heads, self.head_dim)).transpose(1, 2)
        k = self.wk(source).unflatten(-1, (self.kv_heads, self.head_dim)).transpose(1, 2)
        v = self.wv(source).unflatten(-1, (self.kv_heads, self.head_dim)).transpose(1, 2)
        dropout = self.attention_dropout if self.training else 0.0
        if self.float32 and q.dtype != torch.float32:
            with torch.autocast(q.device.type, enabled=False):
                out = attend(q.float(), k.float(), v.float(), dropout=dropout).to(q.dtype)
        else:
            out = attend(q, k, v, dropout=dropout)
        return self.residual_dropout(self.wo(out.transpose(1, 2).flatten(2)))
