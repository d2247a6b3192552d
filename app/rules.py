"""What may be done now, and if not, why: one function per intent, from the state to a sentence.

An empty sentence means "go ahead". The buttons show these reasons and the controller obeys them,
so that what is offered and what is done cannot differ.
"""

from __future__ import annotations

from app.ladder import DOWN
from app.motion_info import LATCHED
from app.observe import camera_order
from app.steer.absence import look_back_hint, no_steering, no_trace
from app.steer.instruction_panel import instruction_problem
from app.store import BUSY, Phase, PlanKind, Store
from robot.rig.states import MotionState


def ready(store: Store) -> str:
    """Whether the studio can start anything at all."""
    if store.phase == Phase.STARTING:
        if down := [name for name, status in store.services.items() if status in DOWN]:
            return f"Not running: {', '.join(down)}; Ctrl+K says why."
        waiting = [name for name, status in store.services.items() if status]
        return f"Wait: {', '.join(waiting) or 'the services'} still starting."
    if store.rig is None:
        return "No rig is connected; Ctrl+K says why."
    if store.phase == Phase.FAULT:
        return "The rig reports a fault; see the message, then press Ctrl+R to recover."
    if store.phase == Phase.STOPPED:
        return "The stop is latched; release it first (Ctrl+R)."
    if store.phase == Phase.RUNNING:
        return "The arm is moving; stop it first (Esc)."
    if store.auto:
        return "The automatic mode is on; stop it first (Esc)."
    return ""


def instruct(store: Store) -> str:
    """Whether the instruction can be sent."""
    return instruction_problem(store.instruction)


def ask(store: Store) -> str:
    """Whether the policy can be asked."""
    if store.phase in BUSY:
        return "The policy is answering; Esc cancels."
    if store.capabilities is None:
        return "No policy is connected; Ctrl+K says why."
    return ""


def think(store: Store) -> str:
    """Whether the policy can be asked for a plan of its own."""
    return ready(store) or ask(store) or instruct(store)


def steer(store: Store) -> str:
    """Whether the policy can be asked to follow the drawn trace."""
    reason = ready(store) or ask(store)
    if reason:
        return reason
    if reason := no_steering(store.capabilities):
        return reason
    if store.draft is None:
        return "Draw a trace first: drag from the gripper to where it shall go."
    if len(store.draft) < 2:
        return "A trace to follow needs a second point; click where the gripper shall go."
    return instruct(store)


def draw(store: Store) -> str:
    """Whether the trace can be edited."""
    if reason := no_steering(store.capabilities):
        return reason
    if store.phase == Phase.RUNNING or store.auto:
        return "The arm is moving; stop it first (Esc)."
    if store.looking:
        return look_back_hint(
            store.looking, next(iter(camera_order(store.rig)), "the first camera")
        )
    return ""


def look_elsewhere(store: Store) -> str:
    """Whether there is another camera to look through."""
    if len(camera_order(store.rig)) < 2:
        return "There is no other camera."
    return ""


def may_move(store: Store) -> str:
    """Whether the rig would let this window move the arm, as far as it has said so."""
    motion = store.motion
    if motion.held_elsewhere:
        return f"Another window holds the arm: {motion.holder}. It has to leave or let go first."
    why = f" {motion.why}" if motion.why else ""
    match motion.state:
        case MotionState.DISCONNECTED:
            return f"The arm does not answer; Ctrl+K says more.{why}"
        case MotionState.CONNECTED:
            return f"The arm is not ready; go through its checklist (Ctrl+Shift+K).{why}"
        case MotionState.EXECUTING:
            return "The arm is moving; stop it first (Esc)."
        case MotionState.STOPPED:
            return "The stop is latched; release it first (Ctrl+R)."
        case MotionState.FAULT:
            return "The arm reports a fault; press Ctrl+R to recover."
        case _:
            return ""


def recorded(store: Store) -> str:
    """Whether motion would be recorded, as a study needs it."""
    if store.study_mode and not store.recording.path:
        return "Nothing is recorded, and in study mode nothing moves unrecorded (Ctrl+K mends it)."
    return ""


def run(store: Store) -> str:
    """Whether the selected plan can be run; with hold-to-run, whether it can be armed."""
    reason = ready(store) or may_move(store) or recorded(store)
    if reason:
        return reason
    if store.phase in BUSY:
        return "The policy is answering; Esc cancels."
    if store.branched and store.rig is not None and store.rig.kind != "lab":
        return "This plan is about a recorded moment; only the lab runs it (L goes live)."
    plan = store.plan
    if plan is None and store.plans:
        return "Choose a plan first: click its card or press its number."
    if plan is None:
        return "Draw or accept a plan first."
    if plan.chunk is None:
        return "This answer has no actions that could be run."
    if plan.refusal:
        return plan.refusal
    if plan.preview is None:
        return "The rig is still checking the path."
    if not plan.preview.verdict.ok:
        return f"Rejected: {plan.preview.verdict.reason}"
    if plan.doubts:
        return (
            f"{plan.doubts[0]} Look at arm and cameras, then ask again, or allow this plan "
            "(Ctrl+Shift+A)."
        )
    return ""


def allow(store: Store) -> str:
    """Whether there is a doubtful plan that a person could allow."""
    if store.auto:
        return "The automatic mode is on; stop it first (Esc)."
    if store.plan is None or not store.plan.doubts:
        return "No plan waits for a second look."
    return ""


def auto(store: Store) -> str:
    """Whether the automatic mode can be switched on; off is always possible."""
    if store.auto:
        return ""
    if reason := may_move(store) or recorded(store):
        return reason
    if store.draft is not None and len(store.draft) >= 2:
        return steer(store)
    return think(store)


def release(store: Store) -> str:
    """Whether there is a stop or a fault to release."""
    if store.rig is None:
        return "No rig is connected; Ctrl+K says why."
    if store.phase not in (Phase.STOPPED, Phase.FAULT) and store.motion.state not in LATCHED:
        return "Nothing is stopped."
    return ""


def checklist(store: Store) -> str:
    """Whether there is an arm to go through a checklist with."""
    return "No rig is connected; Ctrl+K says why." if store.rig is None else ""


def bound_space(store: Store) -> str:
    """Whether the box that the tool must not leave can be set."""
    if store.rig is None:
        return "No rig is connected; Ctrl+K says why."
    return look_back(store)


def yield_arm(store: Store) -> str:
    """Whether this window holds the arm and could let it go."""
    if not store.motion.mine:
        return "This window does not hold the arm."
    return look_back(store)


def go(store: Store) -> str:
    """Whether the arm can be sent to one of its poses."""
    return move(store) or may_move(store)


def move(store: Store) -> str:
    """Whether nothing else is under way."""
    return ready(store) or ("The policy is answering; Esc cancels." if store.phase in BUSY else "")


def reset_lab(store: Store) -> str:
    """Whether the lab can lay out a new scene."""
    if store.rig is not None and store.rig.kind != "lab":
        return "Only the simulated lab can be laid out anew."
    return move(store)


def branch(store: Store) -> str:
    """Whether a recorded moment can take the place of the live picture."""
    if store.phase in BUSY:
        return "The policy is answering; Esc cancels."
    return look_back(store)


def look_back(store: Store) -> str:
    """Whether one can turn to the recorded sessions; not while the arm may move."""
    if store.phase == Phase.RUNNING or store.auto:
        return "The arm is moving; stop it first (Esc)."
    return ""


def go_live(store: Store) -> str:
    """Whether there is a pinned picture to let go."""
    if store.observation is None:
        return "The picture is live already."
    return ready(store) or ("The policy is answering; Esc cancels." if store.phase in BUSY else "")


def copy_model(store: Store) -> str:
    """Whether there is a trace of the model that could be copied."""
    plan = store.plans.get(PlanKind.MODEL)
    if reason := no_trace(store.capabilities):
        return reason
    if plan is None or not plan.reasoning.traces:
        return "There is no trace of the model; press Space to make it think."
    return draw(store)
