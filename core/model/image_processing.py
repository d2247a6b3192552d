"""A picture to normalised, patchified crops and to the indices that pool them into tokens.

Facts: handbook molmoact.md 3.6 (allenai/molmoact ``image_processing_molmoact.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.model.image_resize import ImageError, normalize_image, resize_image
from core.model.tiling import Indices, owner_grid, patchify, pool_indices, select_tiling

CROP_MODES = ("overlap-and-resize-c2", "resize")
Crops = tuple[NDArray[np.float32], NDArray[np.float32]]
_FILE_ONLY = {"image_processor_type": "MolmoActImageProcessor", "do_convert_rgb": True}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProcessedImage:
    """One picture, ready for the encoder.

    Attributes:
        crops: (crops, patches, patch * patch * 3) float32; the whole picture first, then tiles.
        masks: (crops, patches) float32, share of each patch that is picture and not padding.
        pooled_idx: (tokens, slots) int64 into crops * patches, -1 for no patch.
        grids: (rows, columns) of tokens of the whole picture and, with tiling, of the tiles.
    """

    crops: NDArray[np.float32]
    masks: NDArray[np.float32]
    pooled_idx: Indices
    grids: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MolmoActImageProcessor:
    """Settings of ``preprocessor_config.json``; call it with a picture.

    Attributes:
        crop_mode: "overlap-and-resize-c2" (whole picture and tiles) or "resize" (whole picture).
        resize_mode: "siglip", "default" (CLIP), "metaclip" or "dino".
        normalize_mode: The same names.
        max_crops: Most tiles of a single picture.
        max_multi_image_crops: Most tiles of each picture when there are several.
        overlap_margins: Patches before and after the window of a tile.
        base_image_input_size: (height, width) [px] of a crop.
        image_patch_size: Side of a patch [px].
        image_pooling_w: Patches across per token.
        image_pooling_h: Patches down per token.
        pad_value: Grey of the padding, 0..1.
        do_pad: Pad batches of different crop counts.
    """

    crop_mode: str = "overlap-and-resize-c2"
    resize_mode: str = "siglip"
    normalize_mode: str = "siglip"
    max_crops: int = 8
    max_multi_image_crops: int = 4
    overlap_margins: tuple[int, int] = (4, 4)
    base_image_input_size: tuple[int, int] = (378, 378)
    image_patch_size: int = 14
    image_pooling_w: int = 2
    image_pooling_h: int = 2
    pad_value: float = 0.0
    do_pad: bool = True

    def __post_init__(self) -> None:
        if self.crop_mode not in CROP_MODES:
            raise ImageError(f"crop_mode is '{self.crop_mode}'; expected one of {CROP_MODES}")
        height, width = self.base_image_input_size
        if height % self.image_patch_size or width % self.image_patch_size:
            raise ImageError(
                f"base_image_input_size {height} x {width} is no multiple of the patch size "
                f"{self.image_patch_size}"
            )
        if min(self.grid) <= sum(self.overlap_margins) and self.crop_mode != "resize":
            raise ImageError(
                f"overlap_margins {self.overlap_margins} leave nothing of a crop of "
                f"{self.grid[0]} x {self.grid[1]} patches"
            )

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> MolmoActImageProcessor:
        """Make one from the contents of ``preprocessor_config.json``; other keys are ignored."""
        known = {field.name for field in fields(cls)}
        chosen: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in settings.items()
            if key in known and value is not None
        }
        return cls(**chosen)

    def to_dict(self) -> dict[str, Any]:
        """Return the contents of ``preprocessor_config.json``."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()} | _FILE_ONLY

    @property
    def grid(self) -> tuple[int, int]:
        """Patches (down, across) of one crop."""
        height, width = self.base_image_input_size
        return height // self.image_patch_size, width // self.image_patch_size

    def __call__(self, image: Any, *, multiple: bool = False) -> ProcessedImage:
        """Process one picture.

        Args:
            image: PIL picture, or (H, W, 3) uint8 RGB. Other PIL modes are converted to RGB (alpha
                is dropped).
            multiple: The prompt has several pictures: ``max_multi_image_crops`` applies.

        Returns:
            Crops, masks, pooling indices (counted from this picture's first crop) and grids.
        """
        pixels = to_rgb(image)
        crops, masks = self._crops(pixels, self.base_image_input_size, (1, 1))
        whole = np.arange(masks.size, dtype=np.int64).reshape(self.grid)
        tokens = [pool_indices(whole, (self.image_pooling_h, self.image_pooling_w))]
        if self.crop_mode != "resize":
            most = self.max_multi_image_crops if multiple else self.max_crops
            tile_crops, tile_masks, tile_tokens = self._tile(pixels, most, (crops, masks))
            shifted = np.where(tile_tokens >= 0, tile_tokens + masks.size, -1)
            tokens.append(shifted)
            crops, masks = np.concatenate([crops, tile_crops]), np.concatenate([masks, tile_masks])
        return ProcessedImage(
            crops=crops,
            masks=masks,
            pooled_idx=np.concatenate([t.reshape(-1, t.shape[-1]) for t in tokens]),
            grids=tuple((t.shape[0], t.shape[1]) for t in tokens),
        )

    def _tile(
        self, pixels: NDArray[np.uint8], most: int, whole: Crops
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], Indices]:
        """Return crops, masks and tokens of at most ``most`` tiles."""
        patch, margins = self.image_patch_size, self.overlap_margins
        margin = sum(margins)
        window = self.grid[0] - margin, self.grid[1] - margin
        height, width = pixels.shape[:2]
        tiles = select_tiling(
            height - margin * patch, width - margin * patch, window[0] * patch, most
        )
        owners = owner_grid(tiles, self.grid, margins)
        tokens = pool_indices(owners, (self.image_pooling_h, self.image_pooling_w))
        if tiles == (1, 1):
            return *whole, tokens  # one tile is the whole picture again
        size = tuple((tiles[i] * window[i] + margin) * patch for i in range(2))
        return *self._crops(pixels, (size[0], size[1]), tiles), tokens

    def _crops(
        self, pixels: NDArray[np.uint8], size: tuple[int, int], tiles: tuple[int, int]
    ) -> Crops:
        """Resize to ``size`` and cut ``tiles`` overlapping crops out of it, patchified."""
        resized, mask = resize_image(pixels, size, self.resize_mode, self.pad_value)
        resized = normalize_image(resized, self.normalize_mode).astype(np.float32, copy=False)
        height, width = self.base_image_input_size
        step = [
            side - sum(self.overlap_margins) * self.image_patch_size for side in (height, width)
        ]
        crops, masks = [], []
        for row in range(tiles[0]):
            for column in range(tiles[1]):
                top, left = row * step[0], column * step[1]
                region = slice(top, top + height), slice(left, left + width)
                crops.append(patchify(resized[region], self.image_patch_size))
                share = patchify(mask[region].astype(np.float32), self.image_patch_size)
                masks.append(share.mean(axis=1))
        return np.stack(crops), np.stack(masks).astype(np.float32)


def to_rgb(image: Any) -> NDArray[np.uint8]:
    """Return a PIL picture or an array as (H, W, 3) uint8 RGB.

    Raises:
        ImageError: It is neither.
    """
    if isinstance(image, Image.Image):
        image = np.asarray(image.convert("RGB"))
    array = np.asarray(image)
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or not array.size:
        raise ImageError(f"picture is {array.dtype} {array.shape}; expected uint8 (H, W, 3) RGB")
    return array
