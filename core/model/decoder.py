"""The language model's blocks, in the Qwen2 style (7B-D) and in the OLMo2 style (7B-O).

Differences that matter when loading released weights (allenai/molmoact commit 622ad08): query, key
and value are one projection; the MLP's fused projection yields the linear half first and the gated
half second; OLMo2 normalises the sub-layers' outputs instead of their inputs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import Cache
from transformers.activations import ACT2FN
from transformers.modeling_layers import GradientCheckpointingLayer

from core.model.configuration import MolmoActLlmConfig
from core.model.layers import RMSNorm, attend

Rotation = tuple[Tensor, Tensor]


def rotary_rates(head_dim: int, theta: float, device: torch.device) -> Tensor:
    """Return the angle per position of each pair of a head's dimensions, (head_dim / 2,)."""
    even = torch.arange(0, head_dim, 2, dtype=torch.float32, device=device)
    return 1.0 / theta ** (even / head_dim)


def rotation(positions: Tensor, rates: Tensor) -> Rotation:
    """Return rotary factors for positions (B, T) or (1, T), each (B, 1, T, head_dim) float32.

    The second factor carries the sign of the rotated half, see :func:`rotate`.
    """
    angles = positions[:, None, :, None].float() * rates
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], dim=-1), torch.cat([-sin, sin], dim=-1)


def rotate(x: Tensor, factors: Rotation) -> Tensor:
    """Turn heads (B, H, T, head_dim) by their position, in fp32; keeps the dtype."""
    cos, signed_sin = factors
    half = x.shape[-1] // 2
    return (x * cos + x.roll(half, dims=-1) * signed_sin).to(x.dtype)


class DecoderAttention(nn.Module):
    """Causal self-attention with rotary positions and shared key/value heads."""

    def __init__(self, config: MolmoActLlmConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.heads, self.kv_heads = config.num_attention_heads, config.num_key_value_heads
        self.head_dim = config.head_dim
        self.dropout = config.attention_dropout
        widths = (self.heads * self.head_dim, self.kv_heads * self.head_dim)
        self.att_proj = nn.Linear(
            config.hidden_size, widths[0] + 2 * widths[1], bias=config.qkv_bias
        )
        self.attn_out = nn.Linear(widths[0], config.hidden_size, bias=False)
        self.norm_type = config.qk_norm_type if config.use_qk_norm else None
        if self.norm_type is not None:
            per_head = self.norm_type == "qwen3"
            sizes = (self.head_dim, self.head_dim) if per_head else widths
            self.q_norm = RMSNorm(sizes[0], config.layer_norm_eps)
            self.k_norm = RMSNorm(sizes[1], config.layer_norm_eps)

    def forward(
        self, x: Tensor, factors: Rotation, mask: Tensor | None, causal: bool, cache: Cache | None
    ) -> Tensor:
        """Attend within (B, T, hidden) and to what ``cache`` holds; returns (B, T, hidden)."""
        batch, length = x.shape[:2]
        joined = self.att_proj(x)
        if self.norm_type == "olmo":
            q, k, v = joined.split(
                [self.heads * self.head_dim, *[self.kv_heads * self.head_dim] * 2], dim=-1
            )
            joined = torch.cat([self.q_norm(q), self.k_norm(k), v], dim=-1)
        heads = joined.view(batch, length, -1, self.head_dim).transpose(1, 2)
        v = heads[:, self.heads + self.kv_heads :]
        if self.norm_type == "qwen3":
            q = rotate(self.q_norm(heads[:, : self.heads]), factors)
            k = rotate(self.k_norm(heads[:, self.heads : self.heads + self.kv_heads]), factors)
        else:
            # Query and key heads turn together: half the kernel launches per decoded token.
            turned = rotate(heads[:, : self.heads + self.kv_heads], factors)
            q, k = turned[:, : self.heads], turned[:, self.heads :]
        if cache is not None:
            k, v = cache.update(k, v, self.layer)
        dropout = self.dropout if self.training else 0.0
        out = attend(q, k, v, mask=mask, causal=causal, dropout=dropout)
        return self.attn_out(out.transpose(1, 2).reshape(batch, length, -1))


class DecoderMlp(nn.Module):
    """Gated feed-forward layer: silu(second half) * first half."""

    def __init__(self, config: MolmoActLlmConfig) -> None:
        super().__init__()
        self.ff_proj = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.ff_out = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.act = ACT2FN[config.hidden_act]

    def forward(self, x: Tensor) -> Tensor:
        """(..., hidden) to (..., hidden)."""
        linear, gate = self.ff_proj(x).chunk(2, dim=-1)
        return self.ff_out(self.act(gate) * linear)


class DecoderBlock(GradientCheckpointingLayer):
    """One layer of the language model."""

    def __init__(self, config: MolmoActLlmConfig, layer: int) -> None:
        super().__init__()
        self.self_attn = DecoderAttention(config, layer)
        self.mlp = DecoderMlp(config)
        self.attn_norm = RMSNorm(config.hidden_size, config.layer_norm_eps)
        self.ff_norm = RMSNorm(config.hidden_size, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.residual_dropout)
        self.norm_after = config.norm_after

    def forward(
        self, x: Tensor, factors: Rotation, mask: Tensor | None, causal: bool, cache: Cache | None
    ) -> Tensor:
        """(B, T, hidden) to the same."""
        if self.norm_after:
            x = x + self.dropout(self.attn_norm(self.self_attn(x, factors, mask, causal, cache)))
            return x + self.dropout(self.ff_norm(self.mlp(x)))
        x = x + self.dropout(self.self_attn(self.attn_norm(x), factors, mask, causal, cache))
        return x + self.dropout(self.mlp(self.ff_norm(x)))


class TokenEmbedding(nn.Module):
    """Vocabulary rows and, in a second table, the rows of the picture tokens beyond them."""

    def __init__(self, config: MolmoActLlmConfig) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.zeros(config.vocab_size, config.hidden_size))
        self.new_embedding = nn.Parameter(
            torch.zeros(config.additional_vocab_size, config.hidden_size)
        )

    def forward(self, ids: Tensor) -> Tensor:
        """Look up ids (B, T) int64; -1 counts as 0. Returns (B, T, hidden)."""
        size = len(self.embedding)
        known = F.embedding(ids.clamp(0, size - 1), self.embedding)
        added = F.embedding((ids - size).clamp(min=0), self.new_embedding)
        return torch.where((ids >= size).unsqueeze(-1), added, known)


class Decoder(nn.Module):
    """Embedding, blocks and final norm (``model.transformer`` in the released key names)."""

    def __init__(self, config: MolmoActLlmConfig) -> None:
        super().__init__()
        self.config = config
        self.wte = TokenEmbedding(config)
        self.dropout = nn.Dropout(config.embedding_dropout)
        self.blocks = nn.ModuleList(
            DecoderBlock(config, layer) for layer in range(config.num_hidden_layers)
        )
        self.ln_f = RMSNorm(config.hidden_size, config.layer_norm_eps)
        # no buffer: it is derived, and networks are built without memory before they are loaded
        self._rates: Tensor | None = None

    def forward(
        self,
        embeddings: Tensor,
        positions: Tensor,
        mask: Tensor | None,
        causal: bool,
        cache: Cache | None,
        trail: list[Tensor] | None = None,
    ) -> Tensor:
        """Run all blocks over (B, T, hidden).

        Args:
            embeddings: (B, T, hidden).
            positions: (B, T) or (1, T) int64.
            mask: Boolean (True = attend) or additive, broadcastable to (B, heads, T, keys).
            causal: Apply the plain causal mask; only without ``mask`` and with an empty cache.
            cache: Keys and values of earlier tokens; extended in place.
            trail: When given, gets the input of every block and the final output appended.

        Returns:
            (B, T, hidden) after the final norm.
        """
        if self._rates is None or self._rates.device != embeddings.device:
            self._rates = rotary_rates(
                self.config.head_dim, self.config.rope_theta, embeddings.device
            )
        factors = rotation(positions, self._rates)
        if mask is not None and mask.is_floating_point():
            mask = mask.to(embeddings.dtype)
        x = self.dropout(embeddings)
        for block in self.blocks:
            if trail is not None:
                trail.append(x)
            x = block(x, factors, mask, causal, cache)
        x = self.ln_f(x)
        if trail is not None:
            trail.append(x)
        return x
