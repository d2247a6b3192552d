"""A chunk that was previewed, the name of exactly that chunk, and whose it is."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.types import ActionChunk


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Peer:
    """One client of the rig.

    Attributes:
        name: What other clients read, such as "client 2".
        session: Secret that its pulse connection presents.
    """

    name: str
    session: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A chunk that the guard accepted.

    Attributes:
        digest: What names exactly this chunk; see :func:`digest_of`.
        chunk: What would be executed, all of it.
        owner: Who had it previewed.
        start: (4, 4) pose that the preview starts at [m].
        observed_ns: When the oldest picture that it answers was taken [ns, monotonic].
        fresh_seconds: How old that picture may be when the plan is armed or started [s].
        armed_until: Time until which it may be started; None when it is not armed.
    """

    digest: str
    chunk: ActionChunk
    owner: Peer
    start: NDArray[np.float64]
    observed_ns: int | None = None
    fresh_seconds: float | None = None
    armed_until: float | None = None


def digest_of(chunk: ActionChunk, context: str, revision: int) -> str:
    """Return the SHA-256 that names a chunk.

    Args:
        chunk: Its actions are those that would be executed.
        context: The client's digest of what the plan answers: instruction, trace, cameras.
        revision: Number of the limits that it was judged by.
    """
    actions = np.ascontiguousarray(chunk.actions, dtype="<f8")
    digest = hashlib.sha256()
    for part in (
        actions.tobytes(),
        repr(float(chunk.rate_hz)).encode(),
        str(len(actions)).encode(),
        chunk.arm.encode(),
        context.encode(),
        str(revision).encode(),
    ):
        # each with its length: no two lists of parts may look alike
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()
