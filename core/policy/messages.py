"""Observations, traces and answers as plain values for :mod:`core.wire`, and back.

Everything read here may come from a stranger: damage of any kind becomes a ``StudioError``.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import (
    ActionChunk,
    Capabilities,
    Decisions,
    DepthMap,
    DepthTokens,
    Frame,
    Observation,
    Reasoning,
    RobotState,
    StudioError,
    Trace,
    TraceSource,
)

Message = dict[str, Any]

MIN_SIDE, MAX_SIDE = 8, 4096
"""Sides of an image that is accepted [px]."""

_HEAVY = ("depth_map", "model_image")
"""Fields of a reasoning that are sent once per request, not with every stage."""

_DECIDED = ("at", "seconds", "confidence")
"""Arrays about the decisions of an answer; servers of older releases do not send them."""


@contextmanager
def reading(what: str) -> Generator[None]:
    """Turn any damage met while reading ``what`` into a sentence."""
    try:
        yield
    except StudioError:
        raise
    except KeyError as error:
        raise StudioError(f"The {what} in this message lacks {error}.") from error
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise StudioError(f"The {what} in this message is damaged: {error}.") from error


def capabilities_to_message(capabilities: Capabilities) -> Message:
    """Return the capabilities as plain values."""
    return asdict(capabilities)


def capabilities_from_message(message: Message) -> Capabilities:
    """Rebuild capabilities; unknown fields of a newer server are ignored.

    Raises:
        StudioError: If a field is damaged.
    """
    with reading("list of capabilities"):
        size = message.get("image_size")
        return Capabilities(
            name=str(message["name"]),
            depth=bool(message.get("depth", False)),
            trace_out=bool(message.get("trace_out", False)),
            trace_in=bool(message.get("trace_in", False)),
            stream=bool(message.get("stream", False)),
            cancel=bool(message.get("cancel", False)),
            session=bool(message.get("session", False)),
            chunk=int(message.get("chunk", 8)),
            images=int(message.get("images", 1)),
            image_size=None if size is None else (int(size[0]), int(size[1])),
            arms=int(message.get("arms", 1)),
            execute_steps=int(message.get("execute_steps", 8)),
            checkpoint=str(message.get("checkpoint", "")),
            action_range=_range(message.get("action_range", ())),
        )


def state_to_message(state: RobotState) -> Message:
    """Return the state of an arm as plain values and arrays."""
    return {
        "q": state.q,
        "ee_pose": state.ee_pose,
        "gripper": float(state.gripper),
        "t_ns": int(state.t_ns),
        "mode": state.mode,
        "arm": state.arm,
    }


def state_from_message(message: Message) -> RobotState:
    """Rebuild the state of an arm.

    Raises:
        StudioError: If a field is missing or damaged.
    """
    with reading("robot state"):
        return RobotState(
            q=message["q"],
            ee_pose=message["ee_pose"],
            gripper=float(message["gripper"]),
            t_ns=int(message["t_ns"]),
            mode=str(message.get("mode", "idle")),
            arm=str(message.get("arm", "right")),
        )


def observation_to_message(observation: Observation) -> Message:
    """Return an observation as plain values and arrays; images stay raw uint8."""
    return {
        "instruction": observation.instruction,
        "frames": [
            {"camera": f.camera, "image": f.image, "t_ns": int(f.t_ns), "seq": int(f.seq)}
            for f in observation.frames
        ],
        "state": None if observation.state is None else state_to_message(observation.state),
    }


def observation_from_message(message: Message) -> Observation:
    """Rebuild an observation.

    Raises:
        StudioError: If a field is missing or damaged, or an image has an impossible size.
    """
    with reading("observation"):
        state = message.get("state")
        return Observation(
            frames=tuple(_frame(item) for item in message["frames"]),
            instruction=_text(message["instruction"], "instruction"),
            state=None if state is None else state_from_message(state),
        )


def trace_to_message(trace: Trace) -> Message:
    """Return a trace as plain values."""
    return {"points": trace.points.tolist(), "source": str(trace.source), "arm": trace.arm}


def trace_from_message(message: Message) -> Trace:
    """Rebuild a trace.

    Raises:
        StudioError: If it is no trace of 1 to 5 points within 0..255.
    """
    with reading("trace"):
        return Trace(
            points=np.asarray(message["points"], dtype=np.float64),
            source=TraceSource(message.get("source", TraceSource.USER)),
            arm=str(message.get("arm", "right")),
        )


def reasoning_to_message(reasoning: Reasoning, known: Reasoning | None = None) -> Message:
    """Return an answer as plain values and arrays.

    Args:
        reasoning: The answer, or a part of it.
        known: The part that the reader has received last; pictures that have not changed since
            are left out.
    """
    same = [
        name
        for name in _HEAVY
        if known is not None and getattr(known, name) is getattr(reasoning, name)
    ]
    depth, chunk, depth_map = reasoning.depth, reasoning.chunk, reasoning.depth_map
    message: Message = {
        "request_id": int(reasoning.request_id),
        "text": reasoning.text,
        "prompt": reasoning.prompt,
        "depth": None if depth is None else depth.codes.astype(np.uint8),
        "depth_map": None,
        "traces": [trace_to_message(trace) for trace in reasoning.traces],
        "chunk": None,
        "steered_by": None,
        "model_image": None if "model_image" in same else reasoning.model_image,
        "timings": {key: float(value) for key, value in reasoning.timings.items()},
        "decisions": None,
        "warnings": list(reasoning.warnings),
        "error": reasoning.error,
        "unchanged": same,
    }
    if depth_map is not None and "depth_map" not in same:
        message["depth_map"] = {"values": depth_map.values, "metric": depth_map.metric}
    if chunk is not None:
        message["chunk"] = {"actions": chunk.actions, "rate_hz": chunk.rate_hz, "arm": chunk.arm}
    if (decisions := reasoning.decisions) is not None:
        message["decisions"] = {name: getattr(decisions, name) for name in _DECIDED}
    if reasoning.steered_by is not None:
        message["steered_by"] = trace_to_message(reasoning.steered_by)
    return message


def reasoning_from_message(message: Message, known: Reasoning | None = None) -> Reasoning:
    """Rebuild an answer; pictures that were left out are taken from ``known``.

    Raises:
        StudioError: If a field is missing or damaged, or an action is not finite.
    """
    with reading("answer"):
        depth, depth_map = message["depth"], message["depth_map"]
        chunk, steered_by = message["chunk"], message["steered_by"]
        heavy = {
            "depth_map": None if depth_map is None else _depth_map(depth_map),
            "model_image": _picture(message["model_image"]),
        }
        for name in message.get("unchanged", ()):
            if name in _HEAVY and known is not None:
                heavy[name] = getattr(known, name)
        return Reasoning(
            request_id=int(message["request_id"]),
            text=str(message["text"]),
            prompt=str(message["prompt"]),
            depth=None if depth is None else DepthTokens(codes=depth),
            depth_map=heavy["depth_map"],
            traces=tuple(trace_from_message(item) for item in message["traces"]),
            chunk=None if chunk is None else _chunk(chunk),
            steered_by=None if steered_by is None else trace_from_message(steered_by),
            model_image=heavy["model_image"],
            timings={str(key): float(value) for key, value in message["timings"].items()},
            decisions=_decisions(message.get("decisions")),
            warnings=tuple(str(warning) for warning in message["warnings"]),
            error=str(message["error"]),
        )


def check_image(image: Any, what: str) -> NDArray[np.uint8]:
    """Accept an (H, W, 3) uint8 image of a sensible size.

    Raises:
        StudioError: If it is anything else.
    """
    if not isinstance(image, np.ndarray):
        raise StudioError(f"The {what} is no array; send (H, W, 3) uint8 RGB.")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise StudioError(f"The {what} is {image.dtype} {image.shape}; send (H, W, 3) uint8 RGB.")
    height, width = image.shape[:2]
    if not (MIN_SIDE <= height <= MAX_SIDE and MIN_SIDE <= width <= MAX_SIDE):
        raise StudioError(
            f"The {what} has {width} x {height} pixels; {MIN_SIDE} to {MAX_SIDE} a side are "
            "possible."
        )
    return image


def _frame(message: Message) -> Frame:
    return Frame(
        camera=str(message["camera"]),
        image=check_image(message["image"], "image"),
        t_ns=int(message["t_ns"]),
        seq=int(message.get("seq", 0)),
    )


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise StudioError(f"The {what} is {type(value).__name__}; send text.")
    return value


def _picture(value: Any) -> NDArray[np.uint8] | None:
    return None if value is None else check_image(value, "picture the model saw")


def _depth_map(message: Message) -> DepthMap:
    return DepthMap(values=message["values"], metric=bool(message["metric"]))


def _decisions(message: Message | None) -> Decisions | None:
    return None if message is None else Decisions(**{name: message[name] for name in _DECIDED})


def _range(pairs: Any) -> tuple[tuple[float, float], ...]:
    found = tuple((float(low), float(high)) for low, high in pairs)
    if found and not np.isfinite(found).all():
        raise StudioError("The server states an action range that is not finite.")
    return found


def _chunk(message: Message) -> ActionChunk:
    actions = np.asarray(message["actions"], dtype=np.float64)
    if not np.isfinite(actions).all():
        raise StudioError("The server sent actions that are not finite; they are refused.")
    return ActionChunk(actions=actions, rate_hz=float(message["rate_hz"]), arm=str(message["arm"]))
