"""What the rig is asked to run, and the one way from there to motion: preview, arm, start.

These functions run in the rig's thread. The rig alone decides; what is repeated here is only that
the very chunk whose ghost a person has seen is the one that is armed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.store import Plan, Store
from core.types import ActionChunk, Observation, StudioError
from robot.path import rotation_angle
from robot.runs import SAME_METRES, SAME_RADIANS

if TYPE_CHECKING:
    from robot.guard import Preview


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order:
    """One chunk to be run.

    Attributes:
        chunk: The actions as the policy gave them.
        steps: How many of them.
        context: Digest of what the plan answers; see :func:`context_of`.
        observed_ns: When the oldest picture of the question was taken [ns, the rig's clock]; None
            for a recorded one.
        digest: What the rig called this chunk when a person saw its ghost; empty when only a part
            of it is run, which nobody has looked at.
        start: (4, 4) pose where that ghost begins [m]; None when nobody has looked.
        request_id: The question that it answers.
        clamp: Whether numbers beyond the limits are cut down instead of rejected.
    """

    chunk: ActionChunk
    steps: int
    context: str
    observed_ns: int | None
    digest: str
    start: NDArray[np.float64] | None
    request_id: int
    clamp: bool = False


def context_of(plan: Plan, observation: Observation | None) -> str:
    """Return the digest of what a plan answers: instruction, drawn trace and cameras."""
    digest = hashlib.sha256(plan.instruction.encode(errors="surrogatepass"))
    trace = plan.reasoning.steered_by
    if trace is not None:
        digest.update(np.ascontiguousarray(trace.points, dtype=np.float64).tobytes())
    for frame in observation.frames if observation is not None else ():
        digest.update(f"\n{frame.camera} {frame.seq} {frame.t_ns}".encode())
    return digest.hexdigest()


def observed_ns(store: Store) -> int | None:
    """Return when the oldest pinned picture was taken; None for one that is recorded."""
    if store.observation is None or store.branched:
        return None
    return min(frame.t_ns for frame in store.observation.frames)


def order_of(store: Store, steps: int | None = None) -> Order | None:
    """Return the order for the selected plan; None when there is nothing to run.

    Args:
        store: The window's state.
        steps: How many steps from the first; all of them when left out.
    """
    plan = store.plan
    if plan is None or plan.chunk is None:
        return None
    total = len(plan.chunk.actions)
    part = total if steps is None else min(steps, total)
    seen = plan.preview if part == total else None
    return Order(
        chunk=plan.chunk,
        steps=part,
        context=context_of(plan, store.observation),
        observed_ns=observed_ns(store),
        digest="" if seen is None else seen.digest,
        start=None if seen is None else seen.poses[0],
        request_id=plan.reasoning.request_id,
        clamp=store.clamp,
    )


def arm(client: Any, order: Order) -> tuple[Preview, float]:
    """Let the guard look once more at exactly this, and arm it.

    Returns:
        What the guard says, and for how long it is armed [s].

    Raises:
        StudioError: If the guard or the rig refuses, or what was seen is not what would run.
    """
    preview = client.preview(
        order.chunk,
        order.steps,
        context=order.context,
        observed_ns=order.observed_ns,
        clamp=order.clamp,
    )
    if not preview.verdict.ok:
        raise StudioError(f"The guard rejects the plan now: {preview.verdict.reason}")
    if order.digest and preview.digest != order.digest:
        raise StudioError(
            "What the rig would run is not what you have seen: its limits have changed since. "
            "Look at the plan again, then run it."
        )
    if order.start is not None:
        _require_unmoved(order.start, preview.poses[0])
    return preview, float(client.arm(preview.digest))


def _require_unmoved(seen: NDArray[np.float64], here: NDArray[np.float64]) -> None:
    distance = float(np.linalg.norm(here[:3, 3] - seen[:3, 3]))
    turned = rotation_angle(here[:3, :3], seen[:3, :3])
    if not (distance < SAME_METRES and turned < SAME_RADIANS):
        raise StudioError(
            f"The arm has moved {1e3 * distance:.0f} mm since its path was drawn, so it would end "
            "elsewhere than you have seen; ask for the plan again."
        )


def arm_and_start(client: Any, order: Order) -> Preview:
    """Run a chunk in one deliberate act, where nothing has to be held.

    Raises:
        StudioError: If the guard or the rig refuses.
    """
    preview, _ = arm(client, order)
    client.start(preview.digest)
    return preview
