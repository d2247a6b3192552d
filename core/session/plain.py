"""Any event as plain values, and back, by the fields' declared types.

One walk serves every event, the pipe to the recorder and the log; only what becomes of an array
differs, so the caller says it. Fields that a newer version added are ignored when read, fields that
an older version lacked get their defaults.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from core.session.events import EVENTS, Event
from core.types import StudioError

KeepArray = Callable[[NDArray[Any], Any], Any]
"""Gets an array and the object whose field it is; returns a plain value that stands for it."""

LoadArray = Callable[[Any], NDArray[Any]]
"""Turns what a :data:`KeepArray` returned into the array."""


def event_to_plain(event: Event, keep: KeepArray) -> dict[str, Any]:
    """Return the fields of an event as plain values."""
    return cast("dict[str, Any]", _to_plain(event, keep, None))


def event_from_plain(kind: str, plain: Any, load: LoadArray) -> Event:
    """Rebuild an event.

    Raises:
        StudioError: If the kind is unknown, or a field is missing or damaged.
    """
    if kind not in EVENTS:
        raise StudioError(f"the log has an event '{kind}' that this version does not know")
    try:
        return cast("Event", _from_plain(EVENTS[kind], plain, load))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise StudioError(f"an event '{kind}' in the log is damaged: {error}") from error


def json_schema(kind: type[Event]) -> dict[str, Any]:
    """Return a JSON schema of the event, for viewers that list its fields."""
    return {"title": kind.__name__, "description": _first_line(kind), **_schema(kind)}


def _to_plain(value: Any, keep: KeepArray, owner: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, np.ndarray):
        return keep(cast("NDArray[Any]", value), owner)
    if isinstance(value, np.generic):
        return value.item()
    if is_dataclass(value):
        return {f.name: _to_plain(getattr(value, f.name), keep, value) for f in fields(value)}
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {str(key): _to_plain(item, keep, owner) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [_to_plain(item, keep, owner) for item in cast("list[Any]", value)]
    return str(value)  # a path in the configuration, for example


def _from_plain(hint: Any, plain: Any, load: LoadArray) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return plain
    if origin in (Union, UnionType):
        if plain is None:
            return None
        return _from_plain(next(a for a in arguments if a is not NoneType), plain, load)
    if hint is np.ndarray or origin is np.ndarray:
        return load(plain)
    if is_dataclass(hint):
        hints = _hints(cast("type", hint))
        given = {
            name: _from_plain(hints[name], plain[name], load) for name in hints if name in plain
        }
        return cast("type", hint)(**given)
    if origin is tuple:
        inner = arguments[:1] * len(plain) if arguments[-1] is ... else arguments
        return tuple(_from_plain(a, item, load) for a, item in zip(inner, plain, strict=True))
    if origin is dict:
        return {key: _from_plain(arguments[1], item, load) for key, item in plain.items()}
    return hint(plain)


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}


_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def _schema(hint: Any) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _schema(next(a for a in arguments if a is not NoneType))
    if is_dataclass(hint):
        hints = _hints(cast("type", hint))
        return {"type": "object", "properties": {name: _schema(h) for name, h in hints.items()}}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": True}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"type": "string", "enum": [member.value for member in hint]}
    return {"type": _JSON_TYPES[hint]} if hint in _JSON_TYPES else {}


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0]
