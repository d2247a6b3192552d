"""The records of an MCAP file in the order they were written, as far as the file is whole."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard
from mcap.exceptions import InvalidMagic, McapError
from mcap.records import McapRecord
from mcap.stream_reader import StreamReader

from core.types import StudioError

RECORD_LIMIT = 256 * 1024 * 1024

_DAMAGE = (McapError, struct.error, zstandard.ZstdError, OverflowError, ValueError, MemoryError)


def read_records(path: Path) -> Iterator[McapRecord]:
    """Yield every record up to the end or the first damage; a whole file ends with a Footer.

    Raises:
        StudioError: If the file cannot be opened or is no MCAP file.
    """
    try:
        stream: Any = path.open("rb")
    except OSError as error:
        raise StudioError(f"{path} cannot be opened: {error.strerror}") from error
    with stream:
        reader = StreamReader(stream, validate_crcs=True, record_size_limit=RECORD_LIMIT)
        try:
            yield from reader.records
        except InvalidMagic as error:
            if stream.tell() <= 8:
                raise StudioError(f"{path} is no session file (.mcap)") from error
        except _DAMAGE as error:
            if stream.tell() < 8:
                raise StudioError(f"{path} is no session file (.mcap)") from error
