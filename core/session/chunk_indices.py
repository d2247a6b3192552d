"""Where the chunks of a long session lie, kept small until the file's summary is written.

``mcap`` keeps an object with a dictionary for each chunk; at four chunks a second a recorder grew
by 20 MB an hour. As the bytes that they become at the end, packed, take a few percent of that.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from mcap.data_stream import ReadDataStream, RecordBuilder
from mcap.records import ChunkIndex
from mcap.writer import Writer

_HEADER = 9
"""Opcode and length before each record's content."""

_LENGTH = 4
"""Of the number in front of each record that is kept [bytes]."""

BLOCK_BYTES = 64 * 1024
"""So much is packed at a time: one or two minutes of a recording, in some milliseconds."""


class ChunkIndices:
    """Stands in for the writer's list of chunk indices: takes them one by one, gives all back."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._records = bytearray()
        self._count = 0

    def append(self, index: ChunkIndex) -> None:
        """Keep one that is complete."""
        builder = RecordBuilder()
        index.write(builder)
        record = builder.end()[_HEADER:]
        self._records += len(record).to_bytes(_LENGTH, "little") + record
        self._count += 1
        if len(self._records) >= BLOCK_BYTES:
            self._packed.append(zlib.compress(self._records))
            self._records = bytearray()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ChunkIndex]:
        for packed in self._packed:
            yield from _unpacked(zlib.decompress(packed))
        yield from _unpacked(bytes(self._records))


def _unpacked(records: bytes) -> Iterator[ChunkIndex]:
    stream = BytesIO(records)
    while length := stream.read(_LENGTH):
        record = stream.read(int.from_bytes(length, "little"))
        yield ChunkIndex.read(ReadDataStream(BytesIO(record)))


def keep_small(writer: Writer) -> None:
    """Let a writer that has written nothing yet keep its chunk indices as bytes."""
    inside: Any = writer  # mcap offers no way to say so
    inside._Writer__chunk_indices = ChunkIndices()
