"""How a picture is cut into crops and which patches each image token reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def select_tiling(height: int, width: int, window: int, max_crops: int) -> tuple[int, int]:
    """Choose rows and columns of tiles for a picture.

    The smallest enlargement wins; when nothing covers the picture, the smallest reduction. Ties go
    to fewer tiles, then to fewer rows. Sizes of 0 or below (tiny pictures, whose margins exceed
    them) give one tile.

    Args:
        height: Height of the picture without the margins [px].
        width: Width of the picture without the margins [px].
        window: Side of the part of a tile that is not margin [px].
        max_crops: Largest number of tiles.

    Returns:
        (rows, columns).
    """
    shapes = sorted(
        (
            (rows, columns)
            for rows in range(1, max_crops + 1)
            for columns in range(1, max_crops // rows + 1)
        ),
        key=lambda shape: (shape[0] * shape[1], shape[0]),
    )
    size = np.array([height, width], dtype=np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        scales = (np.array(shapes, dtype=np.float32) * np.float32(window) / size).min(axis=1)
    if (scales < 1).all():
        return shapes[int(scales.argmax())]
    return shapes[int(np.where(scales < 1, np.float32(np.inf), scales).argmin())]


def owner_grid(tiles: tuple[int, int], size: tuple[int, int], margins: tuple[int, int]) -> Indices:
    """Say for each patch of the tiled picture which crop's patch stands for it.

    Neighbouring crops overlap by the two margins together; a patch in an overlap belongs to the
    crop in which it is not margin. The outer margins belong to the outermost crops.

    Args:
        tiles: (rows, columns) of crops.
        size: (rows, columns) of patches of one crop.
        margins: Patches before and after the window of a crop.

    Returns:
        (patch rows, patch columns) int64: crop number * patches per crop + patch number.
    """
    owners, locals_ = [], []
    for count, side in zip(tiles, size, strict=True):
        window = side - sum(margins)
        at = np.arange(count * window + sum(margins))
        owner = np.clip((at - margins[0]) // window, 0, count - 1)
        owners.append(owner)
        locals_.append(at - owner * window)
    crop = owners[0][:, None] * tiles[1] + owners[1][None]
    patch = locals_[0][:, None] * size[1] + locals_[1][None]
    return (crop * (size[0] * size[1]) + patch).astype(np.int64)


def pool_indices(grid: Indices, pool: tuple[int, int]) -> Indices:
    """Group a grid of patch numbers into pooled tokens.

    Args:
        grid: (rows, columns) int64.
        pool: Patches (down, across) per token. A grid that does not divide is padded with -1, the
            odd one at the bottom and right.

    Returns:
        (token rows, token columns, down * across) int64.
    """
    short = [-side % step for side, step in zip(grid.shape, pool, strict=True)]
    padding = [(gap // 2, gap - gap // 2) for gap in short]
    padded = np.pad(grid, padding, constant_values=-1)
    rows, columns = padded.shape[0] // pool[0], padded.shape[1] // pool[1]
    blocks = padded.reshape(rows, pool[0], columns, pool[1]).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(blocks.reshape(rows, columns, -1))


def patchify(image: NDArray[np.float32], patch: int) -> NDArray[np.float32]:
    """Cut (H, W, C) or (H, W) into patches (n, patch * patch * C), row by row, C innermost."""
    rows, columns = image.shape[0] // patch, image.shape[1] // patch
    blocks = image.reshape(rows, patch, columns, patch, -1).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(blocks.reshape(rows * columns, -1))
