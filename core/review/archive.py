"""Random access into a finished session file: by topic and time, without reading all of it.

The summary at the end of an MCAP file lists its chunks with their times and topics. A question is
answered from the few chunks that can hold the answer; the last ones used are kept.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

import zstandard
from mcap.exceptions import McapError
from mcap.reader import SeekingReader
from mcap.records import Chunk, ChunkIndex, Message
from mcap.stream_reader import StreamReader, breakup_chunk

from core.types import StudioError

CACHE_BYTES = 24 * 1024 * 1024
"""Unpacked chunks that are kept."""

CHUNK_LIMIT = 256 * 1024 * 1024
"""Largest chunk that is unpacked; the recorder's have 128 KiB."""

_DAMAGE = (
    McapError,
    zstandard.ZstdError,
    KeyError,
    OverflowError,
    ValueError,
    MemoryError,
    StopIteration,
)

_ByChannel = dict[int, list[Message]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunks:
    """The chunks that hold messages of one topic, by the time of their first message.

    Attributes:
        chunks: In order of ``starts``.
        starts: First time of each [ns since 1970].
        ends: Latest time up to and including each [ns since 1970].
    """

    chunks: list[ChunkIndex]
    starts: list[int]
    ends: list[int]


class Archive:
    """An open session file; every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open a file and read its summary.

        Args:
            path: A finished file; :func:`core.session.repair.open_session` makes one.

        Raises:
            StudioError: If it cannot be opened, or is no finished session file.
        """
        self.path = path
        self._lock = threading.Lock()
        self._cache: OrderedDict[int, tuple[int, _ByChannel]] = OrderedDict()
        self._held = 0
        try:
            self._stream: IO[bytes] = path.open("rb")
        except OSError as error:
            raise StudioError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            self._read_summary()
        except StudioError:
            self._stream.close()
            raise
        except (OSError, *_DAMAGE) as error:
            self._stream.close()
            raise StudioError(
                f"{path} has no readable end, so nothing in it can be found; if its recorder was "
                f"interrupted, rename it to {path.name}.part and open that: it is repaired then"
            ) from error

    def _read_summary(self) -> None:
        reader = SeekingReader(self._stream, record_size_limit=CHUNK_LIMIT)
        summary = reader.get_summary()
        if summary is None:
            raise ValueError("no summary")
        self.topics = {channel.topic: channel.id for channel in summary.channels.values()}
        self.schemas = {
            channel.topic: summary.schemas[channel.schema_id]
            for channel in summary.channels.values()
            if channel.schema_id in summary.schemas
        }
        statistics = summary.statistics
        counts = {} if statistics is None else statistics.channel_message_counts
        self.counts = {topic: counts.get(number, 0) for topic, number in self.topics.items()}
        self._topic_of = {number: topic for topic, number in self.topics.items()}
        self._by_channel = _by_channel(summary.chunk_indexes)
        chunks = summary.chunk_indexes
        self.start_ns = min((chunk.message_start_time for chunk in chunks), default=0)
        self.end_ns = max((chunk.message_end_time for chunk in chunks), default=0)
        self.metadata: dict[str, dict[str, str]] = {}
        for record in reader.iter_metadata():
            self.metadata[record.name] = dict(record.metadata)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._cache.clear()
            self._stream.close()

    def messages(
        self,
        topics: Collection[str],
        start_ns: int = 0,
        end_ns: int = 1 << 63,
        *,
        damaged: list[str] | None = None,
    ) -> Iterator[tuple[str, Message]]:
        """Yield messages in the order they were written; only chunks with these topics are read.

        Args:
            topics: Their topics; unknown ones are passed over.
            start_ns: Earliest time [ns since 1970].
            end_ns: Latest time.
            damaged: Takes a sentence for each damaged chunk, which is passed over then.

        Raises:
            StudioError: If a chunk is damaged and nobody takes the sentence.
        """
        channels = {self.topics[topic] for topic in topics if topic in self.topics}
        wanted: dict[int, ChunkIndex] = {}
        for channel in channels:
            for chunk in self._chunks(channel).chunks:
                if chunk.message_end_time >= start_ns and chunk.message_start_time <= end_ns:
                    wanted[chunk.chunk_start_offset] = chunk
        for offset in sorted(wanted):
            try:
                found = self._unpacked(wanted[offset])
            except StudioError as error:
                if damaged is None:
                    raise
                damaged.append(str(error))
                continue
            for place, channel in _in_order(found, channels):
                if start_ns <= place.log_time <= end_ns:
                    yield self._topic_of[channel], place

    def last_before(self, topic: str, wall_ns: int) -> Message | None:
        """Return the last message of a topic that was noted at a time or before it.

        Raises:
            StudioError: If a chunk is damaged.
        """
        if topic not in self.topics:
            return None
        channel = self.topics[topic]
        known = self._chunks(channel)
        best: Message | None = None
        for place in range(bisect_right(known.starts, wall_ns) - 1, -1, -1):
            if best is not None and known.ends[place] < best.log_time:
                break
            for message in self._unpacked(known.chunks[place]).get(channel, ()):
                if message.log_time <= wall_ns and (
                    best is None or message.log_time > best.log_time
                ):
                    best = message
        return best

    def first_after(self, topic: str, wall_ns: int) -> Message | None:
        """Return the first message of a topic that was noted after a time.

        Raises:
            StudioError: If a chunk is damaged.
        """
        if topic not in self.topics:
            return None
        channel = self.topics[topic]
        known = self._chunks(channel)
        best: Message | None = None
        for place in range(bisect_right(known.ends, wall_ns), len(known.chunks)):
            if best is not None and known.starts[place] > best.log_time:
                break
            for message in self._unpacked(known.chunks[place]).get(channel, ()):
                if message.log_time > wall_ns and (
                    best is None or message.log_time < best.log_time
                ):
                    best = message
        return best

    def exactly(self, topic: str, wall_ns: int, sequence: int) -> Message | None:
        """Return the message of a topic with this time and number, if there is one.

        Raises:
            StudioError: If a chunk is damaged.
        """
        for _, message in self.messages([topic], wall_ns, wall_ns):
            if message.sequence == sequence:
                return message
        return None

    def _chunks(self, channel: int) -> _Chunks:
        return self._by_channel.get(channel) or _Chunks(chunks=[], starts=[], ends=[])

    def _unpacked(self, chunk: ChunkIndex) -> _ByChannel:
        """Return the messages of a chunk by channel, from memory if it was read lately."""
        offset = chunk.chunk_start_offset
        with self._lock:
            if offset in self._cache:
                self._cache.move_to_end(offset)
                return self._cache[offset][1]
            size, found = self._read_chunk(chunk)
            self._cache[offset] = (size, found)
            self._held += size
            while self._held > CACHE_BYTES and len(self._cache) > 1:
                self._held -= self._cache.popitem(last=False)[1][0]
            return found

    def _read_chunk(self, chunk: ChunkIndex) -> tuple[int, _ByChannel]:
        try:
            self._stream.seek(chunk.chunk_start_offset)
            stream: Any = self._stream
            reader = StreamReader(
                stream, skip_magic=True, emit_chunks=True, record_size_limit=CHUNK_LIMIT
            )
            record = next(iter(reader.records))
            if not isinstance(record, Chunk) or record.uncompressed_size > CHUNK_LIMIT:
                raise ValueError("no chunk where the index says")
            found: _ByChannel = {}
            for message in breakup_chunk(record, validate_crc=True):
                if isinstance(message, Message):
                    found.setdefault(message.channel_id, []).append(message)
        except (OSError, *_DAMAGE) as error:
            raise StudioError(
                f"{self.path} is damaged at byte {chunk.chunk_start_offset:,}: {error}; the rest "
                "of the session can still be looked at"
            ) from error
        return record.uncompressed_size, found


def _by_channel(chunks: list[ChunkIndex]) -> dict[int, _Chunks]:
    lists: dict[int, list[ChunkIndex]] = {}
    for chunk in sorted(chunks, key=lambda one: one.message_start_time):
        for channel in chunk.message_index_offsets:
            lists.setdefault(channel, []).append(chunk)
    return {
        channel: _Chunks(
            chunks=held,
            starts=[chunk.message_start_time for chunk in held],
            ends=list(accumulate((chunk.message_end_time for chunk in held), max)),
        )
        for channel, held in lists.items()
    }


def _in_order(found: _ByChannel, channels: Collection[int]) -> list[tuple[Message, int]]:
    """Return the messages of some channels of a chunk by the time they were noted."""
    some = [(message, channel) for channel in channels for message in found.get(channel, ())]
    return sorted(some, key=lambda pair: pair[0].log_time)
