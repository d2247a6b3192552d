"""Makes a whole file out of what a killed recorder left behind."""

from __future__ import annotations

import logging
from pathlib import Path

from mcap.records import Attachment, Channel, Footer, Message, Metadata, Schema

from core.session.mcap_file import PART, McapFile, being_written
from core.session.records import read_records
from core.types import StudioError

logger = logging.getLogger(__name__)

REPAIR = ".repair"


def open_session(path: Path) -> Path:
    """Return a session file that every MCAP reader can read, repairing an unfinished one.

    Args:
        path: A session file, finished (``.mcap``) or not (``.mcap.part``).

    Raises:
        StudioError: If there is no such file, it is still being written, or it is no session file.
    """
    part = path if path.suffix == PART else path.with_name(path.name + PART)
    if path != part and path.exists():
        return path
    if not part.exists():
        raise StudioError(f"there is no session file {path}")
    return repair(part)


def repair(part: Path) -> Path:
    """Copy every whole message of an unfinished file into a finished one beside it.

    The unfinished file is removed only after the new one has been read back.

    Args:
        part: A file ``NAME.mcap.part``.

    Returns:
        ``NAME.mcap``.

    Raises:
        StudioError: If the file is still being written, is no session file, or cannot be copied.
    """
    target = part.with_suffix("")
    copy = target.with_name(target.name + REPAIR)
    if being_written(part):
        raise StudioError(f"{part} is still being written; close that studio first")
    if target.exists():
        raise StudioError(f"{target} exists already; move it away to repair {part}")
    try:
        copy.unlink(missing_ok=True)
        expected = _copy(part, target, copy)
        found, complete = _count(target)
        if found != expected or not complete:
            raise StudioError(f"{part} could not be copied faithfully; it is left as it is")
        part.unlink()
    except OSError as error:
        raise StudioError(f"{part} cannot be repaired: {error.strerror}") from error
    logger.info("repaired %s: %d messages", target, expected)
    return target


def _copy(part: Path, target: Path, copy: Path) -> int:
    """Write the messages of ``part`` to ``target`` by way of ``copy``; return their number."""
    schemas: dict[int, Schema] = {}
    channels: dict[int, int] = {}
    count, last_ns = 0, 0
    file = McapFile(target, part=copy)
    try:
        for record in read_records(part):
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel):
                channels[record.id] = _channel(file, record, schemas[record.schema_id])
            elif isinstance(record, Metadata):
                file.add_metadata(record.name, record.metadata)
            elif isinstance(record, Attachment):
                file.attach(record.name, record.media_type, record.data, wall_ns=record.log_time)
            elif isinstance(record, Message):
                file.add(
                    channels[record.channel_id],
                    record.data,
                    wall_ns=record.log_time,
                    t_ns=record.publish_time,
                    sequence=record.sequence,
                )
                count, last_ns = count + 1, max(last_ns, record.log_time)
        file.add_metadata("recovered", {"messages": str(count), "last_wall_ns": str(last_ns)})
        file.finish()
    except BaseException:
        file.abandon()
        copy.unlink(missing_ok=True)
        raise
    return count


def _channel(file: McapFile, channel: Channel, schema: Schema) -> int:
    return file.channel(
        channel.topic, channel.message_encoding, schema.name, schema.encoding, schema.data
    )


def _count(path: Path) -> tuple[int, bool]:
    """Return the number of messages and whether the file is complete."""
    count, complete = 0, False
    for record in read_records(path):
        count += isinstance(record, Message)
        complete |= isinstance(record, Footer)
    return count, complete
