"""Messages on the wire: msgpack with numpy arrays, in openpi's layout.

An array becomes the map ``{b"__ndarray__": True, b"data": bytes, b"dtype": str, b"shape": tuple}``
and a numpy scalar ``{b"__npgeneric__": True, b"data": value, b"dtype": str}``, as the openpi
client (Physical-Intelligence/openpi, ``msgpack_numpy.py``) writes them. Object, void and complex
arrays are refused on both sides.
"""

from __future__ import annotations

import math
from typing import Any

import msgpack
import numpy as np

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_REFUSED_KINDS = "OVc"


class WireError(ValueError):
    """A message that cannot be read or written."""


def pack(message: Any) -> bytes:
    """Encode a message of plain values, containers and numpy arrays.

    Raises:
        WireError: If it holds something that does not travel.
    """
    try:
        packed: Any = msgpack.packb(message, default=_encode, use_bin_type=True)
    except (TypeError, ValueError, OverflowError) as error:
        raise WireError(f"this message cannot be sent: {error}") from error
    return packed


def unpack(data: bytes | str) -> Any:
    """Decode a message; arrays are read-only views of ``data``.

    Raises:
        WireError: If the bytes are no message, or an array's size does not fit its shape.
    """
    if isinstance(data, str):
        raise WireError("expected a binary message, got text")
    if len(data) > MAX_MESSAGE_BYTES:
        raise WireError(f"message of {len(data)} bytes is over the limit of {MAX_MESSAGE_BYTES}")
    try:
        return msgpack.unpackb(data, object_hook=_decode, raw=False, strict_map_key=False)
    except WireError:
        raise
    except Exception as error:  # msgpack raises many kinds on damaged input
        raise WireError(f"this is not a message: {error}") from error


def _encode(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in _REFUSED_KINDS:
        raise WireError(f"arrays of type {value.dtype} do not travel")
    if isinstance(value, np.ndarray):
        return {
            b"__ndarray__": True,
            b"data": value.tobytes(),
            b"dtype": value.dtype.str,
            b"shape": value.shape,
        }
    if isinstance(value, np.generic):
        return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}
    raise TypeError(f"{type(value).__name__} does not travel")


def _decode(value: dict[Any, Any]) -> Any:
    if b"__ndarray__" in value:
        dtype = _dtype(value.get(b"dtype"))
        shape = tuple(int(n) for n in value.get(b"shape", ()))
        data = value.get(b"data", b"")
        if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data):
            raise WireError(f"array of shape {shape} and type {dtype} has {len(data)} bytes")
        return np.frombuffer(data, dtype=dtype).reshape(shape)
    if b"__npgeneric__" in value:
        return _dtype(value.get(b"dtype")).type(value.get(b"data"))
    return value


def _dtype(name: Any) -> np.dtype[Any]:
    try:
        dtype = np.dtype(name.decode() if isinstance(name, bytes) else name)
    except (TypeError, AttributeError) as error:
        raise WireError(f"unknown array type {name!r}") from error
    if dtype.kind in _REFUSED_KINDS:
        raise WireError(f"arrays of type {dtype} do not travel")
    return dtype
