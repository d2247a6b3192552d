"""When Run is possible, enumerated: every state of motion, plan, hold-to-run and holder."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from app import rules
from app.motion_info import STATES, MotionInfo, arm_name, clamp_words, motion_words
from app.orders import arm, context_of, observed_ns, order_of
from app.store import Phase, Plan, PlanKind, Recording, RigInfo, Store
from core.types import ActionChunk, Frame, Observation, Reasoning, StudioError, Trace
from robot.rig.states import MotionState
from tests.app.fakes import Preview, ScriptedPolicy, ScriptedRig, Verdict, actions

READY = {
    MotionState.IDLE,
    MotionState.PREVIEWED,
    MotionState.ARMED,
    MotionState.HOLD,
}
"""States in which the rig would take a plan."""

PLANS = ("none", "checking", "accepted", "rejected")
HOLDERS = ("", "mine", "another")


def plan_of(what: str) -> Plan | None:
    chunk = ActionChunk(actions=actions())
    reasoning = Reasoning(request_id=1, text="", chunk=chunk)
    preview: Any = Preview(
        poses=np.tile(np.eye(4), (9, 1, 1)), verdict=Verdict(ok=what == "accepted", reason="No.")
    )
    match what:
        case "none":
            return None
        case "checking":
            return Plan(kind=PlanKind.MODEL, reasoning=reasoning)
        case _:
            return Plan(kind=PlanKind.MODEL, reasoning=reasoning, preview=preview)


def store_with(state: MotionState, plan: str, hold: bool, holder: str) -> Store:
    store = Store()
    store.set_capabilities(ScriptedPolicy().capabilities)
    store.set_rig(RigInfo(kind="lab", host="h"))
    store.set_instruction("pick up the blue cube")
    store.set_phase(Phase.READY)
    name = {"": "", "mine": "client 1", "another": "client 2"}[holder]
    store.set_motion(state=state, hold_to_run=hold, holder=name, mine=holder == "mine")
    found = plan_of(plan)
    if found is not None:
        store.set_plan(found)
    store.settle()
    return store


@pytest.mark.parametrize("state", MotionState)
def test_run_is_possible_exactly_where_the_table_says(state: MotionState) -> None:
    for plan, hold, holder in product(PLANS, (False, True), HOLDERS):
        store = store_with(state, plan, hold, holder)
        possible = state in READY and plan == "accepted" and holder != "another"
        reason = rules.run(store)
        assert (not reason) == possible, (state, plan, hold, holder, reason)
        assert reason == "" or reason.rstrip(")").endswith(".") or reason.endswith(".")
        assert (not rules.go(store)) == (state in READY and holder != "another")


@pytest.mark.parametrize("phase", Phase)
def test_no_phase_but_those_at_rest_lets_a_plan_run(phase: Phase) -> None:
    store = store_with(MotionState.PREVIEWED, "accepted", False, "")
    store.phase = phase
    at_rest = phase in (Phase.READY, Phase.PLANNED, Phase.STEERED)
    assert (not rules.run(store)) == at_rest


def test_a_study_moves_nothing_unrecorded() -> None:
    store = store_with(MotionState.IDLE, "accepted", False, "")
    store.study_mode = True
    assert "nothing moves unrecorded" in rules.run(store)
    assert "nothing moves unrecorded" in rules.auto(store)
    store.set_recording(Recording(path="session.mcap.part"))
    assert rules.run(store) == ""


def test_letting_go_of_the_arm_needs_to_hold_it() -> None:
    assert rules.yield_arm(store_with(MotionState.IDLE, "none", False, "another"))
    assert not rules.yield_arm(store_with(MotionState.IDLE, "none", False, "mine"))


def test_every_state_has_a_word_of_its_own() -> None:
    assert STATES.keys() == set(MotionState)
    assert len({words for words, _ in STATES.values()}) == len(MotionState)
    info = MotionInfo(state=MotionState.ARMED, expires_at=12.2)
    assert info.seconds_left(3.0) == 10
    assert info.seconds_left(20.0) == 0
    assert replace(info, state=MotionState.IDLE).seconds_left(3.0) == 0
    assert motion_words(MotionInfo(state=MotionState.HOLD))[0] == "Holding its pose"
    assert arm_name("lab", "127.0.0.1") == "SIMULATED LAB"
    assert arm_name("real", "192.168.1.5") == "REAL ARM 192.168.1.5"
    assert [clamp_words(n) for n in (0, 1, 3)] == ["", "1 number clamped", "3 numbers clamped"]


def observed(store: Store) -> Observation:
    frames = tuple(
        Frame(camera=name, image=np.zeros((2, 2, 3), np.uint8), t_ns=t, seq=1)
        for name, t in (("front", 20), ("wrist", 10))
    )
    store.observation = Observation(frames=frames, instruction="go")
    return store.observation


def test_an_order_names_what_the_plan_answers() -> None:
    store = store_with(MotionState.IDLE, "accepted", False, "")
    observation = observed(store)
    order = order_of(store)
    assert order is not None
    assert (order.steps, order.observed_ns) == (8, 10)
    part = order_of(store, 2)
    assert part is not None
    assert (part.steps, part.digest) == (2, "")
    store.branched = "0:03 of a session"
    assert observed_ns(store) is None
    plan = store.plan
    assert plan is not None
    traced = replace(plan, reasoning=replace(plan.reasoning, steered_by=Trace(points=np.eye(2))))
    other = replace(plan, instruction="go there")
    digests = {context_of(p, observation) for p in (plan, traced, other)}
    assert len(digests | {context_of(plan, None)}) == 4


def test_what_was_not_shown_is_not_armed() -> None:
    store = store_with(MotionState.IDLE, "accepted", False, "")
    observed(store)
    rig = ScriptedRig()
    order = order_of(store)
    assert order is not None
    order = replace(order, start=rig.pose)
    with pytest.raises(StudioError, match="not what you have seen"):
        arm(rig, replace(order, digest="another"))
    rig.verdict = Verdict(ok=False, reason="Too far.")
    with pytest.raises(StudioError, match="rejects the plan now: Too far"):
        arm(rig, order)
    assert "arm" not in rig.calls
    rig.verdict = Verdict()
    assert arm(rig, order)[1] == 10.0


def test_an_arm_that_was_moved_since_does_not_run_the_old_path() -> None:
    store = store_with(MotionState.IDLE, "accepted", False, "")
    observed(store)
    rig = ScriptedRig()
    order = order_of(store)
    assert order is not None
    moved = rig.pose.copy()
    moved[2, 3] += 0.02
    with pytest.raises(StudioError, match="moved 20 mm"):
        arm(rig, replace(order, start=moved))
    assert "arm" not in rig.calls
    assert arm(rig, replace(order, start=rig.pose))[1] == 10.0
