"""Samples to token ids, and several samples to one batch of tensors.

A sample is one sequence: pictures, then a prompt and its answer. With several questions about the
same pictures each question sees the pictures and itself only, positions start anew behind the
pictures, and each answer weighs 1 / sqrt(n) (``root_subsegments``, molmoact.md 7.2). Only answers
have a loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.model.processing import MolmoActProcessor, join_images, wrap_prompt
from core.types import StudioError
from training.finetune.questions import Question, Segment

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """A sample.

    Attributes:
        ids: (T,) token ids.
        positions: (T,) their positions.
        branch: (T,) number of the question from 1, 0 for pictures.
        at: (n,) positions in ``ids`` whose next token is a target.
        target: (n,) that token.
        segment: (n,) :class:`Segment` of the target.
        weight: (n,) float32 weight of its loss.
        images: (crops, patches, pixels) float32.
        pooled: (tokens, slots) int64.
        kind: Name of the kind of sample, for metrics.
    """

    ids: Ids
    positions: Ids
    branch: Ids
    at: Ids
    target: Ids
    segment: Ids
    weight: NDArray[np.float32]
    images: NDArray[np.float32]
    pooled: Ids
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Samples, padded on the right.

    Attributes:
        inputs: Arguments of the model's forward pass.
        at: (n,) flat index into (B, kept positions) of every position with a target.
        target: (n,) token ids.
        segment: (n,) :class:`Segment`.
        weight: (n,) float32.
        tokens: Tokens without padding.
        kinds: Kind of every sample.
        row: (n,) the sample that a target belongs to.
    """

    inputs: dict[str, Tensor]
    at: Tensor
    target: Tensor
    segment: Tensor
    weight: Tensor
    tokens: int
    kinds: tuple[str, ...]
    row: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(
            inputs={name: value.to(device) for name, value in self.inputs.items()},
            at=self.at.to(device),
            target=self.target.to(device),
            segment=self.segment.to(device),
            weight=self.weight.to(device),
            tokens=self.tokens,
            kinds=self.kinds,
            row=self.row.to(device),
        )


class SampleEncoder:
    """Encodes with one checkpoint's processor."""

    def __init__(
        self, processor: MolmoActProcessor, *, longest: int, segments: dict[str, float]
    ) -> None:
        """Wrap a processor.

        Args:
            processor: Tokenizer and picture settings.
            longest: Most tokens of a sample.
            segments: Loss weight of each segment by its lower-case name; 1 where none is named.

        Raises:
            StudioError: A segment is unknown, or a weight is negative.
        """
        self._processor, self._longest = processor, longest
        self._weights = np.ones(len(Segment), dtype=np.float32)
        for name, weight in segments.items():
            if name.upper() not in Segment.__members__ or not weight >= 0:
                known = ", ".join(segment.name.lower() for segment in Segment)
                raise StudioError(f"segment weight {name} = {weight}; segments are {known}")
            self._weights[Segment[name.upper()]] = weight

    def encode(
        self, images: Sequence[NDArray[np.uint8]], asked: Sequence[Question], kind: str
    ) -> Encoded:
        """Encode one sample.

        Args:
            images: (H, W, 3) uint8 RGB, the annotated one first.
            asked: Questions about them, at least one.
            kind: Name of the kind of sample.

        Raises:
            StudioError: A prompt has reserved words, or the sample is too long.
        """
        processor = self._processor
        made = [processor.images(image, multiple=len(images) > 1) for image in images]
        grids = [image.grids for image in made]
        first = processor.prompt_ids(asked[0].prompt, grids)
        prefix = first[: len(first) - len(self._words(asked[0].prompt))]
        ids, positions, branch = [*prefix], [*range(len(prefix))], [0] * len(prefix)
        at: list[int] = []
        target: list[int] = []
        segment: list[int] = []
        for number, question in enumerate(asked, start=1):
            # checks every prompt for reserved words
            words = processor.prompt_ids(question.prompt, grids)[len(prefix) :]
            answer, parts = self._answer(question)
            start = len(ids) + len(words)
            # the end of text is a target but nothing follows it
            own = [*words, *answer[:-1]]
            ids += own
            positions += range(len(prefix), len(prefix) + len(own))
            branch += [number] * len(own)
            at += range(start - 1, start - 1 + len(answer))
            target += answer
            segment += parts
        if len(ids) > self._longest:
            raise StudioError(
                f"a sample of kind '{kind}' has {len(ids)} tokens; the most is {self._longest}. "
                f"Its task is '{asked[0].prompt[:80]}'"
            )
        crops, _, pooled = join_images(made, quirk=processor.multi_image_quirk)
        weight = self._weights[segment] / np.float32(math.sqrt(len(asked)))
        return Encoded(
            ids=np.array(ids, dtype=np.int64),
            positions=np.array(positions, dtype=np.int64),
            branch=np.array(branch, dtype=np.int64),
            at=np.array(at, dtype=np.int64),
            target=np.array(target, dtype=np.int64),
            segment=np.array(segment, dtype=np.int64),
            weight=weight.astype(np.float32),
            images=crops,
            pooled=pooled,
            kind=kind,
        )

    def _words(self, prompt: str) -> list[int]:
        return self._processor.encode_text(wrap_prompt(prompt))

    def _answer(self, question: Question) -> tuple[list[int], list[int]]:
        """Return an answer's ids with the end of text, and the segment of each."""
        text = f" {question.answer}"
        coded = self._processor.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True
        )
        ids: list[int] = list(coded["input_ids"])  # pyright: ignore[reportArgumentType]
        offsets = np.array(coded["offset_mapping"]).reshape(-1, 2)
        of_character = np.zeros(len(text) + 1, dtype=np.int64)
        for start, end, segment in question.spans:
            of_character[start + 1 : end + 1] = segment
        # a token that begins with the blank before a part belongs to the part
        segments = of_character[np.maximum(offsets[:, 0], offsets[:, 1] - 1)].tolist()
        return [*ids, self._processor.ids.eos], [*segments, int(Segment.TEXT)]


def collate(samples: Sequence[Encoded], pad: int) -> Batch:
    """Put samples into one batch.

    Only the positions from the first to the last target keep their logits: prompts and pictures
    are most of a sequence, and a vocabulary's worth of numbers for each would fill the memory.

    Args:
        samples: At least one.
        pad: Token that fills the right of shorter samples.
    """
    longest = max(len(sample.ids) for sample in samples)
    shape = (len(samples), longest)
    ids = np.full(shape, pad, dtype=np.int64)
    positions = np.tile(np.arange(longest), (len(samples), 1))
    branch = np.full(shape, -1, dtype=np.int64)
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = sample.ids
        positions[row, : len(sample.ids)] = sample.positions
        branch[row, : len(sample.ids)] = sample.branch
    first = min(int(sample.at.min()) for sample in samples)
    last = max(int(sample.at.max()) for sample in samples)
    width = last - first + 1
    inputs = {
        "input_ids": torch.from_numpy(ids),
        "logits_to_keep": torch.arange(first, last + 1),
        "images": _stack([sample.images for sample in samples], 0.0),
        "pooled_patches_idx": _stack([sample.pooled for sample in samples], -1),
    }
    if any(sample.branch.max() > 1 for sample in samples):
        inputs["position_ids"] = torch.from_numpy(positions)
        inputs["attention_mask"] = _branch_mask(branch)
    return Batch(
        inputs=inputs,
        at=_joined([row * width + sample.at - first for row, sample in enumerate(samples)]),
        target=_joined([sample.target for sample in samples]),
        segment=_joined([sample.segment for sample in samples]),
        weight=_joined([sample.weight for sample in samples]),
        tokens=sum(len(sample.ids) for sample in samples),
        kinds=tuple(sample.kind for sample in samples),
        row=_joined([np.full(len(sample.at), row) for row, sample in enumerate(samples)]),
    )


def _branch_mask(branch: Ids) -> Tensor:
    """Build (B, 1, T, T), True = attend, from the question of each position (-1 padding)."""
    causal = np.tril(np.ones((branch.shape[1],) * 2, dtype=bool))
    same = branch[:, :, None] == branch[:, None, :]
    pictures = (branch == 0)[:, None, :]
    return torch.from_numpy((same | pictures) & causal)[:, None]


def _stack(arrays: Sequence[NDArray[np.generic]], fill: float) -> Tensor:
    """Stack arrays (n, ...) of different n, the rest filled up."""
    most = max(len(array) for array in arrays)
    stacked = np.full((len(arrays), most, *arrays[0].shape[1:]), fill, arrays[0].dtype)
    for row, array in enumerate(arrays):
        stacked[row, : len(array)] = array
    return torch.from_numpy(stacked)


def _joined(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    return torch.from_numpy(np.concatenate(arrays))
