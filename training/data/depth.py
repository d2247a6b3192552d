"""Depth pictures of an episode, and the codec's codes of them.

Every source ends in the same: (320, 320) values, -1 far to 1 near, resized by nearest neighbour.
The released preparation, 0 to 1 and bilinear, is kept as a switch: handbook molmoact.md 5.2.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.depth import metres_to_values
from core.model.depth_files import RELEASED, WEIGHTS, load_vqvae
from core.model.vqvae import DepthVqVae
from core.types import CODEBOOK_SIZE, DEPTH_CODES, StudioError
from training.data.conventions import DepthColumn
from training.data.dataset import Dataset
from training.data.types import EpisodeInfo

BATCH = 16
"""Pictures that are encoded together; the same always, so that the codes are."""

MILLIMETRES = 0.001
QUANTA = 65535.0
"""Greatest value of a quantised depth picture once it is scaled up to 16 bits."""

Values = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Codec:
    """A depth codec and what its numbers mean.

    Attributes:
        model: The network.
        near: Distance that 1 stands for [m]; None for relative depth.
        far: Distance that -1 stands for [m]; None for relative depth.
        digest: SHA-256 of the weights.
    """

    model: DepthVqVae
    near: float | None
    far: float | None
    digest: str


@cache
def load_codec(folder: str, device: str = "cpu") -> Codec:
    """Load the depth codec of a checkpoint folder.

    Raises:
        StudioError: If it has none, or one that does not make 100 codes out of 128.
    """
    place = Path(folder)
    model = load_vqvae(place, torch.device(device))
    if model is None:
        raise StudioError(
            f"'{folder}' has no depth codec ({WEIGHTS} or {RELEASED}); give a checkpoint's folder "
            "with --codec."
        )
    if model.config.side**2 != DEPTH_CODES or model.config.num_tokens != CODEBOOK_SIZE:
        raise StudioError(
            f"The depth codec of '{folder}' makes {model.config.side**2} codes out of "
            f"{model.config.num_tokens}; expected {DEPTH_CODES} out of {CODEBOOK_SIZE}."
        )
    file = place / (WEIGHTS if (place / WEIGHTS).is_file() else RELEASED)
    reach: Any = None
    if (place / "config.json").is_file():
        try:
            reach = json.loads((place / "config.json").read_text(encoding="utf-8"))["depth_range"]
        except (ValueError, KeyError, TypeError):
            reach = None  # released checkpoints have relative depth and say nothing
    near, far = (float(reach["near"]), float(reach["far"])) if reach else (None, None)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return Codec(model=model, near=near, far=far, digest=digest)


@torch.inference_mode()
def encode(
    values: Iterable[Values], codec: Codec, *, released: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the codes of depth pictures and how badly they decode.

    Args:
        values: (H, W) pictures, -1 far to 1 near; :data:`BATCH` of them are held at a time.
        codec: The codec.
        released: Feed 0 to 1, as the released preparation did; else -1 to 1.

    Returns:
        (N, 100) codes and the (N,) mean error as a share of the range.
    """
    side = codec.model.config.image_size
    way = cv2.INTER_LINEAR if released else cv2.INTER_NEAREST
    low, span = (0.0, 1.0) if released else (-1.0, 2.0)
    codes = [np.empty((0, DEPTH_CODES), np.int64)]
    errors = [np.empty(0, np.float32)]
    for part in batched(values, BATCH):
        shaped = [cv2.resize(picture, (side, side), interpolation=way) for picture in part]
        x = torch.from_numpy(np.stack(shaped)[:, None]).to(codec.model.codebook.vectors.device)
        x = (x + 1) / 2 if released else x
        found = codec.model.encode(x)
        y = codec.model.decode(found).clamp(low, low + span)
        codes.append(found.cpu().numpy())
        errors.append(((y - x).abs().mean(dim=(1, 2, 3)) / span).cpu().numpy())
    return np.concatenate(codes), np.concatenate(errors)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of a size; the last one may be shorter."""
    source = iter(items)
    while part := list(islice(source, size)):
        yield part


def recorded_depth_at(
    dataset: Dataset, episode: EpisodeInfo, declared: DepthColumn, row: int
) -> Values | None:
    """Return the recorded (H, W) distances of one row [m], as :func:`recorded_depth` yields them.

    Raises:
        StudioError: As :func:`recorded_depth`.
    """
    raw = dataset.raw(episode, declared.column, row)
    if raw is None:
        return None
    return _metres(raw.reshape(raw.shape[:2]), declared)


def recorded_depth(
    dataset: Dataset, episode: EpisodeInfo, declared: DepthColumn
) -> Iterator[Values | None]:
    """Yield the recorded (H, W) distances along the optical axis of every row [m].

    Zero and NaN mean that nothing was measured; None that the row has no picture.

    Raises:
        StudioError: If the column is missing or holds no depth.
    """
    feature = dataset.features.get(declared.column)
    if feature is None:
        known = ", ".join(dataset.features)
        raise StudioError(f"The data set has no column '{declared.column}'; it has: {known}.")
    if feature.is_picture:
        for raw in dataset.raw_pictures(episode, declared.column):
            yield None if raw is None else _metres(raw, declared)
        return
    shape = tuple(size for size in feature.shape if size != 1)
    if len(shape) != 2:
        raise StudioError(
            f"The depth column '{declared.column}' has the shape {feature.shape}; expected (H, W)."
        )
    for row in dataset.stream(episode, declared.column):
        yield _metres(np.asarray(row).reshape(shape), declared)


def to_values(metres: Values, codec: Codec) -> Values:
    """Return what the codec encodes, (H, W) in -1..1, of distances [m].

    A codec of metric depth has its own range. Otherwise the inverse distance is stretched over the
    picture, as a network for relative depth gives it.
    """
    if codec.near is not None and codec.far is not None:
        return metres_to_values(metres, codec.near, codec.far)
    known = np.isfinite(metres) & (metres > 0)
    inverse = np.where(known, 1.0 / np.where(known, metres, 1.0), 0.0)
    least = float(inverse[known].min()) if known.any() else 0.0
    return stretched(np.where(known, inverse, least))


def stretched(nearness: NDArray[np.floating]) -> Values:
    """Return relative inverse depth stretched over -1..1 in 256 steps, as in the reference."""
    low, high = float(nearness.min()), float(nearness.max())
    share = (nearness - low) / max(high - low, 1e-12)
    return (np.floor(share * 255.0) / 127.5 - 1.0).astype(np.float32)


class DepthAnything:
    """Depth-Anything-V2 through ``transformers``: relative inverse depth of colour pictures."""

    def __init__(self, name: str, device: str = "cpu") -> None:
        """Load the network.

        Args:
            name: Folder of a checkpoint, or its name on the hub.
            device: Where it runs.

        Raises:
            StudioError: If it cannot be loaded.
        """
        from transformers import AutoImageProcessor, AutoModelForDepthEstimation

        try:
            self._processor: Any = AutoImageProcessor.from_pretrained(name, backend="pil")
            model: Any = AutoModelForDepthEstimation.from_pretrained(name)
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).strip().splitlines()[0]
            raise StudioError(
                f"The depth network '{name}' cannot be loaded: {reason} Give a folder with "
                "--depth-model, such as a download of depth-anything/Depth-Anything-V2-Small-hf."
            ) from error
        self._model = model.to(device).eval()
        self._device = device

    def values(self, pictures: Iterable[NDArray[np.uint8]]) -> Iterator[Values]:
        """Yield (H, W) values, -1 far to 1 near, of (H, W, 3) uint8 RGB pictures."""
        for part in batched(pictures, BATCH):
            with torch.inference_mode():
                inputs = self._processor(images=part, return_tensors="pt").to(self._device)
                found = self._model(**inputs).predicted_depth.float()
            for picture, nearness in zip(part, found, strict=True):
                whole = torch.nn.functional.interpolate(
                    nearness[None, None], picture.shape[:2], mode="bilinear", align_corners=True
                )
                yield stretched(whole[0, 0].cpu().numpy())


@cache
def load_depth_anything(name: str, device: str = "cpu") -> DepthAnything:
    """Load a network once for all episodes of a process."""
    return DepthAnything(name, device)


def _metres(stored: NDArray[Any], declared: DepthColumn) -> Values:
    raw = stored.astype(np.float64)
    if stored.dtype == np.uint8 and declared.unit in ("linear", "log"):
        raw = raw * 257.0  # as in a video of 8 bits
    if declared.unit in ("m", "mm"):
        return (raw * (MILLIMETRES if declared.unit == "mm" else 1.0)).astype(np.float32)
    share = raw / QUANTA
    if declared.unit == "linear":
        return (declared.low + share * (declared.high - declared.low)).astype(np.float32)
    low, high = np.log(declared.low + declared.shift), np.log(declared.high + declared.shift)
    return (np.exp(low + share * (high - low)) - declared.shift).astype(np.float32)
