"""YAML and ``key=value`` words to frozen dataclasses, with a sentence for what does not fit."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from core.types import StudioError

T = TypeVar("T")


class PresetError(StudioError):
    """A preset that cannot be used: unknown, or with an unknown key or another kind of value."""


def from_values(cls: type[T], values: Any, where: str) -> T:
    """Make a dataclass of plain values.

    Args:
        cls: Frozen dataclass; nested ones, tuples, dictionaries and ``X | None`` are followed.
        values: What YAML gave.
        where: Names the place for the sentence, such as "preset 'tiny-smoke'".

    Raises:
        PresetError: A key is unknown or missing, or a value is of another kind.
    """
    return _dataclass(cls, values, where, "")


def with_words(values: dict[str, Any], words: Iterable[str]) -> dict[str, Any]:
    """Return values with ``key=value`` words put in; dots go into nested ones.

    Values are read as YAML, so that numbers, lists and null mean what they mean in a preset.

    Raises:
        PresetError: A word has no equals sign, or its value is no YAML.
    """
    result = dict(values)
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key:
            raise PresetError(f"'{word}' is no setting; expected key=value, such as steps=100")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise PresetError(f"the value of '{word}' cannot be read: {error}") from error
        *path, last = key.split(".")
        place = result
        for name in path:
            inner = place.get(name)
            place[name] = place = dict(inner) if isinstance(inner, dict) else {}
        place[last] = value
    return result


def _dataclass(cls: type[T], values: Any, where: str, path: str) -> T:
    if not isinstance(values, dict):
        raise PresetError(f"{where}: {path or 'it'} holds {values!r}; expected names with values")
    hints = get_type_hints(cls)
    known = [field.name for field in fields(cls)]  # pyright: ignore[reportArgumentType]
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
            raise PresetError(f"{where} has no key '{path}{name}'; {hint}")
    made: dict[str, Any] = {}
    for field in fields(cls):  # pyright: ignore[reportArgumentType]
        if field.name in values:
            place = f"{path}{field.name}"
            made[field.name] = _value(hints[field.name], values[field.name], where, place)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise PresetError(f"{where} lacks '{path}{field.name}'")
    return cls(**made)


def _value(kind: Any, value: Any, where: str, path: str) -> Any:
    """Bring a value into the kind that an annotation asks for."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        inner = [one for one in get_args(kind) if one is not NoneType]
        return None if value is None else _value(inner[0], value, where, path)
    if origin is Literal:
        if value not in get_args(kind):
            choices = ", ".join(str(one) for one in get_args(kind))
            raise PresetError(f"{where}: {path} is {value!r}; choose one of {choices}")
        return value
    if is_dataclass(kind):
        return _dataclass(kind, value, where, f"{path}.")  # pyright: ignore[reportArgumentType]
    if origin is tuple:
        return _tuple(kind, value, where, path)
    if origin is dict:
        if not isinstance(value, dict):
            raise PresetError(f"{where}: {path} is {value!r}; expected names with values")
        inner = get_args(kind)[1]
        return {str(k): _value(inner, v, where, f"{path}.{k}") for k, v in value.items()}
    return _plain(kind, value, where, path)


def _tuple(kind: Any, value: Any, where: str, path: str) -> Any:
    arguments = get_args(kind)
    many = arguments[-1] is Ellipsis
    if not isinstance(value, list | tuple) or (not many and len(value) != len(arguments)):
        wanted = "a list" if many else f"a list of {len(arguments)} values"
        raise PresetError(f"{where}: {path} is {value!r}; expected {wanted}")
    kinds = [arguments[0]] * len(value) if many else arguments
    pairs = enumerate(zip(kinds, value, strict=True))
    return tuple(_value(inner, one, where, f"{path}.{i}") for i, (inner, one) in pairs)


def _plain(kind: Any, value: Any, where: str, path: str) -> Any:
    if kind is float and isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)  # YAML takes 5e-4 for a text
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind in (bool, str) and isinstance(value, kind):
        return value
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    raise PresetError(f"{where}: {path} is {value!r}; expected {names.get(kind, 'another kind')}")
