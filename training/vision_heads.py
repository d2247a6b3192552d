"""Auxiliary pointing heads: the small stand-in for MolmoAct's pointing pre-training.

On the connector's token vectors, linear maps predict where things are: as a choice among the 8 x 8
cells and an offset within the cell. They find the gripper, every colour (things and plates have
distinct ones), and the end of a drawn trace in the front picture, every colour in the wrist
picture, and the fingers' opening and height.
They are thrown away after training. Gate on them before any language (handbook,
embedded-model.md sections 3 and 7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from core.trace import to_model
from robot.sim.kinematics import down_pose
from robot.sim.layout import COLOURS
from robot.sim.scene import FRAME_SIZE, camera_models
from training.embedded import GRID, PATCHES, WIDTH
from training.labels import Shard, front_coordinates

SPOTS = 2 + len(COLOURS)
"""Gripper, end of the drawn trace, then one per colour."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpotTable:
    """Where things are in every recorded frame, 0..255 in the picture, NaN when out of sight.

    Attributes:
        front: (N, SPOTS, 2); the end of the trace is filled in per batch.
        wrist: (N, SPOTS, 2); only colours.
        scalars: (N, 2) opening and height of the tool, scaled to about -1..1.
    """

    front: NDArray[np.float32]
    wrist: NDArray[np.float32]
    scalars: NDArray[np.float32]


def spot_table(shards: list[Shard]) -> SpotTable:
    """Project everything that the heads are asked for."""
    parts = [_spots(shard) for shard in shards]
    front, wrist, scalars = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return SpotTable(front=front, wrist=wrist, scalars=scalars)


def _spots(shard: Shard) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    states = shard.states
    tool, width, objects = states["tool"], states["width"], states["objects"]
    colour = states["colour"].astype(int)
    count = len(tool)
    front = np.full((count, SPOTS, 2), np.nan, dtype=np.float32)
    wrist = np.full((count, SPOTS, 2), np.nan, dtype=np.float32)
    poses = states["camera"]
    front[:, 0] = front_coordinates(tool, poses)
    rotation = down_pose(np.zeros(3))[:3, :3]
    for index in range(objects.shape[1]):
        rows = np.nonzero(colour[:, index] >= 0)[0]
        place = objects[rows, index]
        front[rows, 2 + colour[rows, index]] = front_coordinates(place, poses[rows])
        pixels = camera_models()["wrist"].project((place - tool[rows]) @ rotation)
        inside = ((pixels >= 0) & (pixels < FRAME_SIZE)).all(1)
        wrist[rows[inside], 2 + colour[rows[inside], index]] = to_model(
            pixels[inside] - 0.5, FRAME_SIZE
        )
    scalars = np.column_stack([width / 0.04 - 1.0, (tool[:, 2] - 0.13) / 0.1])
    return front, wrist, scalars.astype(np.float32)


class SpotHeads(nn.Module):
    """Linear maps from token vectors to cells and offsets."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Linear(WIDTH, 3 * SPOTS)
        self.wrist = nn.Linear(WIDTH, 3 * SPOTS)
        self.front_scalars = nn.Linear(WIDTH, 2)
        self.wrist_scalars = nn.Linear(WIDTH, 2)

    def forward(
        self, features: Tensor, spots: Tensor, scalars: Tensor, *, wrist: bool
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and the mean error per kind [model units].

        Args:
            features: (B, 64, WIDTH) token vectors.
            spots: (B, SPOTS, 2) in 0..255, NaN for what is not there.
            scalars: (B, 2).
            wrist: Whether these are wrist pictures.
        """
        head = self.wrist if wrist else self.front
        out = head(features).float().unflatten(-1, (SPOTS, 3))
        present = ~spots.isnan().any(-1)
        cell, offset = split_cells(spots.nan_to_num(0.0))
        scores = out[..., 0].transpose(1, 2)  # (B, SPOTS, cells)
        choice = F.cross_entropy(scores[present], cell[present])
        at = cell[:, None, :, None].expand(-1, 1, -1, 2)
        found = out[..., 1:].gather(1, at)[:, 0]
        shift = F.smooth_l1_loss(found[present], offset[present])
        scalar_head = self.wrist_scalars if wrist else self.front_scalars
        pooled = scalar_head(features).float().mean(1)
        scalar = F.smooth_l1_loss(pooled, scalars)
        with torch.no_grad():
            best = scores.argmax(-1)
            offsets = out[..., 1:].gather(1, best[:, None, :, None].expand(-1, 1, -1, 2))[:, 0]
            error = (join_cells(best, offsets) - spots).norm(dim=-1)
            kinds = {"gripper": [0], "goal": [1], "object": list(range(2, SPOTS))}
            errors = {
                f"{'wrist' if wrist else 'front'}_{name}": error[:, rows][present[:, rows]]
                .median()
                .item()
                for name, rows in kinds.items()
                if present[:, rows].any()
            }
        return choice + 2.0 * shift + scalar, errors


PLACE_RATES = 12
"""Frequencies of the position code."""


class PlaceHead(nn.Module):
    """Makes every token carry its absolute place, and that of the thing on it, in readable form.

    The heads above need only offsets within a cell, so the encoder forgets where the cell is; the
    language model then has to guess it from the order of tokens. The code is made of sines and
    cosines, as that of the integer tokens (:func:`training.embedded.build_model`).
    """

    rates: Tensor
    centres: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Linear(WIDTH, 4 * PLACE_RATES)
        rates = torch.pi * torch.logspace(0.0, 1.4, PLACE_RATES)
        self.register_buffer("rates", rates, persistent=False)
        centres = torch.arange(PATCHES)
        points = join_cells(centres, torch.zeros(PATCHES, 2))
        self.register_buffer("centres", points, persistent=False)

    def forward(self, features: Tensor, spots: Tensor) -> Tensor:
        """Return the loss.

        Args:
            features: (B, 64, WIDTH) token vectors.
            spots: (B, SPOTS, 2) in 0..255, NaN for what is not there.
        """
        found = self.code(features).float()
        present = ~spots.isnan().any(-1)
        cell, _ = split_cells(spots.nan_to_num(0.0))
        at = found.gather(1, cell[..., None].expand(-1, -1, found.shape[-1]))
        things = F.mse_loss(at[present], self._encode(spots[present]))
        empty = torch.ones(found.shape[:2], dtype=torch.bool)
        rows = torch.arange(len(spots))[:, None].expand_as(cell)
        empty[rows[present], cell[present]] = False
        own = self._encode(self.centres).expand(len(features), -1, -1)
        return things + F.mse_loss(found[empty], own[empty])

    def _encode(self, points: Tensor) -> Tensor:
        """Encode (..., 2) points in 0..255 as (..., 4 * PLACE_RATES)."""
        phase = points[..., None] / 255.0 * self.rates
        return torch.cat([phase.sin(), phase.cos()], dim=-1).flatten(-2)


def split_cells(points: Tensor) -> tuple[Tensor, Tensor]:
    """Split (..., 2) points in 0..255 into a cell index (...) and an offset (..., 2) in -1..1."""
    scaled = points * (GRID / 256.0)
    cell = scaled.floor().clamp(0, GRID - 1)
    index = (cell[..., 1] * GRID + cell[..., 0]).long()
    return index, 2.0 * (scaled - cell) - 1.0


def join_cells(cell: Tensor, offset: Tensor) -> Tensor:
    """Turn cell indices (...) and offsets (..., 2) back into points in 0..255."""
    corner = torch.stack([cell % GRID, cell // GRID], dim=-1).float()
    return (corner + 0.5 * (offset + 1.0)) * (256.0 / GRID)


assert PATCHES == GRID * GRID
