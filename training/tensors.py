"""Batches as tensors: pictures to patches, rows to padded ids, targets and masks."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.embedded import CROP, GRID, PATCH, PATCHES
from training.encoding import AnswerEncoder, asking_positions, slot_weights
from training.sampling import Row, Sampler

STEERED_MULTIPLE, PACKED_MULTIPLE = 32, 96
"""Row lengths are rounded up to these: few shapes, so that memory is reused."""


def patches_of(images: NDArray[np.uint8]) -> Tensor:
    """Turn frames (N, H, W, 3) into the encoder's input (N, 1, 64, 1200) float32 in -1..1.

    The same pixels as :mod:`core.model.image_processing` makes (a test compares them), in bulk.
    """
    # as whole grey levels cv2 rounds a half up, the processor to even: only floats come out alike
    crops = np.stack([cv2.resize(image, (CROP, CROP)) for image in images.astype(np.float32)])
    tiles = crops.reshape(-1, GRID, PATCH, GRID, PATCH, 3).swapaxes(2, 3)
    patches = torch.from_numpy(np.rint(tiles)).reshape(len(images), 1, PATCHES, -1)
    return patches.mul_(2.0 / 255.0).sub_(1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowTensors:
    """Rows of one kind, padded on the right.

    Attributes:
        ids: (B, T) what the model reads.
        positions: (B, T) or None for plain counting.
        mask: (B, 1, T, T) boolean or None for plain causal attention.
        pictures: (B, 2) indices of the front and the wrist picture.
        at: (n,) flat index of every position whose next token is a target.
        target: (n,) that token.
        group: (n,) its ordinal group, -1 elsewhere.
        value: (n,) its value.
        soft: (n,) whether its label is soft.
        kind: (n,) kind of its branch.
        weight: (n,) weight within its sort of token, see :func:`training.encoding.slot_weights`.
        ask: (m,) flat index of the tokens that have to know what their branch is about, see
            :func:`training.encoding.asking_positions`.
        spot: (m, 2) where that branch's object is, 0..255.
        plan: (m, 5) see :class:`training.sampling.Branch`.
        colour: (m,) likewise.
    """

    ids: Tensor
    positions: Tensor | None
    mask: Tensor | None
    pictures: Tensor
    at: Tensor
    target: Tensor
    group: Tensor
    value: Tensor
    soft: Tensor
    kind: Tensor
    weight: Tensor
    ask: Tensor
    spot: Tensor
    plan: Tensor
    colour: Tensor


def pack_rows(
    rows: list[Row], sampler: Sampler, prefix: NDArray[np.int64], encoder: AnswerEncoder
) -> RowTensors:
    """Lay out rows; with several branches each branch sees the prefix and itself only."""
    corrupted = [[sampler.corrupt(branch.answer) for branch in row.branches] for row in rows]
    longest = max(
        len(prefix) + sum(len(b.prompt) + len(b.answer.ids) for b in row.branches) for row in rows
    )
    packed = any(len(row.branches) > 1 for row in rows)
    multiple = PACKED_MULTIPLE if packed else STEERED_MULTIPLE
    length = -(-longest // multiple) * multiple
    ids = np.full((len(rows), length), encoder.end, dtype=np.int64)
    positions = np.tile(np.arange(length), (len(rows), 1))
    segment = np.full((len(rows), length), -1)
    columns: list[NDArray[np.int64]] = []
    asks: list[int] = []
    spots: list[NDArray[np.float32]] = []
    plans: list[NDArray[np.int64]] = []
    colours: list[int] = []
    weights: list[NDArray[np.float32]] = []
    for index, row in enumerate(rows):
        ids[index, : len(prefix)] = prefix
        segment[index, : len(prefix)] = 0
        cursor = len(prefix)
        for number, branch in enumerate(row.branches):
            prompt, answer = branch.prompt, branch.answer
            start = cursor + len(prompt)
            end = start + len(answer.ids)
            ids[index, cursor:start] = prompt
            ids[index, start:end] = corrupted[index][number]
            segment[index, cursor:end] = number + 1
            positions[index, cursor:end] = len(prefix) + np.arange(end - cursor)
            at = index * length + np.arange(start - 1, end - 1)
            kind = np.full(len(at), branch.kind)
            soft = answer.soft.astype(np.int64)
            columns.append(np.stack([at, answer.ids, answer.group, answer.value, soft, kind]))
            own = at[asking_positions(answer)].tolist()
            asks += own
            spots += [branch.spot] * len(own)
            plans += [branch.plan] * len(own)
            colours += [branch.colour] * len(own)
            weights.append(slot_weights(answer))
            cursor = end
    at, target, group, value, soft, kind = torch.from_numpy(np.concatenate(columns, axis=1))
    return RowTensors(
        ids=torch.from_numpy(ids),
        positions=torch.from_numpy(positions) if packed else None,
        mask=_branch_mask(segment) if packed else None,
        pictures=torch.tensor([[row.front, row.wrist] for row in rows]),
        at=at,
        target=target,
        group=group,
        value=value,
        soft=soft.bool(),
        kind=kind,
        weight=torch.from_numpy(np.concatenate(weights)),
        ask=torch.tensor(asks),
        spot=torch.from_numpy(np.stack(spots)),
        plan=torch.from_numpy(np.stack(plans)),
        colour=torch.tensor(colours),
    )


def _branch_mask(segment: NDArray[np.int64]) -> Tensor:
    """Build (B, 1, T, T) from the branch number of each position (0 prefix, -1 padding)."""
    causal = np.tril(np.ones((segment.shape[1],) * 2, dtype=bool))
    same = segment[:, :, None] == segment[:, None, :]
    prefix = (segment == 0)[:, None, :]
    # padding attends to itself: a softmax over nothing is not a number
    itself = np.eye(segment.shape[1], dtype=bool)
    return torch.from_numpy(((same | prefix) & causal) | itself)[:, None]
