from __future__ import annotations

import pytest
import torch

from core.model.vqvae import DepthCodecError, DepthVqVae, VqVaeConfig

SMALL = VqVaeConfig(hidden_dim=2, codebook_dim=8, num_tokens=16)


@pytest.fixture
def codec() -> DepthVqVae:
    torch.manual_seed(0)
    return DepthVqVae(SMALL).eval()


def test_released_sizes_are_the_default() -> None:
    assert sum(value.numel() for value in DepthVqVae().state_dict().values()) == 7_820_401


def test_codes_are_row_major(codec: DepthVqVae) -> None:
    depth = torch.randn(2, 1, 320, 320)
    codes = codec.encode(depth)
    assert codes.shape == (2, 100)
    assert codes.dtype == torch.int64
    depth[0, 0, :32, 288:] += 5.0
    changed = (codec.latents(depth) - codec.latents(depth.clone().fill_(0))).shape
    assert changed == (2, 10, 10, 8)
    assert codec.decode(codes).shape == (2, 1, 320, 320)


def test_each_code_paints_its_own_place() -> None:
    torch.manual_seed(0)
    codec = DepthVqVae(VqVaeConfig(hidden_dim=4))
    codes = torch.zeros(1, 100, dtype=torch.int64)
    other = codes.clone()
    other[0, 9] = 5
    with torch.inference_mode():
        change = (codec.decode(other) - codec.decode(codes))[0, 0].abs()
    assert change[:64, 256:].max() > 1e-3
    assert change[:, :64].max() < 1e-6
    assert change[256:].max() < 1e-6


def test_nearest_code_is_nearest(codec: DepthVqVae) -> None:
    vectors = torch.randn(50, 8)
    wanted = torch.cdist(vectors, codec.codebook.vectors).argmin(dim=1)
    assert torch.equal(codec.codebook.nearest(vectors), wanted)


@pytest.mark.parametrize("codes", [torch.zeros(1, 99, dtype=torch.int64), torch.zeros(100).long()])
def test_other_numbers_of_codes_are_refused(codec: DepthVqVae, codes: torch.Tensor) -> None:
    with pytest.raises(DepthCodecError, match=r"expected \(B, 100\)"):
        codec.decode(codes)


@pytest.mark.parametrize("code", [-1, 16])
def test_unknown_codes_are_refused(codec: DepthVqVae, code: int) -> None:
    with pytest.raises(DepthCodecError, match=r"0\.\.15"):
        codec.decode(torch.full((1, 100), code))


def test_other_grids_can_be_decoded(codec: DepthVqVae) -> None:
    assert codec.decode(torch.zeros(1, 24).long(), (4, 6)).shape == (1, 1, 128, 192)


def test_gradients_pass_the_codebook(codec: DepthVqVae) -> None:
    output, loss, codes = codec(torch.randn(1, 1, 64, 64))
    loss.backward()
    assert output.shape == (1, 1, 64, 64)
    assert codes.shape == (1, 2, 2)
    assert codec.encoder[0].weight.grad.abs().sum() > 0


def test_training_moves_the_codebook_towards_the_data(codec: DepthVqVae) -> None:
    target = torch.full((8,), 3.0)
    code = int(codec.codebook.nearest(target))
    before = (codec.codebook.vectors[code] - target).norm()
    for _ in range(50):
        codec.codebook.update(target.expand(32, -1), torch.full((32,), code), decay=0.9)
    assert (codec.codebook.vectors[code] - target).norm() < 0.1 * before
    assert codec.codebook.vectors.isfinite().all()
    book = codec.codebook.vectors.clone()
    codec.train()(torch.randn(2, 1, 64, 64))
    assert not torch.equal(book, codec.codebook.vectors)


def test_settings_survive_their_file() -> None:
    assert VqVaeConfig.from_dict(SMALL.to_dict() | {"loss_type": "mse"}) == SMALL
