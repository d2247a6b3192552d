"""Reads the mapping of a YAML file field by field, with a sentence for whatever does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, TypeVar, cast

from core.types import StudioError

Chosen = TypeVar("Chosen", bound=StrEnum)
MISSING: Any = object()


class Fields:
    """The fields of one mapping; each is taken once, and :meth:`close` refuses what is left."""

    def __init__(self, loaded: Any, where: str) -> None:
        """Wrap what a YAML file holds.

        Args:
            loaded: Expected to be a mapping with texts as keys.
            where: What it is, for messages, such as "study.yaml, scene 2".

        Raises:
            StudioError: If it is no such mapping.
        """
        if not isinstance(loaded, dict) or not all(isinstance(k, str) for k in cast(Any, loaded)):
            raise StudioError(f"{where} is {_shown(loaded)}; expected lines like 'name: value'.")
        self.where = where
        self._left = dict(cast("dict[str, Any]", loaded))
        self._known: list[str] = []

    def take(self, name: str, default: Any = MISSING) -> Any:
        """Take a field as it is.

        Raises:
            StudioError: If it is missing and there is no default.
        """
        self._known.append(name)
        value = self._left.pop(name, default)
        if value is MISSING:
            raise StudioError(f"{self.where} has no '{name}'; add a line '{name}: …'.")
        return value

    def text(
        self, name: str, default: Any = MISSING, *, most: int = 200, empty: bool = False
    ) -> str:
        """Take a text of at most ``most`` characters."""
        value = self.take(name, default)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)  # a version such as 1.0 is meant as it is written
        if not isinstance(value, str) or not (empty or value.strip()) or len(value) > most:
            raise self._fault(name, value, f"a text of 1 to {most} characters")
        return value.strip()

    def number(self, name: str, low: float, high: float, default: Any = MISSING) -> float:
        """Take a number from ``low`` to ``high``."""
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._fault(name, value, f"a number from {low:g} to {high:g}")
        if not low <= value <= high:
            raise self._fault(name, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, name: str, low: int, high: int, default: Any = MISSING) -> int:
        """Take a whole number from ``low`` to ``high``."""
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._fault(name, value, f"a whole number from {low} to {high}")
        return value

    def choice(self, name: str, kind: type[Chosen], default: Any = MISSING) -> Chosen:
        """Take one of the words of an enumeration."""
        value = self.take(name, default)
        try:
            return kind(str(value))
        except ValueError:
            raise self._fault(name, value, f"one of {', '.join(kind)}") from None

    def items(self, name: str, default: Any = MISSING, *, most: int = 1000) -> Sequence[Any]:
        """Take a list of at most ``most`` entries."""
        value = self.take(name, default)
        if not isinstance(value, (list, tuple)) or len(cast("list[Any]", value)) > most:
            raise self._fault(name, value, f"a list of at most {most} entries")
        return cast("Sequence[Any]", value)

    def texts(self, name: str, default: Any = MISSING, *, most: int = 100) -> tuple[str, ...]:
        """Take a list of texts."""
        found = self.items(name, default, most=most)
        for value in found:
            if not isinstance(value, str) or not value.strip():
                raise self._fault(name, value, "a list of texts")
        return tuple(str(value).strip() for value in found)

    def inner(self, name: str, default: Any = MISSING) -> Fields:
        """Take a mapping within this one."""
        return Fields(self.take(name, default), f"{self.where}, {name}")

    def rest(self) -> dict[str, Any]:
        """Take all fields that nobody took, for somebody else who knows them."""
        left, self._left = self._left, {}
        return left

    def close(self) -> None:
        """Refuse what nobody took.

        Raises:
            StudioError: With the nearest name that is known.
        """
        for name in self._left:
            near = get_close_matches(name, self._known, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(self._known)}."
            raise StudioError(f"{self.where} has '{name}', which means nothing there; {hint}")

    def _fault(self, name: str, value: Any, expected: str) -> StudioError:
        return StudioError(f"In {self.where}, '{name}' is {_shown(value)}; expected {expected}.")


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    words = repr(value)
    return words if len(words) <= 60 else words[:57] + "…"
