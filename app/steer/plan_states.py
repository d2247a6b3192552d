"""What the cards of the plans say: pure functions from the store to words, paths and numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.observe import camera_order, path_pixels
from app.steer.answer_state import StageState, shown, stages
from app.store import Candidate, Plan, PlanKind, Store
from core.types import DEPTH_CODES, MAX_TRACE_POINTS, Capabilities, Reasoning

TITLES = {
    PlanKind.MODEL: "Model's plan",
    PlanKind.USER: "Your plan",
    PlanKind.FIRST: "First kept",
    PlanKind.SECOND: "Second kept",
    PlanKind.THIRD: "Third kept",
}

SHORT_TITLES = {
    PlanKind.MODEL: "Model's",
    PlanKind.USER: "Yours",
    PlanKind.FIRST: "First",
    PlanKind.SECOND: "Second",
    PlanKind.THIRD: "Third",
}
"""For narrow cards."""

KEPT = "… kept; C asks for its plan"
CHECKING = "… the rig checks the path"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CardState:
    """What one card shows.

    Attributes:
        kind: Whose plan it is.
        verdict: What the guard says of it, or how far the answer is.
        role: The role to say that in.
        seconds: How long the answer took [s]; negative while there is none.
        selected: Whether the plan would be run.
        progress: How much of its answer has arrived, 0 to 1; negative when none is on the way.
        runnable: Whether it can be selected at all.
        wording: The instruction in other words, for a candidate that is one.
        trace: (L, 2) its trace in 0..255 across the picture, if it has one.
        path: (N + 1, 2) ghost path in fractions of the picture, if it is known.
        places: (N + 1, 3) where the tool goes from its start [m], if it is known.
        grip: (N,) opening of the gripper after each step, 0 closed to 1 open.
        bad_step: Step at which the guard objects.
    """

    kind: PlanKind
    verdict: str
    role: str = "caption"
    seconds: float = -1.0
    selected: bool = False
    progress: float = -1.0
    runnable: bool = False
    wording: str = ""
    trace: NDArray[np.float64] | None = None
    path: NDArray[np.float64] | None = None
    places: NDArray[np.float64] | None = None
    grip: NDArray[np.float64] | None = None
    bad_step: int | None = None

    @property
    def title(self) -> str:
        """Whose plan it is, in words."""
        return "Other words" if self.wording else TITLES[self.kind]

    @property
    def heading(self) -> str:
        """What the card is headed by."""
        return self.wording or self.title

    @property
    def sentence(self) -> str:
        """Everything that the card says, for its tooltip and for screen readers."""
        what = f' "{self.wording}"' if self.wording else ""
        chosen = "; selected, Run would run it" if self.selected else ""
        return f"Plan {self.kind.number}, {self.title.lower()}{what}: {self.verdict}{chosen}"


def verdict_words(plan: Plan) -> tuple[str, str]:
    """Return what the card says and the role to say it in."""
    if plan.chunk is None:
        return f"✗ {plan.reasoning.error or 'no actions in the answer'}", "fault"
    if plan.refusal:
        return f"✗ {plan.refusal}", "fault"
    if plan.preview is None:
        return CHECKING, "caption"
    if not plan.preview.verdict.ok:
        return f"✗ {plan.preview.verdict.reason}", "fault"
    if plan.doubts:
        return f"⚠ look before you run: {plan.doubts[0]}", "warn"
    seconds = len(plan.chunk.actions) / plan.chunk.rate_hz
    return f"✓ {len(plan.chunk.actions)} steps, {seconds:.1f} s", "ok"


def waiting_words(partial: Reasoning | None, capabilities: Capabilities | None) -> str:
    """Say how far an answer is."""
    if partial is None:
        return "… asked"
    found = stages(partial, shown(partial), capabilities, complete=False)
    running = next((stage for stage in found if stage.state == StageState.RUNNING), found[-1])
    return f"… {running.name} {running.detail}".rstrip()


def arrived_share(partial: Reasoning | None, capabilities: Capabilities | None) -> float:
    """Return how much of an answer has arrived, 0 to 1; each of its stages counts the same."""
    if partial is None:
        return 0.0
    part = shown(partial)
    chunk = capabilities.chunk if capabilities is not None else 8
    shares = {
        "depth": len(part.depth_codes) / DEPTH_CODES,
        "trace": sum(len(trace) for trace in part.traces) / MAX_TRACE_POINTS,
        "actions": len(part.rows) / max(chunk, 1),
    }
    found = stages(partial, part, capabilities, complete=False)
    done = [
        1.0 if stage.state == StageState.DONE else min(shares[stage.name], 1.0) for stage in found
    ]
    return sum(done) / len(done)


def card_states(store: Store) -> list[CardState]:
    """Return a state for every card that there is to show, in the order of the numbers."""
    found: list[CardState] = []
    for kind in PlanKind:
        plan, candidate = store.plans.get(kind), store.candidates.get(kind)
        if kind in store.waiting:
            found.append(_waiting(store, kind, candidate))
        elif plan is not None:
            found.append(_planned(store, plan, candidate))
        elif candidate is not None:
            found.append(
                CardState(
                    kind=kind,
                    verdict=KEPT,
                    wording=candidate.wording,
                    trace=candidate.points,
                )
            )
    return found


def _waiting(store: Store, kind: PlanKind, candidate: Candidate | None) -> CardState:
    partial = store.waiting[kind]
    arrived = shown(partial).traces if partial is not None else ()
    trace = None if candidate is None else candidate.points
    if trace is None and kind == PlanKind.USER:
        trace = store.draft
    if trace is None and arrived and len(arrived[0]):
        trace = np.asarray(arrived[0], float)
    return CardState(
        kind=kind,
        verdict=waiting_words(partial, store.capabilities),
        progress=arrived_share(partial, store.capabilities),
        wording="" if candidate is None else candidate.wording,
        trace=trace,
    )


def _planned(store: Store, plan: Plan, candidate: Candidate | None) -> CardState:
    words, role = verdict_words(plan)
    reasoning, preview, chunk = plan.reasoning, plan.preview, plan.chunk
    path = places = None
    if preview is not None:
        observation = store.observation
        names = camera_order(store.rig) if observation is None else [observation.frames[0].camera]
        path = path_pixels(store.rig, names[0], preview.poses) if names else None
        places = np.asarray(preview.poses)[:, :3, 3]
    own = reasoning.steered_by or next(iter(reasoning.traces), None)
    return CardState(
        kind=plan.kind,
        verdict=words,
        role=role,
        seconds=reasoning.timings.get("total", -1.0),
        selected=plan.kind == store.selected,
        runnable=True,
        wording="" if candidate is None else candidate.wording,
        trace=None if own is None else own.points,
        path=path,
        places=places,
        grip=None if chunk is None else chunk.actions[:, 6],
        bad_step=None if preview is None or preview.verdict.ok else preview.verdict.step,
    )
