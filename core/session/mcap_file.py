"""One MCAP file while it is written: nothing is overwritten, little is lost when the power goes.

The file is called ``NAME.mcap.part`` and locked until it is complete, so that nobody repairs a file
that is still being written.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from mcap.writer import CompressionType, Writer

from core.session.chunk_indices import keep_small
from core.session.records import RECORD_LIMIT

CHUNK_BYTES = 128 * 1024
"""A chunk is finished when it holds this much ..."""

CHUNK_LIMIT = 256 * 1024
"""... and before a message would make it larger than this; only one large message may."""

PART = ".part"


class McapFile:
    """Writes ``path`` through ``path.part``; use :meth:`finish`, or :meth:`abandon` on a fault."""

    def __init__(self, path: Path, *, part: Path | None = None) -> None:
        """Create the file.

        Args:
            path: Name of the finished file.
            part: Name until then, if not ``path.part``.

        Raises:
            FileExistsError: If ``path`` or its part exists.
            OSError: If the file cannot be created.
        """
        if path.exists():
            raise FileExistsError(f"{path} exists")
        self.path = path
        self.part = part or path.with_name(path.name + PART)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self.part.open("xb")
        fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._writer = Writer(
            self._stream, chunk_size=RECORD_LIMIT, compression=CompressionType.ZSTD
        )
        keep_small(self._writer)
        self._writer.start(library="steering-studio")
        self._final = 0
        self._pending = 0
        self._schemas: dict[str, int] = {}
        self._channels: dict[str, int] = {}
        self.flush(sync=True)

    @property
    def size(self) -> int:
        """Bytes written so far, without what waits in the current chunk."""
        return self._final or self._stream.tell()

    @property
    def descriptor(self) -> int:
        """Number of the open file, to have it put on the disk."""
        return self._stream.fileno()

    def channel(
        self, topic: str, message_encoding: str, name: str, schema_encoding: str, schema: bytes
    ) -> int:
        """Return the id of a topic's channel, which is registered when it is new."""
        if topic not in self._channels:
            if name not in self._schemas:
                self._schemas[name] = self._writer.register_schema(name, schema_encoding, schema)
            self._channels[topic] = self._writer.register_channel(
                topic, message_encoding, self._schemas[name]
            )
        return self._channels[topic]

    def add(self, channel: int, data: bytes, *, wall_ns: int, t_ns: int, sequence: int = 0) -> None:
        """Append a message.

        Args:
            channel: From :meth:`channel`.
            data: The encoded message.
            wall_ns: When it was noted [ns since 1970].
            t_ns: When it happened [ns, monotonic].
            sequence: Running number of the topic.
        """
        if self._pending and self._pending + len(data) > CHUNK_LIMIT:
            self.flush()
        self._writer.add_message(channel, wall_ns, data, t_ns, sequence & 0xFFFFFFFF)
        self._pending += len(data)
        if self._pending >= CHUNK_BYTES:
            self.flush()

    def add_metadata(self, name: str, values: dict[str, str]) -> None:
        """Append facts about the file."""
        self._writer.add_metadata(name, values)

    def attach(self, name: str, media_type: str, data: bytes, *, wall_ns: int) -> None:
        """Append a document, such as a protocol or a consent text.

        Args:
            name: What it is called.
            media_type: Such as "text/plain".
            data: Its bytes.
            wall_ns: When it was noted [ns since 1970].
        """
        self.flush()  # in the file's order it stands between what came before and after it
        self._writer.add_attachment(0, wall_ns, name, media_type, data)

    def flush(self, *, sync: bool = False) -> None:
        """Finish the chunk and hand it to the operating system; with ``sync``, to the disk."""
        self._writer.flush()
        self._pending = 0
        if sync:
            os.fsync(self._stream.fileno())

    def finish(self) -> Path:
        """Complete the file and give it its name; returns that."""
        self._writer.finish()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        _rename_new(self.part, self.path)
        self._final = self._stream.tell()
        self._stream.close()
        return self.path

    def abandon(self) -> None:
        """Close the file as it is, under its name with ``.part``."""
        with suppress(OSError):  # what is still buffered may not fit on the disk
            self._stream.close()


def being_written(part: Path) -> bool:
    """Whether another process holds the unfinished file."""
    with part.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _rename_new(source: Path, target: Path) -> None:
    """Rename without replacing an existing target, and make the new name last."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if target.exists():
            raise FileExistsError(f"{target} exists") from None
        os.rename(source, target)
    else:
        os.unlink(source)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
