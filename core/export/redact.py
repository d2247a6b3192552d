"""Takes out of a session what tells about persons and machines rather than about the task.

What goes, unless it is asked for: names of operators and participants, addresses, remarks and
documents in free words, and folders. What stays: instructions, traces, actions, times, outcomes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from core.export.request import Keep
from core.session.episode_events import EpisodeEnded, EpisodeNoted
from core.session.event import Event
from core.session.events import Note, SessionStarted

GONE = "[removed]"

_NAME_WORDS = ("operator", "participant", "author", "user", "evaluator", "email", "host", "address")
_NOTE_WORDS = ("note", "notes", "remark", "comment", "reason_text")
_FOLDER, _LAST = r"[\w.+\- ]*[\w.+\-][/\\]", r"[\w.+\-]*"
_PATH = re.compile(
    r"(?:file://|(?<![\w.:/]))"  # not in the midst of a word or of a web address
    rf"(?:(?:~[/\\]|[A-Za-z]:\\)(?:{_FOLDER})*|/(?:{_FOLDER})+){_LAST}"
)
_OWN_NAME = re.compile(r"session-\d{8}-\d{6}(-\d+)?")
_PROGRAMS = ("studio", "recorder", "operator", "watchdog")
"""Authors that are no persons; "operator" is the part that somebody plays, not a name."""


def session_name(path: Path, keep: Keep) -> str:
    """Return the name of a session: the studio's own name of its file, or one made of a hash."""
    stem = path.name.split(".mcap")[0]
    if keep.names or _OWN_NAME.fullmatch(stem):
        return stem
    return f"session-{hashlib.sha256(stem.encode()).hexdigest()[:8]}"


def redact_event(event: Event, keep: Keep) -> Event:
    """Return an event whose words for people tell nothing that is to be left out."""
    match event:
        case Note():
            person = event.author not in _PROGRAMS
            author = event.author if keep.names or not person else GONE
            own = event.author in ("studio", "recorder")
            return replace(event, author=author, text=event.text if keep.notes or own else GONE)
        case EpisodeNoted():
            return event if keep.notes or not event.text else replace(event, text=GONE)
        case EpisodeEnded():
            return event if keep.notes or not event.note else replace(event, note=GONE)
        case SessionStarted():
            return event if keep.names else replace(event, host="")
        case _:
            if type(event).__name__ == "Attached" and not keep.notes:
                return cast("Event", replace(cast("Any", event), text=GONE))
            return event


def redact_plain(value: Any, keep: Keep, name: str = "") -> Any:
    """Return plain values without names, notes and paths, whatever the field they are in is called.

    Args:
        value: Numbers, words, lists and dictionaries.
        keep: What is left in.
        name: Of the field.
    """
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: redact_plain(item, keep, str(key)) for key, item in items}
    if isinstance(value, (list, tuple)):
        return [redact_plain(item, keep, name) for item in cast("list[Any]", value)]
    if isinstance(value, str):
        return _redact_word(value, keep, name.lower())
    return value


def redact_text(text: str, keep: Keep) -> str:
    """Return words without folders of this machine."""
    return text if keep.paths else _PATH.sub(GONE, text)


def _redact_word(value: str, keep: Keep, name: str) -> str:
    if not value or value in _PROGRAMS:
        return value
    if not keep.names and any(word in name.split("_") for word in _NAME_WORDS):
        return GONE
    if not keep.notes and name in _NOTE_WORDS:
        return GONE
    return redact_text(value, keep)
