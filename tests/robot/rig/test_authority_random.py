"""Whatever comes in whatever order: nothing runs unless it was previewed, then armed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from robot.guard import RejectedError
from robot.rig.authority import ARM_SECONDS
from robot.rig.states import MotionState
from tests.robot.rig.world import ME, OTHER, World

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
            world.obstacle = "" if world.obstacle else "a test"


@settings(max_examples=400, deadline=None)
@given(st.lists(ACTS, max_size=40))
def test_nothing_runs_unless_it_was_previewed_then_armed(acts):
    world = World()
    world.running = ""
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
            assert not world.obstacle
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
