"""The first frame of a connection: what the server is and can do, written and read.

Our own servers name the protocols that they speak and list their capabilities. Any other openpi
server sends what it likes; what is stated there under a usual name is taken, the rest is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.policy.base import Policy
from core.policy.comparison import MAX_COMPARED
from core.policy.messages import (
    MAX_SIDE,
    MIN_SIDE,
    Message,
    capabilities_from_message,
    capabilities_to_message,
    reading,
)
from core.types import Capabilities, StudioError

STUDIO_VERSIONS = (1,)
"""Versions of the ``studio`` messages that this program speaks, best first."""

OPENPI_VERSIONS = (1,)

_NAMES = ("name", "policy_name", "model_name", "model", "policy")
_CHUNKS = ("chunk", "action_horizon", "action_chunk", "chunk_size", "n_action_steps")
MAX_CHUNK = 1000
EXECUTE_STEPS = 8
"""Steps to run of a longer chunk before asking again, where the server does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What a server said about itself.

    Attributes:
        capabilities: What the policy can do.
        extras: Whether it understands ``studio`` messages; otherwise it is asked as openpi asks.
        send_size: (width, height) [px] that it wants images in, when it says so.
        compares: Most questions that it takes in one message; 0 where it takes no comparisons.
    """

    capabilities: Capabilities
    extras: bool
    send_size: tuple[int, int] | None = None
    compares: int = 0


def metadata(policy: Policy) -> Message:
    """Return the first frame that every client gets."""
    capabilities = policy.capabilities
    return {
        "name": capabilities.name,
        "studio": {"version": STUDIO_VERSIONS[0], "compare": MAX_COMPARED},
        "protocols": {"openpi": list(OPENPI_VERSIONS), "studio": list(STUDIO_VERSIONS)},
        "capabilities": capabilities_to_message(capabilities),
    }


def read_greeting(message: Any, url: str) -> Greeting:
    """Understand a server's first frame.

    Args:
        message: The frame, unpacked.
        url: Where the server is; names a server that does not name itself.

    Raises:
        StudioError: If the frame is damaged, or the server's actions are of a kind that the
            studio cannot drive.
    """
    with reading("server's first message"):
        if set(STUDIO_VERSIONS).intersection(_versions(message)):
            capabilities = capabilities_from_message(message["capabilities"])
            compares = _whole(message["studio"].get("compare"), 0, MAX_COMPARED) or 0
            return Greeting(capabilities=capabilities, extras=True, compares=compares)
        return _foreign(dict(message), url)


def _versions(message: Message) -> list[int]:
    studio = message.get("studio")
    if not isinstance(studio, dict):
        return []
    protocols = message.get("protocols")
    if isinstance(protocols, dict) and isinstance(protocols.get("studio"), list):
        return protocols["studio"]
    return [studio.get("version", 1)]


def _foreign(message: Message, url: str) -> Greeting:
    listed = message.get("capabilities")
    stated: Message = message | (listed if isinstance(listed, dict) else {})
    space = stated.get("action_space")
    if isinstance(space, str) and "joint" in space:
        raise StudioError(
            f"The policy at {url} answers with '{space}' actions; this studio drives end-effector "
            "steps only."
        )
    name = next((stated[key] for key in _NAMES if isinstance(stated.get(key), str)), "")
    chunk = next((n for key in _CHUNKS if (n := _whole(stated.get(key), 1, MAX_CHUNK))), 8)
    capabilities = Capabilities(
        name=name or f"openpi server at {url}",
        depth=stated.get("depth") is True,
        chunk=chunk,
        images=_images(stated),
        arms=_whole(stated.get("arms"), 1, 2) or 1,
        execute_steps=_whole(stated.get("execute_steps"), 1, chunk) or min(chunk, EXECUTE_STEPS),
    )
    return Greeting(capabilities=capabilities, extras=False, send_size=_size(stated))


def _images(stated: Message) -> int:
    """Return how many images are wanted: a main and a wrist image unless stated otherwise."""
    outside = _whole(stated.get("n_external_cameras"), 0, 2)
    if outside is not None and isinstance(wrist := stated.get("needs_wrist_camera"), bool):
        return max(1, min(outside, 1) + wrist)
    return _whole(stated.get("images"), 1, 2) or 2


def _size(stated: Message) -> tuple[int, int] | None:
    """Return (width, height): ``image_resolution`` is (height, width), as RoboArena's servers say.

    A single number is a square.
    """
    given = stated.get("image_resolution")
    if isinstance(given, (list, tuple)):
        given = tuple(reversed(given))
    else:
        given = given if given is not None else stated.get("image_size")
    pair = (given, given) if isinstance(given, int) else given
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        return None
    width, height = (_whole(side, MIN_SIDE, MAX_SIDE) for side in pair)
    return None if width is None or height is None else (width, height)


def _whole(value: Any, low: int, high: int) -> int | None:
    """Return a whole number within bounds; anything else, also from a stranger, is None."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if low <= value <= high else None
