"""One line of a checklist."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """How an item of a checklist stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItem:
    """What was looked at before an arm may move.

    Attributes:
        name: Short and the same every time; a person confirms the item by it.
        state: "ok"; "warn" or "unknown" where a person has to look; "fail" where nothing may move.
        found: What was found, as a sentence.
        mend: What to do about it, as a sentence; empty when all is well.
    """

    name: str
    state: CheckState
    found: str
    mend: str = ""
