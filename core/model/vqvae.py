"""The depth codec: a VQ-VAE between 320 x 320 depth pictures and 10 x 10 codes.

Layout and key names of ``vae-final.pt`` (handbook molmoact.md 5.1; Aurora-perception's VAE).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.types import StudioError


class DepthCodecError(StudioError):
    """Depth codes or pictures that the codec cannot take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VqVaeConfig:
    """Sizes of the codec; the defaults are those of the released file.

    Attributes:
        image_size: Side of the square depth picture [px].
        channels: Channels of the depth picture.
        downsample_ratio: Pixels per code along one side, a power of two.
        hidden_dim: Channels of the first layer; doubled at every halving.
        num_tokens: Size of the codebook.
        codebook_dim: Length of a codebook vector.
        num_resnet_blocks: Residual blocks on either side.
    """

    image_size: int = 320
    channels: int = 1
    downsample_ratio: int = 32
    hidden_dim: int = 16
    num_tokens: int = 128
    codebook_dim: int = 512
    num_resnet_blocks: int = 2

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> VqVaeConfig:
        """Make one from ``vae_config.json``; other keys are ignored."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: int(value) for key, value in values.items() if key in known})

    def to_dict(self) -> dict[str, Any]:
        """Return the contents of ``vae_config.json``."""
        return asdict(self)

    @property
    def layers(self) -> int:
        """Number of halvings."""
        return round(math.log2(self.downsample_ratio))

    @property
    def side(self) -> int:
        """Codes along one side of the picture."""
        return self.image_size // self.downsample_ratio


class ResBlock(nn.Module):
    """Two 3 x 3 convolutions and a 1 x 1 one beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) to the same."""
        return x + self.net(x)


class Codebook(nn.Module):
    """The codes' vectors, with the running sums that training updates them by."""

    _embedding: Tensor
    _ema_cluster_size: Tensor
    _ema_w: Tensor

    def __init__(self, config: VqVaeConfig) -> None:
        super().__init__()
        vectors = torch.randn(config.num_tokens, config.codebook_dim)
        self.register_buffer("_embedding", vectors)
        self.register_buffer("_ema_cluster_size", torch.zeros(config.num_tokens))
        self.register_buffer("_ema_w", vectors.clone())

    @property
    def vectors(self) -> Tensor:
        """The codebook, (codes, dim)."""
        return self._embedding

    def nearest(self, latents: Tensor) -> Tensor:
        """Return the nearest code of each vector (..., dim) by Euclidean distance, int64 (...)."""
        flat = latents.reshape(-1, latents.shape[-1])
        # The vector's own length is the same for all codes, so it is left out.
        distance = self._embedding.square().sum(1) - 2.0 * flat @ self._embedding.T
        return distance.argmin(dim=1).view(latents.shape[:-1])

    @torch.no_grad()
    def update(self, latents: Tensor, codes: Tensor, decay: float = 0.99) -> None:
        """Move the codebook towards the vectors (n, dim) that chose each code (n,).

        Exponential moving average with Laplace smoothing (van den Oord et al. 2017, appendix A).
        """
        size = len(self._embedding)
        chosen = F.one_hot(codes, size).to(latents.dtype)
        self._ema_cluster_size.mul_(decay).add_(chosen.sum(0), alpha=1 - decay)
        self._ema_w.mul_(decay).add_(chosen.T @ latents, alpha=1 - decay)
        total, epsilon = self._ema_cluster_size.sum(), 1e-5
        smoothed = (self._ema_cluster_size + epsilon) / (total + size * epsilon) * total
        self._embedding.copy_(self._ema_w / smoothed[:, None])


class DepthVqVae(nn.Module):
    """Encoder, codebook and decoder under the key names of the released file."""

    def __init__(self, config: VqVaeConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or VqVaeConfig()
        widths = [config.hidden_dim * 2**i for i in range(config.layers)]
        encoder: list[nn.Module] = []
        for before, after in zip([config.channels, *widths], widths, strict=False):
            encoder += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
        encoder += [ResBlock(widths[-1]) for _ in range(config.num_resnet_blocks)]
        encoder.append(nn.Conv2d(widths[-1], config.codebook_dim, 1))
        decoder: list[nn.Module] = [nn.Conv2d(config.codebook_dim, widths[-1], 1), nn.ReLU()]
        decoder += [ResBlock(widths[-1]) for _ in range(config.num_resnet_blocks)]
        back = widths[::-1]
        for before, after in zip([back[0], *back], back, strict=False):
            decoder += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ReLU()]
        decoder.append(nn.Conv2d(back[-1], config.channels, 1))
        self.encoder = nn.Sequential(*encoder)
        self.decoder = nn.Sequential(*decoder)
        self._vq_vae = Codebook(config)

    @property
    def codebook(self) -> Codebook:
        """The codebook."""
        return self._vq_vae

    def latents(self, depth: Tensor) -> Tensor:
        """Encode pictures (B, channels, H, W) to vectors (B, H / ratio, W / ratio, dim)."""
        return self.encoder(depth).permute(0, 2, 3, 1)

    @torch.no_grad()
    def encode(self, depth: Tensor) -> Tensor:
        """Encode depth pictures.

        Args:
            depth: (B, channels, H, W) float, -1 (far) to 1 (near); H and W multiples of the
                ratio, 320 x 320 for 100 codes.

        Returns:
            (B, codes) int64, row by row.
        """
        return self.codebook.nearest(self.latents(depth)).flatten(1)

    def decode(self, codes: Tensor, grid: tuple[int, int] | None = None) -> Tensor:
        """Decode codes.

        Args:
            codes: (B, n) int64, row by row.
            grid: (rows, columns); default: that of the configured picture.

        Returns:
            (B, channels, rows * ratio, columns * ratio) float, about -1 (far) to 1 (near).

        Raises:
            DepthCodecError: Another number of codes than the grid has, or a code out of range.
        """
        rows, columns = grid or (self.config.side, self.config.side)
        if codes.ndim != 2 or codes.shape[1] != rows * columns:
            raise DepthCodecError(
                f"depth codes have shape {tuple(codes.shape)}; expected (B, {rows * columns})"
            )
        if codes.numel() and not 0 <= int(codes.min()) <= int(codes.max()) < len(
            self.codebook.vectors
        ):
            raise DepthCodecError(f"depth codes must lie in 0..{len(self.codebook.vectors) - 1}")
        vectors = F.embedding(codes, self.codebook.vectors)
        return self.decoder(vectors.unflatten(1, (rows, columns)).permute(0, 3, 1, 2))

    def forward(self, depth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct pictures for training.

        Args:
            depth: (B, channels, H, W) float in -1..1.

        Returns:
            Reconstruction of the same shape; loss (mean squared error plus a quarter of the
            commitment); codes (B, rows, columns). Gradients pass the codebook straight through.
            In training mode the codebook moves towards the batch.
        """
        latents = self.latents(depth)
        codes = self.codebook.nearest(latents.detach())
        if self.training:
            flat = latents.detach().flatten(0, 2).to(self.codebook.vectors.dtype)
            self.codebook.update(flat, codes.flatten())
        vectors = F.embedding(codes, self.codebook.vectors)
        commitment = F.mse_loss(latents, vectors)
        straight = latents + (vectors - latents).detach()
        output = cast(Tensor, self.decoder(straight.permute(0, 3, 1, 2)))
        return output, F.mse_loss(output, depth) + 0.25 * commitment, codes
