"""Messages from the studio to the recorder: a length, then :mod:`core.wire`, over a pipe.

The first message is ``{"metadata": {name: text}}``; each later one is ``{"event": kind, "value":
plain}``, ``{"picture": fields of EncodedFrame}`` or ``{"drops": {kind: total}}``. The end of the
pipe ends the session, however it came about.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from core.session.events import Event
from core.session.frame_encoder import EncodedFrame
from core.session.plain import event_from_plain, event_to_plain
from core.types import StudioError
from core.wire import MAX_MESSAGE_BYTES, pack, unpack

_LENGTH = struct.Struct(">I")


def frame_message(message: dict[str, Any]) -> bytes:
    """Return a message with its length in front."""
    body = pack(message)
    return _LENGTH.pack(len(body)) + body


def event_message(event: Event) -> bytes:
    """Return an event as a framed message; its arrays travel raw."""
    plain = event_to_plain(event, lambda array, _owner: array)
    return frame_message({"event": type(event).__name__, "value": plain})


def picture_message(picture: EncodedFrame) -> bytes:
    """Return a live picture as a framed message."""
    return frame_message({"picture": asdict(picture)})


def read_picture(message: dict[str, Any]) -> EncodedFrame:
    """Rebuild the picture of a message.

    Raises:
        StudioError: If the message is damaged.
    """
    try:
        return EncodedFrame(**message["picture"])
    except TypeError as error:
        raise StudioError(f"a picture to the recorder is damaged: {error}") from error


def read_event(message: dict[str, Any]) -> Event:
    """Rebuild the event of a message.

    Raises:
        StudioError: If the message is damaged.
    """
    return event_from_plain(str(message["event"]), message["value"], lambda array: array)


class Unframer:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Yield the messages that ``data`` completes.

        Raises:
            StudioError: If the stream is damaged; nothing after that can be read.
        """
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_MESSAGE_BYTES:
                raise StudioError("what arrives at the recorder is no session")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            try:
                message = unpack(body)
            except ValueError as error:
                raise StudioError(f"a message to the recorder is damaged: {error}") from error
            if not isinstance(message, dict):
                raise StudioError("a message to the recorder is damaged: expected a map")
            yield message
