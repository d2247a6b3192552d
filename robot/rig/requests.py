"""Values of a client's request, each checked where it is read."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError

MAX_TEXT = 2000
MAX_NAMES = 100


def text(request: dict[str, Any], name: str) -> str:
    """Return a text; empty when there is none.

    Raises:
        StudioError: If it is something else, or very long.
    """
    value = request.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise StudioError(f"'{name}' is no text of at most {MAX_TEXT} characters")
    return value


def flag(request: dict[str, Any], name: str) -> bool:
    """Return true or false; false when there is none.

    Raises:
        StudioError: If it is something else.
    """
    value = request.get(name, False)
    if not isinstance(value, bool):
        raise StudioError(f"'{name}' is {value!r}; expected true or false")
    return value


def optional_int(request: dict[str, Any], name: str) -> int | None:
    """Return a whole number, or None.

    Raises:
        StudioError: If it is something else.
    """
    value = request.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise StudioError(f"'{name}' is {value!r}; expected a whole number")
    return value


def optional_number(request: dict[str, Any], name: str) -> float | None:
    """Return a finite number, or None.

    Raises:
        StudioError: If it is something else.
    """
    value = request.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise StudioError(f"'{name}' is {value!r}; expected a number")
    return float(value)


def steps_of(request: dict[str, Any]) -> int | None:
    """Return how many steps are meant; None for all.

    Raises:
        StudioError: If it is no whole number.
    """
    try:
        return optional_int(request, "steps")
    except StudioError as error:
        steps = request.get("steps")
        raise StudioError(f"the number of steps is {steps!r}; expected a whole number") from error


def corner(request: dict[str, Any], name: str) -> NDArray[np.float64]:
    """Return a (3,) point [m].

    Raises:
        StudioError: If it is none.
    """
    try:
        point = np.asarray(request.get(name), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StudioError(f"'{name}' is no point; expected three numbers in metres") from error
    if point.shape != (3,) or not np.isfinite(point).all():
        raise StudioError(f"'{name}' is no point; expected three finite numbers in metres")
    return point


def names(request: dict[str, Any], name: str) -> list[str]:
    """Return a list of texts; empty when there is none.

    Raises:
        StudioError: If it is something else.
    """
    value = request.get(name, [])
    if not isinstance(value, list | tuple) or len(value) > MAX_NAMES:
        raise StudioError(f"'{name}' is {type(value).__name__}; expected a list of names")
    return [str(item)[:MAX_TEXT] for item in value]
