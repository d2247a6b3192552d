"""Messages between the lab and its child processes, over a socket pair.

Each message is :mod:`core.wire` bytes after their length. A child whose channel ends knows that
its parent is gone, however it went, and exits.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from typing import Any

from core.wire import MAX_MESSAGE_BYTES, WireError, pack, unpack

_LENGTH = struct.Struct("<I")


class ChannelClosedError(ConnectionError):
    """The process at the other end is gone."""


class Channel:
    """One end of a two-way message stream."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray()

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """Return the parent's end and the socket to hand to a child."""
        mine, theirs = socket.socketpair()
        return cls(mine), theirs

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Channel:
        """Return the child's end from the descriptor that it was started with."""
        return cls(socket.socket(fileno=descriptor))

    def send(self, message: Any) -> None:
        """Send one message.

        Raises:
            ChannelClosedError: If the other end is gone.
            WireError: If the message cannot travel.
        """
        data = pack(message)
        try:
            self._socket.sendall(_LENGTH.pack(len(data)) + data)
        except OSError as error:
            raise ChannelClosedError("the process at the other end is gone") from error

    def receive(self, timeout: float) -> Any | None:
        """Return the next message, or None when none arrives within ``timeout`` seconds.

        Raises:
            ChannelClosedError: If the other end is gone.
            WireError: If what arrived is no message.
        """
        deadline = time.monotonic() + timeout
        while (message := self._complete()) is None:
            if not self._wait(max(0.0, deadline - time.monotonic())):
                return None
            try:
                data = self._socket.recv(1 << 20)
            except OSError as error:
                raise ChannelClosedError("the process at the other end is gone") from error
            if not data:
                raise ChannelClosedError("the process at the other end is gone")
            self._buffer += data
        return message

    def close(self) -> None:
        """End the stream; the other end notices."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _wait(self, timeout: float) -> bool:
        try:
            return bool(select.select([self._socket], [], [], timeout)[0])
        except (OSError, ValueError) as error:  # closed by another thread
            raise ChannelClosedError("this end of the channel was closed") from error

    def _complete(self) -> Any | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if length > MAX_MESSAGE_BYTES:
            raise WireError(f"message of {length} bytes is over the limit of {MAX_MESSAGE_BYTES}")
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        data = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return unpack(data)
