"""Videos: one size, one length, one rate, and nothing in the file that differs."""

from __future__ import annotations

import av
import numpy as np
import pytest

from core.study.blinding import EPOCH
from core.study.clips import RATE_HZ, SIZE, fit_pictures, read_clip, write_clip
from core.types import StudioError

RNG = np.random.default_rng(0)


def moving(count: int, height: int = 120, width: int = 160) -> np.ndarray:
    pictures = np.full((count, height, width, 3), 90, np.uint8)
    for index, picture in enumerate(pictures):
        picture[40:80, 2 * index : 2 * index + 30] = (200, 40, 40)
    return pictures


@pytest.mark.parametrize(("count", "rate", "shape"), [(5, 5, (120, 160)), (90, 30, (90, 200))])
def test_whatever_comes_in_has_one_form(tmp_path, count, rate, shape):
    made = fit_pictures(moving(count, *shape), rate, 2.0)
    assert made.shape == (2 * RATE_HZ, SIZE[1], SIZE[0], 3)
    write_clip(tmp_path / "a.mp4", made)
    read, found = read_clip(tmp_path / "a.mp4")
    assert read.shape == made.shape
    assert found == RATE_HZ
    assert np.abs(read.astype(int) - made).mean() < 3


def test_the_file_tells_nothing(tmp_path):
    for name, count in (("x", 4), ("y", 19)):
        write_clip(tmp_path / f"{name}.mp4", fit_pictures(moving(count), 10, 2.0))
    facts = []
    for name in "xy":
        path = tmp_path / f"{name}.mp4"
        assert path.stat().st_mtime == EPOCH
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
            facts.append(
                (
                    container.duration,
                    stream.frames,
                    stream.average_rate,
                    dict(stream.metadata),
                    container.metadata,
                    stream.codec_context.name,
                    stream.width,
                    stream.height,
                )
            )
    assert facts[0] == facts[1]
    with pytest.raises(StudioError, match="never replaced"):
        write_clip(tmp_path / "x.mp4", fit_pictures(moving(2), 10, 2.0))


def test_what_is_no_video_is_a_sentence(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    for name in ("a.mp4", "missing.mp4"):
        with pytest.raises(StudioError, match="cannot be read"):
            read_clip(tmp_path / name)
    with pytest.raises(StudioError):
        fit_pictures([], 10, 1.0)
