"""The network as the engine uses it: tokens in, hidden states out, with a cache that rolls back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor

from core.decoding.graphs import graphed_pass
from core.decoding.kv_cache import RollbackCache, Span
from core.decoding.lean import Pass, lean_pass
from core.model.modeling import MolmoActForActionReasoning


class Network:
    """A MolmoAct model with its cache.

    Attributes:
        cache: Keys and values; the engine sets the lengths of its rows.
        device: Where the model runs.
    """

    def __init__(self, model: MolmoActForActionReasoning, *, graphs: bool) -> None:
        """Wrap a model.

        Args:
            model: In evaluation mode.
            graphs: Replay recorded passes on a GPU; without effect on a CPU.
        """
        self._model, self.device = model, model.device
        self._decoder = model.model.transformer
        self.cache = RollbackCache(
            model.config.llm_config, dtype=model.dtype, device=torch.device(model.device)
        )
        self._pass: Pass = lean_pass(self._decoder, self.cache) or self._through_modules
        self._graphs = (
            graphed_pass(self._through_modules, self.cache)
            if graphs and self.device.type == "cuda"
            else None
        )

    def read_prompt(self, inputs: Mapping[str, Tensor], tokens: Sequence[int], row: int) -> Tensor:
        """Put a prompt without its last token into an empty row, with tokens behind it.

        Args:
            inputs: ``input_ids`` (1, T) int64 without padding and the pictures, as the processor
                made them.
            tokens: What follows the prompt's last but one token; may be empty.
            row: The row.

        Returns:
            (len(tokens), hidden) hidden states of the tokens.
        """
        model, ids = self._model, inputs["input_ids"][:, :-1]
        features = inputs.get("image_features")
        if features is None and "images" in inputs:
            features = model.encode_images(inputs["images"], inputs["pooled_patches_idx"])
        if tokens:
            ids = torch.cat([ids, torch.tensor([list(tokens)], device=ids.device)], dim=1)
        embeddings = model.embed(ids, features)
        self.cache.lengths[row] = 0
        span = self.cache.open_row(row, ids.shape[1])
        hidden = self._decode(embeddings, span)
        return hidden[0, ids.shape[1] - len(tokens) :]

    def read(self, tokens: Sequence[Sequence[int]]) -> Tensor:
        """Put tokens behind those of the first rows, at least one token in each.

        Returns:
            (rows, longest, hidden) hidden states; behind a row's own tokens they mean nothing.
        """
        longest = max(map(len, tokens))
        if len(tokens) == 1:
            if self._graphs is not None and longest <= self._graphs.longest:
                return self._graphs(tokens[0])
            return self._pass(torch.tensor([tokens[0]], device=self.device),
                              self.cache.open_row(0, longest))  # fmt: skip
        padded = [[*row, *[0] * (longest - len(row))] for row in tokens]
        ids = torch.tensor(padded, device=self.device)
        return self._pass(ids, self.cache.open_rows(len(tokens), longest))

    def _through_modules(self, ids: Tensor, span: Span) -> Tensor:
        return self._decode(self._decoder.wte(ids), span)

    def _decode(self, embeddings: Tensor, span: Span) -> Tensor:
        # The decoder asks a cache for nothing but ``update``.
        cache = cast("torch.nn.Module", self.cache)
        return self._decoder(embeddings, span.positions, span.mask, span.causal, cache)
