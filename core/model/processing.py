"""Pictures and a prompt to model inputs: chat wrapping, image tokens, batching.

Facts: handbook molmoact.md 1.2 and 3.6 (allenai/molmoact ``processing_molmoact.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from core.model.image_processing import MolmoActImageProcessor, ProcessedImage
from core.model.tiling import Indices
from core.model.tokens import TokenIds, token_ids
from core.types import StudioError

Grids = tuple[tuple[int, int], ...]


class PromptError(StudioError):
    """A prompt that cannot be turned into model inputs."""


def wrap_prompt(text: str) -> str:
    """Return the text as the one user turn of a chat, ready for the answer."""
    return f"User: {text} Assistant:"


def join_images(
    images: Sequence[ProcessedImage], *, quirk: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32], Indices]:
    """Put the pictures of one prompt behind each other.

    Args:
        images: At least one picture.
        quirk: Shift the "no patch" entries (-1) of later pictures as well, so that they point at
            the last patch of the picture before. The released training code did that by mistake,
            and released weights expect it.

    Returns:
        Crops (n, patches, pixels) and masks (n, patches) float32, and pooling indices (tokens,
        slots) int64.
    """
    shift, indices = 0, []
    for image in images:
        moved = image.pooled_idx + shift
        indices.append(moved if quirk else np.where(image.pooled_idx >= 0, moved, -1))
        shift += image.masks.size
    return (
        np.concatenate([image.crops for image in images]),
        np.concatenate([image.masks for image in images]),
        np.concatenate(indices),
    )


class MolmoActProcessor:
    """Makes the inputs of :class:`~core.model.modeling.MolmoActForActionReasoning`.

    Attributes:
        images: Settings of the picture processing.
        tokenizer: The checkpoint's tokenizer.
        ids: Ids of its special tokens.
        use_col_tokens: End each row of image tokens with ``<im_col>``.
        multi_image_quirk: See :func:`join_images`.
    """

    def __init__(
        self,
        images: MolmoActImageProcessor,
        tokenizer: PreTrainedTokenizerFast,
        *,
        use_col_tokens: bool = True,
        multi_image_quirk: bool = True,
    ) -> None:
        self.images = images
        self.tokenizer = tokenizer
        self.ids: TokenIds = token_ids(tokenizer)
        self.use_col_tokens = use_col_tokens
        self.multi_image_quirk = multi_image_quirk
        reserved = (self.ids.image_start, self.ids.image_end, self.ids.image_patch)
        self._reserved = frozenset((*reserved, self.ids.image_column, self.ids.eos))

    def encode_text(self, text: str) -> list[int]:
        """Tokenise text without adding anything."""
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]  # pyright: ignore

    def image_ids(self, grids: Grids) -> list[int]:
        """Return the tokens that stand for one picture."""
        ids: list[int] = []
        for rows, columns in grids:
            row = [self.ids.image_patch] * columns
            row += [self.ids.image_column] * self.use_col_tokens
            ids += [self.ids.image_start, *(row * rows), self.ids.image_end]
        return ids

    def prompt_ids(
        self, text: str, grids: Sequence[Grids] = (), *, wrap: bool = True, number: bool = False
    ) -> list[int]:
        """Return the whole prompt: beginning of text, pictures, then the text.

        Args:
            text: What the user says (:mod:`core.protocol.prompts`).
            grids: Grids of each picture.
            wrap: Put the text into the chat form; False for text that already is.
            number: Name a single picture "Image 1" too; several always are named.

        Raises:
            PromptError: The text contains a token that stands for pictures or ends text.
        """
        ids = [self.ids.bos]
        for i, grid in enumerate(grids):
            if number or len(grids) > 1:
                ids += self.encode_text(f"Image {i + 1}")
            ids += self.image_ids(grid)
        words = self.encode_text(wrap_prompt(text) if wrap else text)
        if reserved := self._reserved.intersection(words):
            name = self.tokenizer.convert_ids_to_tokens(min(reserved))
            raise PromptError(f"the instruction contains '{name}', which is reserved; leave it out")
        return ids + words

    def __call__(
        self,
        texts: str | Sequence[str],
        images: Sequence[Any] | Sequence[Sequence[Any]] | None = None,
        *,
        wrap: bool = True,
        number: bool = False,
    ) -> dict[str, Tensor]:
        """Make model inputs for one prompt or a batch.

        Args:
            texts: One prompt or several.
            images: For one prompt its pictures, for several a sequence of pictures each; PIL or
                (H, W, 3) uint8 RGB; the first is the one that traces refer to.
            wrap: See :meth:`prompt_ids`.
            number: See :meth:`prompt_ids`; also applies ``max_multi_image_crops`` to single
                pictures, as the released processor does for nested lists.

        Returns:
            ``input_ids`` and ``attention_mask`` (B, T) int64, padded on the left; with pictures
            also ``images`` (B, crops, patches, pixels) float32, ``image_masks`` (B, crops,
            patches) float32 and ``pooled_patches_idx`` (B, tokens, slots) int64, padded with -1.

        Raises:
            PromptError: Texts and pictures do not fit together.
        """
        if isinstance(texts, str):
            texts, images = [texts], None if images is None else [images]
        groups: Sequence[Any] = [()] * len(texts) if images is None else images
        if len(groups) != len(texts) or not texts:
            raise PromptError(f"{len(texts)} prompts came with pictures for {len(groups)}")
        processed = [
            [self.images(image, multiple=number or len(group) > 1) for image in group]
            for group in groups
        ]
        prompts = [
            self.prompt_ids(text, [image.grids for image in group], wrap=wrap, number=number)
            for text, group in zip(texts, processed, strict=True)
        ]
        batch = self._pad_left(prompts)
        if any(len(group) for group in processed):
            batch |= self._stack_images(processed)
        return batch

    def _pad_left(self, prompts: list[list[int]]) -> dict[str, Tensor]:
        longest = max(map(len, prompts))
        gaps = [longest - len(prompt) for prompt in prompts]
        pairs = list(zip(gaps, prompts, strict=True))
        return {
            "input_ids": torch.tensor([[self.ids.pad] * gap + ids for gap, ids in pairs]),
            "attention_mask": torch.tensor([[0] * gap + [1] * len(ids) for gap, ids in pairs]),
        }

    def _stack_images(self, processed: list[list[ProcessedImage]]) -> dict[str, Tensor]:
        if not all(processed):
            raise PromptError("some prompts of the batch have pictures and others have none")
        joined = [join_images(group, quirk=self.multi_image_quirk) for group in processed]
        names = ("images", "image_masks", "pooled_patches_idx")
        stacked: dict[str, Tensor] = {}
        for name, arrays in zip(names, zip(*joined, strict=True), strict=True):
            most = max(len(array) for array in arrays)
            padded = np.full((len(arrays), most, *arrays[0].shape[1:]), -1, arrays[0].dtype)
            for row, array in enumerate(arrays):
                padded[row, : len(array)] = array
            stacked[name] = torch.from_numpy(padded)
        return stacked
