"""The authority: one plan, armed by its holder for ten seconds, used up by its start."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import ActionChunk
from robot.guard import RejectedError
from robot.rig.authority import ARM_SECONDS, Authority
from robot.rig.plan import Peer, Plan, digest_of
from robot.rig.states import MotionState

ME, OTHER = Peer(name="client 1"), Peer(name="client 2")


class World:
    """An authority with a clock that stands, and what it told."""

    def __init__(self):
        self.now = 1000.0
        self.told = []
        self.authority = Authority(clock=lambda: self.now, on_change=self.told.append)

    @property
    def state(self):
        return self.authority.state.value

    def plan(self, digest="one", owner=ME, **values):
        actions = np.zeros((2, 7))
        return Plan(
            digest=digest,
            chunk=ActionChunk(actions=actions),
            owner=owner,
            start=np.eye(4),
            **values,
        )

    def arm(self, digest="one", **values):
        self.authority.previewed(self.plan(digest, **values))
        return self.authority.arm(digest, ME)

    def run(self, digest="one", run_id="1"):
        self.arm(digest)
        self.authority.start(digest, ME, run_id)


@pytest.fixture
def world():
    return World()


def test_a_plan_is_previewed_armed_run_and_over(world):
    assert world.arm() == ARM_SECONDS
    world.authority.start("one", ME, "7")
    world.authority.ended("7")
    states = [(event.state.value, event.digest, event.run_id) for event in world.told]
    assert states == [
        ("previewed", "one", ""),
        ("previewed", "one", ""),  # now with its holder
        ("armed", "one", ""),
        ("executing", "one", "7"),
        ("idle", "", ""),
    ]
    assert [event.holder for event in world.told] == ["", *["client 1"] * 4]
    assert world.told[2].expires_s == ARM_SECONDS


@pytest.mark.parametrize("digest", ["other", ""])
def test_only_the_plan_previewed_last_is_armed(world, digest):
    world.authority.previewed(world.plan())
    with pytest.raises(RejectedError, match="previewed last"):
        world.authority.arm(digest, ME)
    assert world.state == "previewed"


def test_what_somebody_else_previewed_is_not_mine_to_arm(world):
    world.authority.previewed(world.plan(owner=OTHER))
    with pytest.raises(RejectedError, match="previewed last"):
        world.authority.arm("one", ME)


def test_another_preview_disarms(world):
    world.arm()
    world.authority.previewed(world.plan("two"))
    assert world.state == "previewed"
    with pytest.raises(RejectedError, match="not armed"):
        world.authority.start("two", ME, "1")
    with pytest.raises(RejectedError):
        world.authority.start("one", ME, "1")


def test_a_rejected_preview_disarms(world):
    world.arm()
    world.authority.rejected(ME, "too far")
    assert (world.state, world.authority.why) == ("idle", "too far")


def test_a_strangers_rejected_preview_changes_nothing(world):
    world.arm()
    world.authority.rejected(OTHER, "too far")
    assert world.state == "armed"


def test_an_edit_disarms_and_the_run_is_refused(world):
    world.arm()
    world.authority.disarm("The trace was edited.")
    assert (world.state, world.told[-1].why) == ("idle", "The trace was edited.")
    with pytest.raises(RejectedError):
        world.authority.start("one", ME, "1")


def test_arming_expires(world):
    world.arm()
    world.now += ARM_SECONDS - 0.1
    world.authority.tick()
    assert world.state == "armed"
    world.now += 0.2
    world.authority.tick()
    assert (world.state, world.told[-1].expires_s) == ("previewed", None)
    with pytest.raises(RejectedError, match="not armed"):
        world.authority.start("one", ME, "1")


def test_arming_expires_even_if_nobody_ticked(world):
    world.arm()
    world.now += ARM_SECONDS
    with pytest.raises(RejectedError, match="arm it again"):
        world.authority.start("one", ME, "1")
    assert world.state == "previewed"


def test_arming_again_starts_its_time_anew(world):
    world.arm()
    world.now += 8.0
    world.authority.arm("one", ME)
    world.now += 8.0
    world.authority.start("one", ME, "1")
    assert world.state == "executing"


def test_a_replayed_run_is_refused(world):
    world.run()
    with pytest.raises(RejectedError, match="still moving"):
        world.authority.start("one", ME, "2")
    world.authority.ended("1")
    with pytest.raises(RejectedError):
        world.authority.start("one", ME, "2")
    assert world.state == "idle"


def test_a_plan_prepared_during_a_run_takes_over_or_waits(world):
    world.run()
    world.arm("two")
    assert world.state == "executing"
    with pytest.raises(RejectedError):
        world.authority.start("two", ME, "2")  # that would be a second run
    world.authority.start("two", ME, "2", supersede=True)
    world.authority.ended("1")  # the one it took over from
    assert (world.state, world.told[-1].digest) == ("executing", "two")
    world.arm("three")
    world.authority.ended("2")
    assert (world.state, world.told[-1].digest) == ("armed", "three")
    world.authority.start("three", ME, "3", supersede=True)  # too late to take over, yet armed
    assert world.state == "executing"


def test_nothing_is_taken_over_where_nothing_is_armed(world):
    world.run()
    for digest in ("one", "two", ""):
        with pytest.raises(RejectedError):
            world.authority.start(digest, ME, "2", supersede=True)
    world.authority.previewed(world.plan("two"))
    with pytest.raises(RejectedError, match="not armed"):
        world.authority.start("two", ME, "2", supersede=True)


def test_two_clients_cannot_hold_the_arm(world):
    world.authority.claim(ME)
    for wish in (
        lambda: world.authority.claim(OTHER),
        lambda: world.authority.previewed(world.plan(owner=OTHER)),
        lambda: world.authority.arm("one", OTHER),
        lambda: world.authority.start("one", OTHER, "1"),
        lambda: world.authority.move(OTHER, "1"),
        lambda: world.authority.yield_(OTHER),
        lambda: world.authority.released(OTHER),
    ):
        with pytest.raises(RejectedError, match="another window holds the arm"):
            wish()
    world.authority.yield_(ME)
    world.authority.claim(OTHER)
    assert world.authority.holder is OTHER


def test_who_moves_first_holds_the_arm_until_it_leaves(world):
    world.authority.move(ME, "1")
    world.authority.ended("1")
    assert world.authority.holder is ME
    world.authority.leave(ME)
    assert world.authority.holder is None


def test_nobody_yields_a_moving_arm(world):
    world.run()
    with pytest.raises(RejectedError, match="moving"):
        world.authority.yield_(ME)


def test_a_plan_leaves_with_its_window(world):
    world.arm()
    world.authority.leave(ME)
    assert (world.state, world.authority.plan) == ("idle", None)


@pytest.mark.parametrize("seconds", [-2.0, 61.0])
def test_a_plan_about_an_old_or_a_future_picture_is_refused(world, seconds):
    observed = int((world.now - seconds) * 1e9)
    with pytest.raises(RejectedError, match="picture"):
        world.arm(observed_ns=observed, fresh_seconds=60.0)
    assert world.state == "previewed"


def test_a_picture_may_grow_too_old_while_armed(world):
    world.arm(observed_ns=int((world.now - 55) * 1e9), fresh_seconds=60.0)
    world.now += 6.0
    with pytest.raises(RejectedError, match="61 s old"):
        world.authority.start("one", ME, "1")


def test_a_plan_that_names_no_picture_is_refused_where_one_is_asked_for(world):
    with pytest.raises(RejectedError, match="which picture"):
        world.arm(fresh_seconds=60.0)


def test_an_obstacle_keeps_from_arming_and_starting(world):
    world.authority.watch("The front camera stands still.")
    with pytest.raises(RejectedError, match="front camera"):
        world.arm()
    world.authority.watch("")
    world.authority.arm("one", ME)
    world.authority.watch("The front camera stands still.")
    with pytest.raises(RejectedError, match="front camera"):
        world.authority.start("one", ME, "1")


def test_what_is_missing_is_said_until_nothing_is(world):
    world.authority.lack("workspace", "No workspace.")
    world.authority.lack("checklist", "No checklist.")
    assert (world.state, world.authority.why) == ("connected", "No workspace.")
    with pytest.raises(RejectedError, match="No workspace"):
        world.authority.move(ME, "1")
    world.authority.lack("workspace", "")
    assert (world.state, world.authority.why) == ("connected", "No checklist.")
    world.authority.lack("checklist", "")
    assert (world.state, world.authority.why) == ("idle", "")


def test_a_stop_latches_and_says_by_whom(world):
    world.run()
    world.authority.stop("operator")
    world.authority.ended("1")
    world.authority.stop("somebody else")
    assert world.state == "stopped"
    for wish in (
        lambda: world.authority.previewed(world.plan()),
        lambda: world.authority.arm("one", ME),
        lambda: world.authority.move(ME, "2"),
    ):
        with pytest.raises(RejectedError):
            wish()
    with pytest.raises(RejectedError, match="by operator"):
        world.authority.arm("one", ME)
    world.authority.released(ME)
    assert (world.state, world.authority.why) == ("idle", "")


def test_a_hold_is_over_with_the_next_preview(world):
    world.run()
    world.authority.hold("The picture stood still.")
    assert (world.state, world.authority.why) == ("hold", "The picture stood still.")
    world.authority.ended("1")
    assert world.state == "hold"
    world.arm("two")
    assert world.state == "armed"


def test_a_lost_arm_is_found_again(world):
    world.arm()
    world.authority.lost("It is gone.")
    assert (world.state, world.authority.plan) == ("disconnected", None)
    with pytest.raises(RejectedError, match="gone"):
        world.authority.move(ME, "1")
    world.authority.found()
    assert world.state == "idle"


def test_the_home_run_is_no_plan(world):
    world.authority.move(ME, "1")
    assert world.authority.mover is ME
    assert not world.authority.executes_plan
    assert world.told[-1].run_id == "1"
    with pytest.raises(RejectedError):
        world.authority.move(ME, "2")


def chunk(**changes):
    values = {"actions": np.zeros((2, 7)), "rate_hz": 5.0, **changes}
    return ActionChunk(**values)


def test_a_digest_names_everything_that_matters():
    other = np.zeros((2, 7))
    other[0, 0] = 1e-12
    digests = [
        digest_of(chunk(), "a", 0),
        digest_of(chunk(actions=other), "a", 0),
        digest_of(chunk(actions=np.zeros((1, 7))), "a", 0),
        digest_of(chunk(rate_hz=4.0), "a", 0),
        digest_of(chunk(arm="left"), "a", 0),
        digest_of(chunk(), "b", 0),
        digest_of(chunk(), "a", 1),
        digest_of(chunk(), "", 0),
    ]
    assert len(set(digests)) == len(digests)
    assert digest_of(chunk(), "a", 0) == digests[0]


DIGESTS = st.sampled_from(["one", "two"])
OWNERS = st.sampled_from([ME, OTHER])
WISHES = ["preview", "arm", "start", "supersede"]
OWNED = ["move", "claim", "yield", "leave", "release"]
FACTS = ["stop", "hold", "fail", "disarm", "reject", "end", "tick"]
OTHERS = ["lost", "found", "lack", "ready", "wait", "block"]
ACTS = st.one_of(
    st.tuples(st.sampled_from(WISHES), DIGESTS, OWNERS),
    st.tuples(st.sampled_from(OWNED), st.none(), OWNERS),
    st.tuples(st.sampled_from(FACTS + OTHERS), st.none(), st.none()),
)


def perform(world, act, digest, owner, run_id):
    authority = world.authority
    match act:
        case "preview":
            authority.previewed(world.plan(digest, owner))
        case "arm":
            authority.arm(digest, owner)
        case "start" | "supersede":
            authority.start(digest, owner, run_id, supersede=act == "supersede")
        case "move":
            authority.move(owner, run_id)
        case "claim":
            authority.claim(owner)
        case "yield":
            authority.yield_(owner)
        case "leave":
            authority.leave(owner)
        case "release":
            authority.released(owner)
        case "stop":
            authority.stop("a test")
        case "hold":
            authority.hold("a test")
        case "fail":
            authority.fail("a test")
        case "disarm":
            authority.disarm("a test")
        case "reject":
            authority.rejected(ME, "a test")
        case "end":
            authority.ended(world.running)
        case "tick":
            authority.tick()
        case "lost":
            authority.lost("a test")
        case "found":
            authority.found()
        case "lack":
            authority.lack("workspace", "a test")
        case "ready":
            authority.lack("workspace", "")
        case "wait":
            world.now += 6.0
        case "block":
            authority.watch("" if world.blocked else "a test")
            world.blocked = not world.blocked


@settings(max_examples=400, deadline=None)
@given(st.lists(ACTS, max_size=40))
def test_nothing_runs_unless_it_was_previewed_then_armed(acts):
    world = World()
    world.running, world.blocked = "", False
    previewed, armed = None, None  # what a simple mind knows: (digest, owner), and until when
    for number, (act, digest, owner) in enumerate(acts):
        run_id, before = str(number), world.authority.state
        done = True
        try:
            perform(world, act, digest, owner, run_id)
        except RejectedError:
            done = False
            assert world.authority.state == before or act in ("start", "supersede")
        if done and act in ("start", "supersede"):
            assert armed is not None
            assert armed[:2] == (digest, owner) == previewed
            assert world.now < armed[2]
            assert not world.blocked
            assert before in (MotionState.ARMED, MotionState.EXECUTING)
            assert (before is MotionState.EXECUTING) <= (act == "supersede")
            assert world.authority.state is MotionState.EXECUTING
            assert world.authority.holder is owner
            world.running, previewed, armed = run_id, None, None
        elif world.authority.state is MotionState.EXECUTING and before is not world.authority.state:
            assert act == "move"
            world.running, previewed, armed = run_id, None, None
        elif done and act == "preview":
            previewed, armed = (digest, owner), None
        elif done and act == "arm":
            assert previewed == (digest, owner)
            armed = (digest, owner, world.now + ARM_SECONDS)
        planning = (MotionState.PREVIEWED, MotionState.ARMED, MotionState.EXECUTING)
        if act == "disarm" or world.authority.state not in planning:
            previewed, armed = None, None
        if act == "stop":
            assert world.authority.state in (MotionState.STOPPED, MotionState.FAULT)
        if before in (MotionState.STOPPED, MotionState.FAULT):
            latched = world.authority.state in (MotionState.STOPPED, MotionState.FAULT)
            assert latched or (done and act == "release")
        if world.told:
            assert world.told[-1].state is world.authority.state
