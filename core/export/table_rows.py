"""The columns of the tables, what they mean, and the rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.export.pose import DELTA, POSE, pose_values
from core.export.redact import redact_event, redact_plain, redact_text
from core.export.request import Keep
from core.export.take import NS, Take
from core.session.event import Event
from core.session.events import describe
from core.session.pictures import is_map, is_picture
from core.session.plain import event_to_plain
from core.types import MAX_TRACE_POINTS, RobotState

Columns = dict[str, tuple[pa.DataType, str]]
"""Type and meaning by name."""

_TEXT, _WHOLE, _REAL, _YES = pa.string(), pa.int64(), pa.float64(), pa.bool_()

EPISODES: Columns = {
    "session": (_TEXT, "name of the session file, or a hash of it"),
    "episode": (_WHOLE, "number within the session; 0 for a session without episodes"),
    "instruction": (_TEXT, "what the arm was to do, at the start"),
    "outcome": (_TEXT, "success, failure, discarded or interrupted, as a person said"),
    "progress": (_REAL, "how far it got, 0 to 100 %, as a person said"),
    "milestone": (_TEXT, "the last milestone of the rubric that was reached"),
    "rubric": (_TEXT, "what progress was given by"),
    "steered_by": (_TEXT, "trace, language, both with a space between, or nothing"),
    "started": (_TEXT, "when it began, UTC"),
    "seconds": (_REAL, "how long it took [s]"),
    "plans": (_WHOLE, "complete answers of the policy"),
    "runs": (_WHOLE, "plans that were run"),
    "steps": (_WHOLE, "steps that were executed"),
    "executing_seconds": (_REAL, "how long plans were running [s]"),
    "stops": (_WHOLE, "how often somebody or something stopped the arm"),
    "policy": (_TEXT, "name of the checkpoint or server"),
    "checkpoint": (_TEXT, "SHA-256 of the weights"),
    "robot": (_TEXT, "lab or real"),
}

STEPS: Columns = {
    "session": (_TEXT, "as in episodes"),
    "episode": (_WHOLE, "as in episodes"),
    "row": (_WHOLE, "from 0 within the episode"),
    "run": (_TEXT, "number of the run"),
    "step": (_WHOLE, "index within the chunk, from 0"),
    "request": (_WHOLE, "request to the policy that the chunk answers"),
    "instruction": (_TEXT, "what the policy was told for this chunk"),
    "begun": (_REAL, "when the step began [s since the session began]"),
    "done": (_REAL, "when it was done [s since the session began]"),
    "steered": (_YES, "whether the plan followed a drawn trace"),
    "intervention": (_YES, "whether a trace or changed words made it what it was"),
    **{
        f"action_{name}": (_REAL, "the executed row of the chunk [m, rad, 0 closed to 1 open]")
        for name in DELTA
    },
    **{
        f"before_{name}": (
            _REAL,
            "measured before: position [m], two columns of the rotation, gripper",
        )
        for name in POSE
    },
    **{f"after_{name}": (_REAL, "measured after, the same") for name in POSE},
    **{
        f"trace_{axis}{i}": (_REAL, "the trace that the plan followed, 0 to 255 across the picture")
        for i in range(MAX_TRACE_POINTS)
        for axis in "xy"
    },
}

EVENTS: Columns = {
    "session": (_TEXT, "as in episodes"),
    "episode": (_WHOLE, "the episode that it happened in; empty outside of the exported ones"),
    "time": (_TEXT, "when it was noted, UTC"),
    "seconds": (_REAL, "when it was noted [s since the session began]"),
    "monotonic_ns": (_WHOLE, "when it happened, by the clock of the machine that made it"),
    "kind": (_TEXT, "see docs/log-format.md"),
    "words": (_TEXT, "the event as a line for people"),
    "data": (_TEXT, "all fields as JSON; pictures and maps are left out"),
}


def episode_row(take: Take, session: str) -> dict[str, Any]:
    """Return the row of a take."""
    return {
        "session": session,
        "episode": take.number,
        "instruction": take.instruction,
        "outcome": str(take.outcome or ""),
        "progress": take.progress,
        "milestone": take.episode.milestone if take.episode is not None else "",
        "rubric": take.episode.rubric if take.episode is not None else "",
        "steered_by": " ".join(sorted(str(way) for way in take.steered)),
        "started": _moment(take.started_ns),
        "seconds": take.seconds,
        "plans": take.plans,
        "runs": len(take.runs),
        "steps": len(take.steps),
        "executing_seconds": sum(end - begin for begin, end in take.runs) / NS,
        "stops": take.stops,
        "policy": take.policy,
        "checkpoint": take.checkpoint,
        "robot": take.robot,
    }


def step_rows(take: Take, session: str) -> Iterator[dict[str, Any]]:
    """Yield a row for every step that was executed."""
    for number, step in enumerate(take.steps):
        row = {
            "session": session,
            "episode": take.number,
            "row": number,
            "run": step.run_id,
            "step": step.step,
            "request": step.request_id,
            "instruction": step.instruction,
            "begun": (step.begun_ns - take.zero_ns) / NS,
            "done": (step.done_ns - take.zero_ns) / NS,
            "steered": step.traced,
            "intervention": step.intervened,
        }
        row |= _named("action", DELTA, step.action.tolist())
        row |= _named("before", POSE, _pose(step.before))
        row |= _named("after", POSE, _pose(step.after))
        if step.trace is not None:
            for i, (x, y) in enumerate(step.trace.points.tolist()):
                row |= {f"trace_x{i}": x, f"trace_y{i}": y}
        yield row


def event_row(
    event: Event, number: int | None, zero_ns: int, session: str, keep: Keep
) -> dict[str, Any]:
    """Return the row of an event, redacted.

    Args:
        event: The event.
        number: Of the episode that it happened in, if any.
        zero_ns: When the session began [ns since 1970].
        session: Name of the session.
        keep: What is not redacted.
    """
    event = redact_event(event, keep)
    plain = redact_plain(event_to_plain(event, _small), keep)
    return {
        "session": session,
        "episode": number,
        "time": _moment(event.wall_ns),
        "seconds": (event.wall_ns - zero_ns) / NS,
        "monotonic_ns": event.t_ns,
        "kind": type(event).__name__,
        "words": redact_text(describe(event), keep),
        "data": json.dumps(plain, ensure_ascii=False),
    }


def _small(array: NDArray[Any], owner: Any) -> Any:
    """Return numbers as lists; of pictures and maps only the shape."""
    if is_picture(array) or is_map(array):
        return {"left_out": list(array.shape)}
    if array.dtype.kind == "f":  # JSON has no NaN
        return np.where(np.isfinite(array), array.astype(object), np.array(None)).tolist()
    return array.tolist()


def _moment(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / NS, UTC).isoformat(timespec="milliseconds")


def _named(prefix: str, names: tuple[str, ...], values: list[float] | None) -> dict[str, Any]:
    return {f"{prefix}_{name}": v for name, v in zip(names, values or [], strict=False)}


def _pose(state: RobotState | None) -> list[float] | None:
    return None if state is None else pose_values(state).tolist()
