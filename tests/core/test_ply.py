from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ply import ply_bytes, write_whole
from core.types import StudioError


def read(data: bytes):
    """Read back with nothing but the format's description."""
    header, _, body = data.partition(b"end_header\n")
    lines = header.decode().splitlines()
    count = int(next(line for line in lines if line.startswith("element vertex")).split()[-1])
    rows = np.frombuffer(body, np.uint8).reshape(count, 15)
    return lines, rows[:, :12].copy().view("<f4"), rows[:, 12:]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_points_and_colours_come_back(count, seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3)).astype(np.float32)
    colours = rng.integers(0, 256, (count, 3))
    lines, back, painted = read(ply_bytes(points, colours / 255, "robot's base frame\nin metres"))
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    assert "comment robot's base frame in metres" in lines
    np.testing.assert_array_equal(back, points)
    np.testing.assert_array_equal(painted, colours)


def test_open3d_reads_it(tmp_path):
    open3d = pytest.importorskip("open3d")
    points = np.array([[1.0, 2, 3], [4, 5, 6]])
    write_whole(tmp_path / "a.ply", ply_bytes(points, np.array([[1.0, 0, 0], [0, 0, 1]])))
    cloud = open3d.io.read_point_cloud(str(tmp_path / "a.ply"))
    np.testing.assert_allclose(np.asarray(cloud.points), points)
    np.testing.assert_allclose(np.asarray(cloud.colors), [[1, 0, 0], [0, 0, 1]])


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="expected"):
        ply_bytes(np.zeros((2, 3)), np.zeros((3, 3)))


def test_a_file_is_replaced_whole_or_stays(tmp_path):
    target = tmp_path / "cloud.ply"
    write_whole(target, b"old")
    write_whole(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StudioError, match=r"could not be written .*Choose another folder"):
        write_whole(tmp_path / "file" / "cloud.ply", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StudioError, match="could not be written"):
        write_whole(tmp_path / "folder", b"x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
