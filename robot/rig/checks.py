"""What a robot can tell about itself, and what a person has to confirm before it may move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from core.types import StudioError
from robot.guard import RejectedError

FIELDS = ("name", "state", "found", "mend")
STATES = ("ok", "warn", "fail", "unknown")

CONFIRMED_ALWAYS = [
    {
        "name": "hardware stop at hand",
        "state": "unknown",
        "found": "The stop of this program is no safety function; no program can see yours.",
        "mend": "Have the arm's emergency stop within reach, and try it.",
    },
]
"""What only a person can know about a real arm."""

CONFIRMED_AFTER_FAULT = [
    {
        "name": "nobody within reach of the arm",
        "state": "unknown",
        "found": "The rig cannot see people.",
        "mend": "Step back, and see that others do.",
    },
    {
        "name": "cause found and removed",
        "state": "unknown",
        "found": "The arm reported an error.",
        "mend": "Find out what it met or what held it; free it with the guiding buttons if needed.",
    },
]
"""What a person confirms before an error of a real arm is acknowledged."""


@runtime_checkable
class Checkable(Protocol):
    """A robot that has a checklist."""

    def checklist(self) -> Sequence[Any]:
        """Return items with ``name``, ``state``, ``found`` and ``mend``; may take seconds."""
        ...


@runtime_checkable
class RecoveryCheckable(Protocol):
    """A robot that has a checklist for the time after an error."""

    def recovery_checklist(self) -> Sequence[Any]:
        """Return items as :meth:`Checkable.checklist`."""
        ...


@runtime_checkable
class SpeedSettable(Protocol):
    """A robot whose speed can be set."""

    def set_speed(self, share: float) -> None:
        """Move with this share, 0..1, of the arm's dynamics from the next motion on."""
        ...


def first_checklist(robot: object, *, real: bool, more: Sequence[Any] = ()) -> list[dict[str, str]]:
    """Return what has to be in order before the arm may move.

    Args:
        robot: The arm.
        real: Whether a person has to confirm what only a person can know.
        more: Items about something else than the arm.
    """
    own = robot.checklist() if isinstance(robot, Checkable) else []
    return _items([*own, *more], CONFIRMED_ALWAYS if real else [])


def recovery_checklist(robot: object, *, real: bool) -> list[dict[str, str]]:
    """Return what has to be confirmed before an error is acknowledged; nothing in a lab."""
    own = robot.recovery_checklist() if isinstance(robot, RecoveryCheckable) else []
    return _items(own, CONFIRMED_AFTER_FAULT + CONFIRMED_ALWAYS if real else [])


def require_confirmed(items: Sequence[Mapping[str, str]], confirmed: Iterable[str]) -> None:
    """Do nothing, or raise.

    Args:
        items: A checklist.
        confirmed: Names of the items that a person confirmed.

    Raises:
        RejectedError: If an item failed, or one that nobody can measure was not confirmed.
    """
    failed = [item for item in items if item["state"] == "fail"]
    if failed:
        raise RejectedError(
            f"The checklist fails at '{failed[0]['name']}': {failed[0]['found']} "
            f"{failed[0]['mend']}"
        )
    known = set(confirmed)
    missing = [
        item["name"] for item in items if item["state"] != "ok" and item["name"] not in known
    ]
    if missing:
        raise RejectedError(f"Look at these and confirm them first: {', '.join(missing)}.")


def _items(own: Sequence[Any], ours: list[dict[str, str]]) -> list[dict[str, str]]:
    items = [_item(item) for item in own]
    names = {item["name"] for item in items}
    return items + [dict(item) for item in ours if item["name"] not in names]


def _item(item: Any) -> dict[str, str]:
    if isinstance(item, Mapping):
        values = {field: str(item.get(field, "")) for field in FIELDS}
    else:
        values = {field: str(getattr(item, field, "")) for field in FIELDS}
    if values["state"] not in STATES:
        raise StudioError(f"the checklist item '{values['name']}' has no state")
    return values
