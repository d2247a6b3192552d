from __future__ import annotations

import numpy as np
import pytest

from core.overlay import TRACE_COLOUR
from training.finetune.encode import SampleEncoder
from training.finetune.mixture import Mixture
from training.finetune.network import small_network
from training.finetune.preset import Augment, Build, Group
from training.finetune.rows import open_set
from training.finetune.samples import Loader, SampleMaker

GROUPS = (Group(name="all", rate=1.0, kinds={"reasoning": 0.5, "steered": 0.5}),)


@pytest.fixture(scope="module")
def parts(small_set):
    loaded = small_network(Build(crop=32, patch=16, width=16, heads=2), seed=0)
    source = open_set(small_set, images=2, held_out=0.0)
    encoder = SampleEncoder(loaded.processor, longest=1000, segments={})
    return encoder, Mixture(GROUPS, [source], seed=3)


def maker(parts, augment=None) -> SampleMaker:
    return SampleMaker(parts[0], images=2, chunk=8, size=(32, 24), augment=augment)


def loader(parts, process=0, processes=1, workers=2, augment=None) -> Loader:
    return Loader(
        parts[1],
        maker(parts, augment),
        batch=4,
        micro_batch=2,
        pad=0,
        workers=workers,
        process=process,
        processes=processes,
    )


def ids(batches) -> list[list[int]]:
    return [row.tolist() for batch in batches for row in batch.inputs["input_ids"]]


def test_steps_do_not_depend_on_where_they_begin_or_on_threads(parts):
    augment = Augment()
    first = [ids(batches) for batches in loader(parts, augment=augment).steps(0, 4)]
    again = [ids(b) for b in loader(parts, workers=1, augment=augment).steps(2, 4)]
    assert first[2:] == again
    assert first[0] != first[1]


def test_processes_share_the_same_batch(parts):
    whole = next(loader(parts).steps(0, 1))
    shares = [next(loader(parts, process=k, processes=2).steps(0, 1)) for k in range(2)]
    kinds = [kind for batch in whole for kind in batch.kinds]
    shared = [[kind for batch in share for kind in batch.kinds] for share in shares]
    assert kinds == [kind for pair in zip(*shared, strict=True) for kind in pair]
    total = sum(float(batch.weight.sum()) for batch in whole)
    assert total == sum(float(batch.weight.sum()) for share in shares for batch in share)


def test_pictures_are_read_once_and_stay_as_they_were(parts, monkeypatch):
    draws = [parts[1].draw(0, index) for index in range(12)]
    fresh = [maker(parts, Augment()).make(parts[1].draw(0, index)) for index in range(12)]
    read = []
    source = type(draws[0].source)
    pictures = source.pictures
    monkeypatch.setattr(
        source, "pictures", lambda self, index, n: read.append(index) or pictures(self, index, n)
    )
    for keep, times in ((10**9, 1), (0, 2)):
        read.clear()
        own = SampleMaker(parts[0], images=2, chunk=8, size=(32, 24), augment=Augment(), keep=keep)
        for _ in range(2):
            made = [own.make(parts[1].draw(0, index)) for index in range(12)]
        assert all(
            np.array_equal(one.images, other.images) for one, other in zip(made, fresh, strict=True)
        )
        rows = [draw.index for draw in draws]
        assert sorted(read) == sorted(set(rows) if times == 1 else rows * 2)


def test_steered_pictures_carry_the_line_and_others_do_not(parts, monkeypatch):
    seen: dict[str, list[int]] = {}
    encode = SampleEncoder.encode

    def look(self, images, asked, kind):
        cyan = [int((image == TRACE_COLOUR).all(axis=2).sum()) for image in images]
        seen.setdefault(kind, []).append(cyan[0])
        assert cyan[1] == 0
        return encode(self, images, asked, kind)

    monkeypatch.setattr(SampleEncoder, "encode", look)
    for index in range(12):
        maker(parts, Augment()).make(parts[1].draw(0, index))
    assert min(seen["steered"]) > 3
    assert max(seen["reasoning"]) == 0


def test_without_a_depth_map_the_annotated_picture_is_not_cropped(parts, monkeypatch):
    """Codes describe the whole picture; the trace may move only where the picture does."""
    own = Augment(crop_least=0.5, crop_most=0.5, brightness=0, contrast=0, saturation=0, hue=0)
    seen: list[tuple[str, list[np.ndarray]]] = []
    encode = SampleEncoder.encode

    def look(self, images, asked, kind):
        seen.append((kind, list(images)))
        return encode(self, images, asked, kind)

    monkeypatch.setattr(SampleEncoder, "encode", look)
    for index in range(12):
        draw = parts[1].draw(0, index)
        maker(parts, own).make(draw)
        kind, images = seen[-1]
        front, wrist = draw.source.pictures(draw.index, 2)
        if kind == "reasoning":
            assert np.array_equal(images[0], front)
        else:
            assert not np.array_equal(images[0], front)
        assert not np.array_equal(images[1], wrist)
    assert {kind for kind, _ in seen} == {"reasoning", "steered"}
