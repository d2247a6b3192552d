"""The MolmoAct network as a transformers model, with the released key names.

Behaviour follows allenai/molmoact commit 622ad08 (HF modelling file) in everything that weights
depend on: picture vectors are added to the embedding of ``<im_patch>``, the mask is causal
throughout, and the head has no rows for picture tokens.
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import Cache, DynamicCache, GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast

from core.model.attention_mask import attention_plan, past_length
from core.model.configuration import MolmoActConfig
from core.model.decoder import Decoder, TokenEmbedding
from core.model.stem import sincos_positions
from core.model.vision import VisionBackbone, VisionTransformer
from core.types import StudioError


class ModelInputError(StudioError):
    """Inputs that do not fit together, such as another number of picture vectors than tokens."""


class MolmoActModel(nn.Module):
    """Vision backbone and decoder under the names of the released state dict."""

    def __init__(self, config: MolmoActConfig) -> None:
        super().__init__()
        self.transformer = Decoder(config.llm_config)
        self.vision_backbone = VisionBackbone(config)


class MolmoActForActionReasoning(PreTrainedModel, GenerationMixin):
    """MolmoAct: pictures and an instruction in, depth tokens, trace and actions out, as text."""

    config_class = MolmoActConfig
    config: MolmoActConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
    _no_split_modules = {"VitBlock", "DecoderBlock"}  # noqa: RUF012 - named by transformers
    _supports_sdpa = True
    supports_gradient_checkpointing = True

    def __init__(self, config: MolmoActConfig) -> None:
        super().__init__(config)
        llm = config.llm_config
        self.model = MolmoActModel(config)
        self.lm_head = nn.Linear(llm.hidden_size, llm.vocab_size, bias=False)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        llm = self.config.llm_config
        std = self.config.initializer_range
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            elif llm.init_scale is not None:
                nn.init.normal_(module.weight, std=llm.init_scale / math.sqrt(module.in_features))
            else:
                nn.init.normal_(module.weight, std=std)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, TokenEmbedding):
            if llm.init_scale is not None:
                std = llm.init_scale / math.sqrt(llm.hidden_size)
            nn.init.normal_(module.embedding, std=std)
            nn.init.normal_(module.new_embedding, std=std)
        elif isinstance(module, VisionTransformer):
            if module.config.patch_stem == "conv" and not module.config.use_cls_token:
                positions = sincos_positions(*module.config.grid, module.config.hidden_size)
                with torch.no_grad():
                    module.positional_embedding.copy_(positions)
            else:
                nn.init.normal_(module.positional_embedding, std=std)
            if module.config.use_cls_token:
                nn.init.normal_(module.class_embedding, std=std)
        elif isinstance(module, VisionBackbone) and hasattr(module, "pad_embed"):
            nn.init.normal_(module.pad_embed, std=std)

    def get_input_embeddings(self) -> nn.Module:
        """Return the token tables (vocabulary and picture tokens)."""
        return self.model.transformer.wte

    def get_output_embeddings(self) -> nn.Module:
        """Return the head."""
        return self.lm_head

    def encode_images(self, images: Tensor, pooled_patches_idx: Tensor) -> Tensor:
        """Encode pictures to the vectors that are added to the ``<im_patch>`` embeddings.

        Args:
            images: (B, crops, patches, patch * patch * 3) normalised pixels.
            pooled_patches_idx: (B, tokens, slots) int64 into crops * patches of the same row,
                -1 for no patch.

        Returns:
            (n, hidden): one row per token with at least one patch, batch rows after each other.
        """
        return self.model.vision_backbone(images, pooled_patches_idx)

    def embed(self, input_ids: Tensor, image_features: Tensor | None) -> Tensor:
        """Return embeddings (B, T, hidden) with picture vectors added, in order.

        Raises:
            ModelInputError: The number of vectors is not the number of ``<im_patch>`` tokens.
        """
        embeddings = self.model.transformer.wte(input_ids)
        if image_features is None:
            return embeddings
        is_patch = input_ids == self.config.image_patch_id
        features = image_features.reshape(-1, image_features.shape[-1]).to(embeddings.dtype)
        if not torch.compiler.is_compiling() and int(is_patch.sum()) != len(features):
            raise ModelInputError(
                f"the prompt has {int(is_patch.sum())} image tokens and the pictures give "
                f"{len(features)} vectors; both must be made by the same processor"
            )
        if not len(features):
            return embeddings
        # A gather with static shapes: no graph break under torch.compile, no device sync.
        order = (is_patch.reshape(-1).long().cumsum(0) - 1).clamp(0, len(features) - 1)
        added = features.index_select(0, order).view_as(embeddings)
        return embeddings + added * is_patch.unsqueeze(-1)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        images: Tensor | None = None,
        image_masks: Tensor | None = None,
        pooled_patches_idx: Tensor | None = None,
        image_features: Tensor | None = None,
        past_key_values: Cache | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_hidden_states: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        **_: Any,
    ) -> CausalLMOutputWithPast:
        """Run the model.

        Args:
            input_ids: (B, T) int64.
            attention_mask: None; (B, keys) with 0 for padding; or (B, 1, T, keys) boolean
                (True = attend) or additive, used as it is.
            images: (B, crops, patches, pixels), only with the first tokens of a prompt.
            image_masks: Accepted because the processor returns it; the released model never
                applies it.
            pooled_patches_idx: (B, tokens, slots) int64, with ``images``.
            image_features: Result of :meth:`encode_images`, instead of ``images``; (n, hidden) or
                (B, tokens, hidden).
            past_key_values: Cache of earlier tokens, extended in place.
            position_ids: (B, T) or (1, T) int64; default: consecutive after the cache.
            inputs_embeds: (B, T, hidden) instead of ``input_ids``, nothing is added to it.
            labels: (B, T) int64, -100 ignored; gives the mean next-token loss.
            use_cache: Return a cache; made when none is given. Default: only when one is given.
            output_hidden_states: Return the input of every block and the final normalised output.
            logits_to_keep: Compute logits for the last n positions only (0: all), or for the
                positions in a tensor.

        Returns:
            Logits (B, T, vocabulary), and loss, cache and hidden states when asked for.

        Raises:
            ModelInputError: Neither or both of ids and embeddings, pictures without indices, or
                picture vectors that do not match the prompt.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ModelInputError("give either input_ids or inputs_embeds")
        if inputs_embeds is None:
            if images is not None and image_features is None:
                if pooled_patches_idx is None:
                    raise ModelInputError("images need pooled_patches_idx of the same processor")
                image_features = self.encode_images(images, pooled_patches_idx)
            inputs_embeds = self.embed(cast(Tensor, input_ids), image_features)
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache()
        length, device = inputs_embeds.shape[1], inputs_embeds.device
        if position_ids is None:
            start = past_length(past_key_values)
            position_ids = torch.arange(start, start + length, device=device)[None]
        mask, causal = attention_plan(
            attention_mask, length=length, cache=past_key_values, device=device
        )
        trail: list[Tensor] | None = [] if output_hidden_states else None
        hidden = self.model.transformer(
            inputs_embeds, position_ids, mask, causal, past_key_values, trail
        )
        # slice(0, None) keeps everything: -0 is 0.
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(hidden[:, kept])
        loss = None
        if labels is not None:
            loss = F.cross_entropy(
                logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=-100
            )
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=past_key_values,
            hidden_states=None if trail is None else tuple(trail),
        )

    def prepare_inputs_for_generation(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Pass pictures with the prompt only, not with every generated token."""
        inputs = super().prepare_inputs_for_generation(*args, **kwargs)  # pyright: ignore
        if past_length(inputs.get("past_key_values")) > 0:
            for name in ("images", "image_masks", "pooled_patches_idx", "image_features"):
                inputs.pop(name, None)
        return inputs
