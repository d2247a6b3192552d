"""Train the depth VQ-VAE on the lab's depth maps, and turn them into codes.

The network is the released one (:mod:`core.model.vqvae`) with fewer channels. Its input is metric
inverse depth in -1..1 over ``depth_range``, resized to 320 x 320 by nearest neighbour as in the
release. Recipe: a short warm-up as a plain autoencoder, codes placed on encoder outputs, then
exponential moving averages with revival of unused codes (van den Oord et al. 2017, appendix A).
"""

from __future__ import annotations

import logging
import time

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from core.depth import metres_to_values
from core.model.vqvae import Codebook, DepthVqVae
from training.embedded import DEPTH_RANGE
from training.labels import Shard

log = logging.getLogger(__name__)

INPUT = 320
DECAY = 0.98
COMMITMENT = 0.25
WARM_UP = 0.12
"""Share of the steps without quantisation."""

CROP = 160
"""Most steps see random crops of this size [px]: the network is convolutional, and a crop costs a
quarter. The last ones see whole maps, whose border the crops do not have."""

WHOLE = 0.15
"""Share of the steps, at the end, with whole maps."""


def depth_values(depth: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn an (H, W) depth map [m] into the (320, 320) input of the network."""
    values = metres_to_values(depth.astype(np.float32), **DEPTH_RANGE).astype(np.float32)
    resized = cv2.resize(values, (INPUT, INPUT), interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, dtype=np.float32)


def train_vqvae(
    model: DepthVqVae, shards: list[Shard], *, steps: int, batch: int = 16, seed: int = 0
) -> dict[str, float]:
    """Train in place.

    Args:
        model: Network to train.
        shards: Demonstrations with depth maps.
        steps: Gradient steps.
        batch: Depth maps per step.
        seed: Seed of the draws.

    Returns:
        Figures of the last steps: reconstruction error and number of codes in use.
    """
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=2e-3, total_steps=steps, pct_start=0.05
    )
    began, figures = time.monotonic(), {}
    warm = int(WARM_UP * steps)
    book = model.codebook
    used = torch.zeros(len(book.vectors))
    for step in range(steps):
        x = _batch(rng, shards, batch, crop=step < (1.0 - WHOLE) * steps)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            latents = model.latents(x)
        latents = latents.float()
        flat = latents.detach().flatten(0, 2)
        if step == warm:
            _place(book, torch.ones(len(book.vectors), dtype=torch.bool), flat)
        if step < warm:
            quantised, commitment = latents, latents.new_zeros(())
        else:
            codes = book.nearest(flat)
            chosen = F.embedding(codes, book.vectors).view_as(latents)
            commitment = F.mse_loss(latents, chosen)
            quantised = latents + (chosen - latents).detach()
            used = 0.98 * used + torch.bincount(codes, minlength=len(used)).float()
            book.update(flat, codes, decay=DECAY)
            if step < 0.8 * steps and step % 20 == 0:
                _place(book, used < 2.0, flat)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            y = model.decoder(quantised.permute(0, 3, 1, 2))
        error = F.l1_loss(y.float(), x)
        loss = F.mse_loss(y.float(), x) + 0.2 * error + COMMITMENT * commitment
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0 or step == steps - 1:
            figures = {"l1": error.item(), "codes_used": float((used > 2.0).sum())}
            log.info("vqvae %d %.0f s %s", step, time.monotonic() - began, figures)
    return figures


def encode_depth(model: DepthVqVae, shards: list[Shard]) -> dict[int, NDArray[np.int64]]:
    """Return the (100,) codes of every frame with a depth map, by running number."""
    result: dict[int, NDArray[np.int64]] = {}
    first = 0
    for shard in shards:
        for start in range(0, len(shard.depth_index), 64):
            part = slice(start, start + 64)
            x = np.stack([depth_values(depth) for depth in shard.depth[part]])
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
                latents = model.latents(torch.from_numpy(x)[:, None])
            codes = model.codebook.nearest(latents.float()).flatten(1).numpy()
            for index, row in zip(shard.depth_index[part].tolist(), codes, strict=True):
                result[first + index] = row.astype(np.int64)
        first += len(shard.front)
    return result


def depth_error(model: DepthVqVae, shards: list[Shard], *, count: int = 64) -> float:
    """Return the mean absolute error [m] of decoded depth over random maps."""
    from core.depth import depth_to_metres

    x = _batch(np.random.default_rng(1), shards, count)
    with torch.inference_mode():
        y = model.decode(model.encode(x)).clamp(-1, 1)
    truth, found = (depth_to_metres(part.numpy(), **DEPTH_RANGE) for part in (x, y))
    return float(np.abs(truth - found).mean())


def _batch(
    rng: np.random.Generator, shards: list[Shard], count: int, *, crop: bool = False
) -> Tensor:
    maps: list[NDArray[np.float32]] = []
    for _ in range(count):
        shard = shards[int(rng.integers(len(shards)))]
        whole = depth_values(shard.depth[int(rng.integers(len(shard.depth)))])
        if crop:
            top, left = rng.integers(0, INPUT - CROP + 1, 2)
            whole = whole[top : top + CROP, left : left + CROP]
        maps.append(whole)
    return torch.from_numpy(np.stack(maps))[:, None]


@torch.no_grad()
def _place(book: Codebook, which: Tensor, flat: Tensor) -> None:
    """Move the codes in ``which`` (n,) onto encoder outputs (m, dim) far from each other."""
    count = int(which.sum())
    if count:
        vectors = _spread(flat, count)
        book.vectors[which] = vectors
        book._ema_w[which] = vectors
        book._ema_cluster_size[which] = 1.0


def _spread(flat: Tensor, count: int) -> Tensor:
    """Pick starting codes far from each other (k-means++ seeding)."""
    flat = flat[torch.randperm(len(flat))[:1500]]
    chosen = [flat[0]]
    distance = ((flat - chosen[0]) ** 2).sum(1)
    for _ in range(count - 1):
        chosen.append(flat[int(torch.multinomial(distance.clamp(min=1e-9), 1))])
        distance = torch.minimum(distance, ((flat - chosen[-1]) ** 2).sum(1))
    return torch.stack(chosen)
