"""A long session's index takes little memory, and the file is the same."""

from __future__ import annotations

import tracemalloc
from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.records import ChunkIndex
from mcap.writer import Writer

from core.session.chunk_indices import ChunkIndices, keep_small

numbers = st.integers(0, 2**64 - 1)
indices = st.builds(
    ChunkIndex,
    chunk_length=numbers,
    chunk_start_offset=numbers,
    compression=st.sampled_from(["", "zstd", "lz4"]),
    compressed_size=numbers,
    message_end_time=numbers,
    message_index_length=numbers,
    message_index_offsets=st.dictionaries(st.integers(0, 2**16 - 1), numbers, max_size=12),
    message_start_time=numbers,
    uncompressed_size=numbers,
)


@given(st.lists(indices, max_size=5))
def test_what_is_kept_comes_back(many):
    kept = ChunkIndices()
    for index in many:
        kept.append(index)
    assert len(kept) == len(many)
    assert list(kept) == many


def written(small):
    stream = BytesIO()
    writer = Writer(stream, chunk_size=100)
    if small:
        keep_small(writer)
    writer.start()
    schema = writer.register_schema("s", "", b"")
    channels = [writer.register_channel(f"/{n}", "", schema) for n in range(4)]
    for n in range(200):
        writer.add_message(channels[n % 4], n, b"x" * 40, n)
    writer.finish()
    return stream.getvalue()


def test_the_file_is_the_same_and_is_read_by_its_index():
    assert written(small=True) == written(small=False)
    reader = make_reader(BytesIO(written(small=True)))
    assert len(reader.get_summary().chunk_indexes) > 50
    assert [m.log_time for _, _, m in reader.iter_messages(starting_at=90, ending_before=95)] == [
        90, 91, 92, 93, 94,
    ]  # fmt: skip


def recorded(count):
    """As a recorder writes them: chunks of some ten kilobytes, about four a second."""
    rng = np.random.default_rng(0)
    start, time_ns = 4096, 1_790_000_000_000_000_000
    for _ in range(count):
        size, end = int(rng.integers(20_000, 60_000)), time_ns + int(rng.integers(2e8, 3e8))
        offsets = {n: start + size + int(rng.integers(0, 2000)) for n in range(1, 11)}
        yield ChunkIndex(size, start, "zstd", size - 50, end, 1200, offsets, time_ns, 2 * size)
        start, time_ns = start + size + 1200, end


def test_an_hour_comes_back():
    kept = ChunkIndices()
    for index in recorded(14_400):
        kept.append(index)
    assert len(kept) == 14_400
    assert all(a == b for a, b in zip(kept, recorded(14_400), strict=True))


def test_it_takes_a_fraction_of_the_objects():
    def size(kept):
        tracemalloc.start()
        for index in recorded(4000):
            kept.append(index)
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return taken

    assert size(ChunkIndices()) < 0.07 * size([])
