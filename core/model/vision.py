"""Pictures to LLM vectors: the encoder, the attention pooling and the projector.

Follows the released model (allenai/molmoact commit 622ad08, HF modelling file; paper App. A):
patches marked -1 are zeroed but not masked in the pooling attention, and the pooling query is the
mean over all slots, the zero ones included. ``pad_embed`` is loaded and, as there, not applied.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers.activations import ACT2FN

from core.model.configuration import (
    MolmoActAdapterConfig,
    MolmoActConfig,
    MolmoActVitConfig,
    resolve_vit_layers,
)
from core.model.layers import ViewAttention
from core.model.stem import ConvStem


class VitMlp(nn.Module):
    """The feed-forward half of an encoder block."""

    def __init__(self, config: MolmoActVitConfig) -> None:
        super().__init__()
        self.w1 = nn.Linear(config.hidden_size, config.intermediate_size)
        self.w2 = nn.Linear(config.intermediate_size, config.hidden_size)
        self.act = ACT2FN[config.hidden_act]

    def forward(self, x: Tensor) -> Tensor:
        """(..., hidden) to (..., hidden)."""
        return self.w2(self.act(self.w1(x)))


class VitBlock(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, config: MolmoActVitConfig) -> None:
        super().__init__()
        self.attention = ViewAttention(
            inputs=config.hidden_size,
            outputs=config.hidden_size,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
            head_dim=config.head_dim,
            float32=config.float32_attention,
            attention_dropout=config.attention_dropout,
            residual_dropout=config.residual_dropout,
        )
        self.feed_forward = VitMlp(config)
        self.attention_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.ffn_norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        """(n, positions, hidden) to the same."""
        x = x + self.attention(self.attention_norm(x))
        return x + self.feed_forward(self.ffn_norm(x))


class VitTransformer(nn.Module):
    """The stack of encoder blocks (its own module: the released key names have this level)."""

    def __init__(self, config: MolmoActVitConfig, layers: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(VitBlock(config) for _ in range(layers))


class VisionTransformer(nn.Module):
    """The picture encoder, cut after its deepest tapped layer."""

    def __init__(self, config: MolmoActVitConfig, layers: int) -> None:
        super().__init__()
        self.config = config
        size, patch = config.hidden_size, config.image_patch_size
        self.positional_embedding = nn.Parameter(torch.zeros(config.image_num_pos, size))
        if config.use_cls_token:
            self.class_embedding = nn.Parameter(torch.zeros(size))
        if config.patch_stem == "conv":
            self.patch_embedding: nn.Module = ConvStem(
                patch_size=patch, grid=config.grid, size=size, eps=config.layer_norm_eps
            )
        else:
            self.patch_embedding = nn.Linear(patch * patch * 3, size, bias=config.patch_bias)
        if config.pre_layernorm:
            self.pre_ln = nn.LayerNorm(size, eps=config.layer_norm_eps)
        self.transformer = VitTransformer(config, layers)

    def positions(self, grid: tuple[int, int]) -> Tensor:
        """Return the positions of the patches, (rows * columns, hidden).

        Interpolated (bicubic, antialiased) only when ``grid`` differs from the learned one.
        """
        learned = self.positional_embedding
        if self.config.use_cls_token:
            learned = learned[1:]
        if len(learned) == grid[0] * grid[1]:
            return learned
        side = round(len(learned) ** 0.5)
        square = learned.reshape(1, side, side, -1).permute(0, 3, 1, 2)
        # torch has no bfloat16 version of this on the CPU
        square = F.interpolate(
            square.float(), grid, mode="bicubic", antialias=True, align_corners=False
        ).to(learned.dtype)
        return square.permute(0, 2, 3, 1).reshape(grid[0] * grid[1], -1)

    def forward(self, patches: Tensor) -> list[Tensor]:
        """Run all blocks.

        Args:
            patches: (n, rows * columns, patch * patch * 3), normalised; each patch row by row,
                RGB innermost.

        Returns:
            The output of every block, (n, positions, hidden); position 0 is the class token when
            the encoder has one.
        """
        if isinstance(self.patch_embedding, nn.Linear):
            patches = patches.to(self.patch_embedding.weight.dtype)
        else:
            patches = patches.to(self.positional_embedding.dtype)
        x = self.patch_embedding(patches) + self.positions(self.config.grid)
        if self.config.use_cls_token:
            first = self.class_embedding + self.positional_embedding[0]
            x = torch.cat([first.to(x.dtype).expand(len(x), 1, -1), x], dim=1)
        if self.config.pre_layernorm:
            x = self.pre_ln(x)
        outputs: list[Tensor] = []
        for block in self.transformer.resblocks:
            x = block(x)
            outputs.append(x)
        return outputs


class ImageProjector(nn.Module):
    """SwiGLU projection of pooled picture vectors to the decoder's width."""

    def __init__(self, config: MolmoActAdapterConfig) -> None:
        super().__init__()
        self.w1 = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.w2 = nn.Linear(config.intermediate_size, config.text_hidden_size, bias=False)
        self.w3 = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.act = ACT2FN[config.hidden_act]

    def forward(self, x: Tensor) -> Tensor:
        """(..., adapter hidden) to (..., text hidden)."""
        return self.w2(self.act(self.w1(x)) * self.w3(x))


class VisionBackbone(nn.Module):
    """Encoder, pooling and projector."""

    def __init__(self, config: MolmoActConfig) -> None:
        super().__init__()
        vit, adapter = config.vit_config, config.adapter_config
        self.vit_layers = resolve_vit_layers(config)
        self.skip = int(vit.use_cls_token)
        features = vit.hidden_size * len(self.vit_layers)
        self.image_vit = VisionTransformer(vit, max(self.vit_layers) + 1)
        self.image_pooling_2d = ViewAttention(
            inputs=features,
            outputs=adapter.hidden_size,
            heads=adapter.num_attention_heads,
            kv_heads=adapter.num_key_value_heads,
            head_dim=adapter.head_dim,
            float32=adapter.float32_attention,
            attention_dropout=adapter.attention_dropout,
            residual_dropout=adapter.residual_dropout,
        )
        self.image_projector = ImageProjector(adapter)
        self.image_feature_dropout = nn.Dropout(adapter.image_feature_dropout)
        if adapter.image_padding_embed is not None:
            self.pad_embed = nn.Parameter(torch.zeros(2, features))

    def patch_features(self, images: Tensor) -> Tensor:
        """Encode crops (B, crops, patches, pixels) to (B, crops, patches, features).

        The features are the outputs of the tapped layers, concatenated in the configured order,
        without the class token. Outside of training, equal neighbouring crops are encoded once:
        the tile of a small picture repeats the whole picture, padding repeats itself.
        """
        batch, crops = images.shape[:2]
        distinct = images.flatten(0, 1)
        repeat: Tensor | None = None
        if len(distinct) > 1 and not torch.is_grad_enabled() and not torch.compiler.is_compiling():
            new = (distinct[1:] != distinct[:-1]).flatten(1).any(1)
            if not bool(new.all()):
                new = torch.cat([new.new_ones(1), new])
                distinct, repeat = distinct[new], new.long().cumsum(0) - 1
        outputs = self.image_vit(distinct)
        tapped = torch.cat([outputs[layer] for layer in self.vit_layers], dim=-1)[:, self.skip :]
        if repeat is not None:
            tapped = tapped.index_select(0, repeat)
        return tapped.unflatten(0, (batch, crops))

    def pool(self, features: Tensor, pooled_patches_idx: Tensor) -> Tensor:
        """Pool patches into tokens and project them.

        Args:
            features: (B, crops, patches, features) of :meth:`patch_features`.
            pooled_patches_idx: (B, tokens, slots) int64 into crops * patches; -1 is no patch.

        Returns:
            (B, tokens, text hidden). Rows without any patch carry no meaning.
        """
        batch, tokens, slots = pooled_patches_idx.shape
        flat = features.flatten(1, 2)
        base = torch.arange(batch, device=flat.device).view(-1, 1, 1) * flat.shape[1]
        rows = (pooled_patches_idx.clamp(min=0) + base).reshape(-1)
        gathered = flat.reshape(-1, flat.shape[-1]).index_select(0, rows)
        gathered = gathered.view(batch * tokens, slots, -1)
        valid = (pooled_patches_idx >= 0).view(batch * tokens, slots, 1)
        gathered = gathered * valid.to(gathered.dtype)
        pooled = self.image_pooling_2d(gathered.mean(dim=1, keepdim=True), gathered)
        projected = self.image_projector(pooled.view(batch, tokens, -1))
        return self.image_feature_dropout(projected)

    def forward(self, images: Tensor, pooled_patches_idx: Tensor) -> Tensor:
        """Return the vectors of the tokens that have at least one patch, (n, text hidden)."""
        pooled = self.pool(self.patch_features(images), pooled_patches_idx)
        return pooled[(pooled_patches_idx >= 0).any(-1)]
