"""Comparisons of the depth codec: a small one from a file, the real size from a formula."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from core.model.parity.check import Check, differing, distance, read_json
from core.model.parity.weights import codec_rule, fill
from core.model.vqvae import DepthVqVae, VqVaeConfig

DECODED = 1e-4
"""Largest difference of decoded depth allowed, times the range of the output."""

ENCODED = 1e-4


def check_small_codec(folder: Path) -> Iterator[Check]:
    """Compare the codec of ``vqvae_small.safetensors``.

    The file may hold the encoder and the codebook only; then nothing is decoded.
    """
    state = load_file(folder / "vqvae_small.safetensors")
    codec = DepthVqVae(VqVaeConfig(hidden_dim=len(state["encoder.0.weight"]))).eval()
    codec.load_state_dict(state, strict=False)
    encoded = np.load(folder / "vqvae_encode.npz")
    complete = "decoder.0.weight" in state
    for name in read_json(folder / "vqvae_meta.json")["encode"]:
        depth = _picture(encoded[f"{name}_resized_u8"])
        with torch.inference_mode():
            codes = codec.encode(depth)
            wanted = encoded[f"{name}_indices"].reshape(1, -1)
            yield _check(folder, name, "codes", differing(codes, wanted))
            channels = codec.latents(depth)[0].permute(2, 0, 1)[:8]
            wanted = encoded[f"{name}_encoder_out_first8ch"]
            yield _check(folder, name, "latents", distance(channels, wanted), ENCODED)
            if complete:
                output = codec(depth)[0][0, 0, ::4, ::4]
                wanted = encoded[f"{name}_forward_recon"]
                limit = DECODED * float(np.ptp(wanted))
                yield _check(folder, name, "reconstruction", distance(output, wanted), limit)
    if complete:
        yield from _decoded(folder, codec)


def check_real_codec(folder: Path) -> Iterator[Check]:
    """Compare the codec at its real size, whose weights come from a formula."""
    meta = read_json(folder / "vqvae_meta.json")
    wanted = np.load(folder / "vqvae_realsize_formula.npz")
    codec = DepthVqVae().eval()
    shapes = {name: list(value.shape) for name, value in codec.state_dict().items()}
    different = set(map(str, shapes.items())) ^ set(map(str, meta["real_size_state_dict"].items()))
    yield _check(folder, "real size", "tensor names and shapes", float(len(different)))
    fill(codec, codec_rule, meta["formula"]["constant_c"])
    with torch.inference_mode():
        output = codec.decode(_codes(wanted["codes"]))[0, 0]
    limit = DECODED * float(np.ptp(wanted["out_every4"]))
    difference = distance(output[::4, ::4], wanted["out_every4"])
    yield _check(folder, "real size", "decoded", difference, limit)
    difference = distance(output[[0, 159, 319]], wanted["out_rows_0_159_319"])
    yield _check(folder, "real size", "decoded rows", difference, limit)


def _decoded(folder: Path, codec: DepthVqVae) -> Iterator[Check]:
    arrays = np.load(folder / "vqvae_decode.npz")
    for key in (key for key in arrays.files if key.endswith("_codes")):
        name, grid = key.removesuffix("_codes"), arrays[key].shape[1:]
        with torch.inference_mode():
            output = codec.decode(_codes(arrays[key]), grid)[0, 0]
        wanted = arrays[f"{name}_out"]
        limit = DECODED * float(np.ptp(wanted))
        yield _check(folder, name, "decoded", distance(output, wanted), limit)


def _picture(levels: np.ndarray) -> Tensor:
    """Scale to 0..1, what the released annotator feeds (handbook molmoact.md 5.2)."""
    return torch.from_numpy(levels.astype(np.float32) / np.float32(255))[None, None]


def _codes(grid: np.ndarray) -> Tensor:
    return torch.from_numpy(grid.astype(np.int64)).flatten(1)


def _check(folder: Path, case: str, quantity: str, difference: float, limit: float = 0.0) -> Check:
    return Check(
        family=folder.name, case=case, quantity=quantity, difference=difference, limit=limit
    )
