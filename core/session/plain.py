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
        return cast("Event", _reader(EVENTS[kind])(plain, load))
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
        names = _names(type(value))
        return {name: _to_plain(getattr(value, name), keep, value) for name in names}
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value).items()
        return {str(key): _to_plain(item, keep, owner) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [_to_plain(item, keep, owner) for item in cast("list[Any]", value)]
    return str(value)  # a path in the configuration, for example


_Read = Callable[[Any, LoadArray], Any]


@cache
def _reader(hint: Any) -> _Read:
    """Return what reads a plain value as a type; looked up once, as it serves every message."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda plain, load: plain
    if origin in (Union, UnionType):
        inner = _reader(next(a for a in arguments if a is not NoneType))
        return lambda plain, load: None if plain is None else inner(plain, load)
    if hint is np.ndarray or origin is np.ndarray:
        return lambda plain, load: load(plain)
    if is_dataclass(hint):
        return _dataclass_reader(cast("type", hint))
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is dict:
        item = _reader(arguments[1])
        return lambda plain, load: {key: item(value, load) for key, value in plain.items()}
    return lambda plain, load: hint(plain)


def _dataclass_reader(kind: type) -> _Read:
    readers = {name: _reader(hint) for name, hint in _hints(kind).items()}

    def read(plain: Any, load: LoadArray) -> Any:
        found = {name: get(plain[name], load) for name, get in readers.items() if name in plain}
        return kind(**found)

    return read


def _tuple_reader(arguments: tuple[Any, ...]) -> _Read:
    readers = [_reader(a) for a in arguments if a is not ...]
    endless = arguments[-1] is ...

    def read(plain: Any, load: LoadArray) -> Any:
        each = readers * len(plain) if endless else readers
        return tuple(get(item, load) for get, item in zip(each, plain, strict=True))

    return read


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in _names(kind)}


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
