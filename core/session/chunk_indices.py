"""Where the chunks of a long session lie, kept small until the file's summary is written.

``mcap`` keeps an object with a dictionary for each chunk; at four chunks a second a recorder grew
by 20 MB an hour. As the bytes that they become at the end they take a tenth of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from mcap.data_stream import ReadDataStream, RecordBuilder
from mcap.records import ChunkIndex
from mcap.writer import Writer

_HEADER = 9
"""Opcode and length before each record's content."""


class ChunkIndices:
    """Stands in for the writer's list of chunk indices: takes them one by one, gives all back."""

    def __init__(self) -> None:
        self._records = bytearray()
        self._ends: list[int] = []

    def append(self, index: ChunkIndex) -> None:
        """Keep one that is complete."""
        builder = RecordBuilder()
        index.write(builder)
        self._records += builder.end()[_HEADER:]
        self._ends.append(len(self._records))

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[ChunkIndex]:
        start = 0
        for end in self._ends:
            yield ChunkIndex.read(ReadDataStream(BytesIO(bytes(self._records[start:end]))))
            start = end


def keep_small(writer: Writer) -> None:
    """Let a writer that has written nothing yet keep its chunk indices as bytes."""
    inside: Any = writer  # mcap offers no way to say so
    inside._Writer__chunk_indices = ChunkIndices()
