import av
import numpy as np
import pytest
import torch
from PIL import Image

from core.depth import depth_to_metres
from core.types import StudioError
from tests.training.data import sets
from training.data.conventions import DepthColumn
from training.data.dataset import open_dataset
from training.data.depth import (
    Codec,
    DepthAnything,
    encode,
    load_codec,
    recorded_depth,
    recorded_depth_at,
    stretched,
    to_values,
)
from training.data.pictures import GREY, decode_raw, encode_png, read_clip
from training.data.types import Clip


def test_depth_anything_gives_relative_nearness_of_every_picture(depth_anything):
    rng = np.random.default_rng(0)
    pictures = list(rng.integers(0, 255, (3, 24, 32, 3), dtype=np.uint8))
    found = list(DepthAnything(str(depth_anything)).values(pictures))
    assert [values.shape for values in found] == [(24, 32)] * 3
    for values in found:
        assert (values.min(), values.max()) == (-1.0, 1.0)
        assert np.allclose((values + 1) * 127.5, np.rint((values + 1) * 127.5))
    alone = next(DepthAnything(str(depth_anything)).values(pictures[1:2]))
    assert np.abs(alone - found[1]).max() < 0.03


def test_codes_and_their_error_fit_each_other(codec):
    known = load_codec(str(codec))
    values = [np.full((20, 30), level, np.float32) for level in (-1.0, 0.3, 1.0)]
    codes, errors = encode(values, known)
    again = known.model.decode(torch.from_numpy(codes)).clamp(-1, 1)
    wanted = torch.tensor([-1.0, 0.3, 1.0])[:, None, None, None]
    assert np.allclose(errors, (again - wanted).abs().mean(dim=(1, 2, 3)) / 2, atol=1e-6)
    assert encode([], known)[0].shape == (0, 100)


def test_the_released_preparation_feeds_zero_to_one(codec):
    known = load_codec(str(codec))
    seen = []
    whole = known.model.encode

    class Listening:
        codebook, config, decode = known.model.codebook, known.model.config, known.model.decode

        def encode(self, x):
            seen.append((float(x.min()), float(x.max())))
            return whole(x)

    spy = Codec(model=Listening(), near=None, far=None, digest="")
    picture = np.linspace(-1, 1, 300, dtype=np.float32).reshape(15, 20)
    encode([picture], spy)
    encode([picture], spy, released=True)
    assert seen[0] == (-1.0, 1.0)
    assert seen[1] == pytest.approx((0.0, 1.0), abs=1e-6)


def test_metric_codecs_keep_metres_and_others_stretch(codec):
    known = load_codec(str(codec))
    metres = np.array([[0.5, 1.0], [2.0, np.nan]], np.float32)
    values = to_values(metres, known)
    assert np.allclose(depth_to_metres(values, 0.5, 2.0), [[0.5, 1.0], [2.0, 2.0]], atol=1e-5)
    relative = Codec(model=known.model, near=None, far=None, digest="")
    found = to_values(metres, relative)
    assert found[0, 0] == 1.0
    assert found[1, 0] == found[1, 1] == -1.0
    assert np.isfinite(stretched(np.zeros((2, 2)))).all()


def test_recorded_depth_is_read_in_its_unit(tmp_path):
    dataset = open_dataset(sets.write_set(tmp_path / "toy", episodes=1))
    episode = dataset.episodes[0]
    found = list(recorded_depth(dataset, episode, DepthColumn(column="depth", unit="m")))
    assert np.allclose(found[4], sets.rows(0, 12)["depth"][4], atol=1e-6)
    assert np.array_equal(
        recorded_depth_at(dataset, episode, DepthColumn(column="depth", unit="m"), 4), found[4]
    )
    small = next(recorded_depth(dataset, episode, DepthColumn(column="depth", unit="mm")))
    assert np.allclose(small * 1000, found[0])
    with pytest.raises(StudioError, match=r"shape \(7,\); expected \(H, W\)"):
        next(recorded_depth(dataset, episode, DepthColumn(column="action")))


def test_sixteen_bits_survive_a_picture(tmp_path):
    depth = np.arange(48, dtype=np.uint16).reshape(6, 8) * 1300
    cell = {"bytes": encode_png(depth), "path": None}
    assert np.array_equal(decode_raw(cell, tmp_path), depth)
    Image.fromarray(depth).save(tmp_path / "d.png")
    assert np.array_equal(decode_raw({"bytes": None, "path": "d.png"}, tmp_path), depth)
    with pytest.raises(StudioError, match="leads elsewhere"):
        decode_raw({"bytes": None, "path": "../d.png"}, tmp_path)


@pytest.mark.parametrize("form", ["gray12le", "gray16le", "gray"])
def test_depth_in_a_video_keeps_every_step(tmp_path, form):
    bits = {"gray12le": 12, "gray16le": 16, "gray": 8}[form]
    stored = np.arange(32 * 24).reshape(24, 32) * 5 % 2**bits
    path = tmp_path / "depth.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 24, form
        for shift in range(3):
            values = ((stored + shift) % 2**bits).astype(np.uint8 if bits == 8 else np.uint16)
            frame = av.VideoFrame.from_ndarray(values, format=form)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    found = list(read_clip(Clip(path=path), np.arange(3) / 10, tolerance=0.05, form=GREY))
    for shift, picture in enumerate(found):
        wanted = (stored + shift) % 2**bits / (2**bits - 1)
        assert np.allclose(picture / 65535, wanted, atol=1 / 65535)


def test_a_log_quantised_video_is_metres_again(tmp_path):
    """The depth video of LeRobot 0.6: 12 bits, spread over the logarithm."""
    from training.data.depth import _metres

    declared = DepthColumn(column="d", unit="log", low=0.1, high=8.0, shift=3.5)
    metres = np.array([[0.1, 0.7, 2.5, 8.0]])
    low, high = np.log(0.1 + 3.5), np.log(8.0 + 3.5)
    codes = np.rint((np.log(metres + 3.5) - low) / (high - low) * 4095)
    assert np.allclose(_metres(codes / 4095 * 65535, declared), metres, atol=0.003)
