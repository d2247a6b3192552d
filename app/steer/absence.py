"""What a policy does not give, in words: a panel that stays empty says why."""

from __future__ import annotations

from core.types import Capabilities


def no_depth(capabilities: Capabilities | None) -> str:
    """Say why there will be no depth; empty when there will be, or when nobody knows yet."""
    if capabilities is None or capabilities.depth:
        return ""
    return f"{capabilities.name} gives no depth, so there is none to show."


def no_trace(capabilities: Capabilities | None) -> str:
    """Say why there will be no trace of the model; empty when there will be one."""
    if capabilities is None or capabilities.trace_out:
        return ""
    return f"{capabilities.name} gives no trace."


def no_steering(capabilities: Capabilities | None) -> str:
    """Say why no drawn trace can be followed; empty when one can."""
    if capabilities is None or capabilities.trace_in:
        return ""
    return f"{capabilities.name} cannot follow a drawn trace; change the instruction to steer it."


def look_back_hint(looking: str, annotated: str) -> str:
    """Say why one cannot draw while looking through another camera; empty while one is not.

    Args:
        looking: The camera that is looked through; empty for the one that traces refer to.
        annotated: The one that traces refer to.
    """
    if not looking:
        return ""
    return f"You look through {looking}; traces are drawn on {annotated} (Esc goes back)."


def answer_hint(capabilities: Capabilities | None) -> str:
    """Say what an answer will bring."""
    stages = ["actions"]
    if capabilities is None or capabilities.trace_out:
        stages.insert(0, "trace")
    if capabilities is None or capabilities.depth:
        stages.insert(0, "depth")
    bars = "The bars show each step within the range that the model can say."
    if len(stages) > 1:
        order = ", then the ".join(stages)
        text = f"Press Think. The answer comes in stages: {order}. {bars}"
    else:
        text = "Press Think. The answer is actions alone; the bars compare each step with the "
        text += "largest one."
    return " ".join(filter(None, (text, no_depth(capabilities), no_trace(capabilities))))
