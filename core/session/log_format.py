"""Writes ``docs/log-format.md`` from what the recorder really writes.

``python -m core.session.log_format > docs/log-format.md``; a test fails when the file is another.
"""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from core.session.events import EVENTS, FrameSeen
from core.session.forecast import RESERVE_BYTES
from core.session.mcap_file import CHUNK_BYTES, CHUNK_LIMIT
from core.session.outbox import FRAME_BYTES, FRAME_PATIENCE_S, SAMPLES
from core.session.writer import FLUSH_EVERY_S, SYNC_EVERY_S

FOXGLOVE, OURS = "foxglove.", "steering_studio."


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One row of the table of topics.

    Attributes:
        name: With NAME, ARM or KIND where a camera, an arm or a kind of event stands.
        schemas: Names of its schema; the first is the usual one.
        content: What it tells.
    """

    name: str
    schemas: tuple[str, ...]
    content: str


def _foxglove(name: str, schema: str, content: str) -> Topic:
    return Topic(name=name, schemas=(FOXGLOVE + schema,), content=content)


TOPICS = (
    Topic(
        name="/events/KIND",
        schemas=(f"{OURS}KIND",),
        content="every event in full, JSON; only this and the pictures are read back",
    ),
    Topic(
        name="/camera/NAME",
        schemas=(f"{FOXGLOVE}CompressedImage", f"{FOXGLOVE}CompressedVideo"),
        content="live pictures: JPEG of quality 90, or H.264 (Annex B, one picture a message, no "
        "B frames, a keyframe at least every second)",
    ),
    _foxglove("/camera/NAME/calibration", "CameraCalibration", "intrinsics, once"),
    _foxglove("/observed/NAME", "CompressedImage", "pictures of an observation, PNG, exact"),
    _foxglove("/model/input", "CompressedImage", "I⁺ as the policy had it, PNG, exact"),
    _foxglove("/studio/input", "CompressedImage", "I⁺ as the studio showed it, PNG, exact"),
    _foxglove("/model/depth", "RawImage", "depth map of an answer, 32FC1"),
    _foxglove("/robot/ARM/joints", "JointStates", "joint angles [rad] and the gripper, 0 to 1"),
    _foxglove("/robot/ARM/pose", "PoseInFrame", "end effector in the frame `base` [m]"),
    _foxglove("/trace/model", "ImageAnnotations", "the model's traces, pixels of `/observed`"),
    _foxglove("/trace/user", "ImageAnnotations", "the person's trace, pixels of `/observed`"),
    _foxglove("/cloud", "PointCloud", "the depth map of an answer, lifted and coloured"),
    _foxglove("/scene/trace/model", "SceneUpdate", "the model's traces laid onto the last depth"),
    _foxglove("/scene/trace/user", "SceneUpdate", "the person's trace laid onto the last depth"),
    _foxglove("/scene/plan", "SceneUpdate", "the way of a plan; another colour if refused"),
    _foxglove("/scene/workspace", "SceneUpdate", "the box that the tool may move in, once"),
    _foxglove("/plan/poses", "PosesInFrame", "the poses of a plan"),
    _foxglove("/tf", "FrameTransform", "`base` to fixed cameras and to `hand`, `hand` to its own"),
    _foxglove("/log", "Log", "decisive events in words"),
)

_HEAD = f"""# The session file

Written by `python -m core.session.log_format > docs/log-format.md`; do not edit it by hand.

One session is one [MCAP](https://mcap.dev) file, written by a process of its own
(`python main.py record`) from what the studio sends it. Any MCAP reader opens it; Foxglove and
Lichtblick draw what is in Foxglove's schemas. `core.session.reader.read_session` gives back the
typed events.

## Rules

- The file is `session-DATE-TIME.mcap.part`, locked, until it is complete; then it gets its name.
  No file is ever replaced: a name that is taken gets a number.
- `log_time` is when a message was noted [ns since 1970, never jumping within a session];
  `publish_time` is when it happened [ns, monotonic clock of the machine that made the value];
  `sequence` counts a topic's messages, and a camera's own pictures: a gap there is a lost picture.
- A chunk (zstd) is finished at {CHUNK_BYTES // 1024} KiB and never made larger than
  {CHUNK_LIMIT // 1024} KiB by adding to it; one larger message has a chunk of its own. What waits
  is finished and handed to the operating system every {FLUSH_EVERY_S:g} s, and put on the disk
  every {SYNC_EVERY_S:g} s.
- A *decisive* event is handed to the operating system and put on the disk at once. The recorder
  reports it; what it has not reported when it dies, the studio keeps for the next file.
- The queue to the recorder is bounded: beyond {FRAME_BYTES // 2**20} MiB of live pictures, or when
  one has waited for {FRAME_PATIENCE_S:g} s, pictures are left out: those of a standing arm before
  others. Beyond {SAMPLES} measurements the oldest goes. Events never do. What was left out is
  counted, shown in the status bar, and noted at the end of the file.
- The forecast of how long the disk lasts leaves {RESERVE_BYTES // 2**20} MiB untouched.
- A file that was never finished is repaired when it is opened (`core.session.repair`, or
  `python main.py record --repair FILE`): every whole message is copied, the copy is read back, and
  only then the old file goes. Nothing but this package is needed for it.

## Topics

| topic | schema | content |
|---|---|---|
"""

_MIDDLE = f"""
Messages in Foxglove's schemas are protobuf. Pictures and maps come before the event that they
belong to. In its JSON such an array is `{{"$picture": TOPIC, "sequence": NUMBER}}`; other arrays
are nested lists. NaN and infinity are the words "nan", "inf" and "-inf".

## Metadata and attachments

| record | content |
|---|---|
| metadata `session` | `git` (commit, `-dirty` with local changes), `python`, `platform`, \
versions of the libraries, `started_wall_ns`, `program` |
| metadata `started` | `configuration` and `cameras` (calibrations) as JSON, `policy`, \
`checkpoint` (SHA-256 of the weights), `robot`, `host` |
| metadata `recovered` | only in a repaired file: `messages` copied and `last_wall_ns` |
| attachments | the documents of `Attached` events, such as protocol and consent text |

A reader ignores fields that it does not know and fills those that an older file lacks with their
defaults.

## Events

All have `t_ns` and `wall_ns`, the two clocks above. `{FrameSeen.__name__}` has no JSON: it is the
message on `/camera/NAME`.
"""


def document() -> str:
    """Return the whole text."""
    rows = [
        f"| `{topic.name}` | {' or '.join(topic.schemas)} | {topic.content} |" for topic in TOPICS
    ]
    events = [kind for kind in EVENTS.values() if kind is not FrameSeen]
    parts = [_HEAD + "\n".join(rows) + "\n" + _MIDDLE]
    parts += [_section(kind, _weight(kind)) for kind in events]
    parts.append("## Values inside events\n")
    parts += [_section(kind, "") for kind in _inside(events)]
    return "\n".join(parts)


def _weight(kind: type) -> str:
    return "Decisive." if EVENTS[kind.__name__].decisive else "Not decisive."


def _section(kind: type, weight: str) -> str:
    """Describe one dataclass."""
    first, about = _documented(kind)
    hints = get_type_hints(kind)
    lines = [f"### {kind.__name__}\n", f"{first} {weight}".rstrip() + "\n"]
    rows = [
        f"| `{field.name}` | {_words(hints[field.name])} | {about.get(field.name, '')} |"
        for field in fields(kind)
        if field.name not in ("t_ns", "wall_ns") or field.name in about
    ]
    if rows:
        lines.append("\n".join(["| field | type | meaning |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(lines)


def _documented(kind: type) -> tuple[str, dict[str, str]]:
    """Return the first line of a docstring, and what it says about each attribute."""
    text = inspect.cleandoc(kind.__doc__ or "")
    about: dict[str, str] = {}
    name = ""
    for line in text.partition("Attributes:\n")[2].splitlines():
        if line.startswith("     ") and name:
            about[name] += f" {line.strip()}"
        elif line.startswith("    "):
            name, _, words = line.strip().partition(": ")
            about[name] = words
        elif line:
            break
    return text.splitlines()[0], {
        key: words.replace("|", "/").replace("``", "`") for key, words in about.items()
    }


def _words(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return f"{_words(next(a for a in arguments if a is not NoneType))}, or null"
    if hint is np.ndarray or origin is np.ndarray:
        return "array"
    if is_dataclass(hint):
        return f"[{getattr(hint, '__name__', '')}](#{getattr(hint, '__name__', '').lower()})"
    if origin is tuple:
        return f"list of {_words(arguments[0])}"
    if origin is dict:
        return f"map to {_words(arguments[1])}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(f'"{member.value}"' for member in hint)
    return _PLAIN[hint]


_PLAIN = {bool: "true or false", int: "integer", float: "number", str: "text", Any: "anything"}


def _inside(kinds: list[Any]) -> list[type]:
    """Return the dataclasses that fields of others hold, each once, by name."""
    found: dict[str, type] = {}
    waiting: list[Any] = [hint for kind in kinds for hint in get_type_hints(kind).values()]
    while waiting:
        hint = waiting.pop()
        waiting += get_args(hint)
        if isinstance(hint, type) and is_dataclass(hint) and hint.__name__ not in found:
            found[hint.__name__] = hint
            waiting += get_type_hints(hint).values()
    return [found[name] for name in sorted(found)]


if __name__ == "__main__":
    sys.stdout.write(document())
