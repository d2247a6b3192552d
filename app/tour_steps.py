"""What the tour shows, in order: how to get there, and what to say about it.

The text of ``docs/tour.md`` stands here, so that pictures and text cannot part. A step that needs
an action which the studio does not have is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.demo_hands import Script
    from app.tour_driver import TourDriver


@dataclass(frozen=True, slots=True, kw_only=True)
class TourStep:
    """One picture of the tour.

    Attributes:
        name: Name of the picture's file, without what tells the themes apart.
        title: Heading.
        text: What to say about it, in Markdown.
        play: What the hands do before the picture is taken.
        at: Moment of ``play`` at which it is taken; empty for its end.
        after: What the hands do afterwards, before the next step.
        needs: Names of actions without which the step is left out.
    """

    name: str
    title: str
    text: str
    play: Callable[[TourDriver], Script]
    at: str = ""
    after: Callable[[TourDriver], Script] | None = None
    needs: tuple[str, ...] = ()


STEPS = (
    TourStep(
        name="start",
        title="Start",
        text=(
            "`make` opens the studio on the simulated lab. The green badge says that nothing real "
            "can move. The picture of the first camera is live and large, the other cameras stand "
            "beside it with the age of their frame. Everything that can be done is in the menus, "
            "with its key; what cannot be done now says why in its tooltip. At the first start a "
            "page beside the picture tells the three steps and ticks them off as you do them; "
            "**Shift+F1** brings it back."
        ),
        play=lambda driver: driver.get_ready(),
        after=lambda driver: driver.leave_first_steps(),
    ),
    TourStep(
        name="think",
        title="What the model would do",
        text=(
            "Say what shall be done and press **Space**. The picture is pinned to the very frame "
            "that the model gets. Depth, trace and actions appear as they are decoded; the yellow "
            "line is the model's own trace, the green one the path that its actions would take."
        ),
        play=lambda driver: driver.think(),
    ),
    TourStep(
        name="draw",
        title="Draw",
        text=(
            "Drag from the gripper to where it shall go. The stroke becomes the five points that "
            "the model reads, and is shown as these: drag a dot to move it, the line to add one, "
            "**Del** removes, the arrow keys nudge, **Ctrl+Z** takes back."
        ),
        play=lambda driver: driver.draw(),
    ),
    TourStep(
        name="model-sees",
        title="What the model sees",
        text=(
            "Your line is burnt into the picture before the model gets it. The panel shows exactly "
            "these pixels, made by the same function that the policy server uses."
        ),
        play=lambda driver: driver.enlarge("model"),
        after=lambda driver: driver.put_back(),
    ),
    TourStep(
        name="steer",
        title="Steer",
        text=(
            "**Enter** asks the model to follow your line. Its actions come back as a path over "
            "the picture and in 3D, and the guard has already judged it."
        ),
        play=lambda driver: driver.steer(),
    ),
    TourStep(
        name="compare",
        title="Compare before anything moves",
        text=(
            "**K** keeps your trace as a candidate, up to three; another wording of the "
            "instruction can be one, too. **C** asks for the model's own plan, your trace and all "
            "candidates at once. Each card has its path, its motion over the steps and what the "
            "guard says of it; a number key picks one. The paths have the same numbers in the "
            "picture and in 3D."
        ),
        play=lambda driver: driver.compare(),
        after=lambda driver: driver.trigger("plan_2"),
        needs=("keep", "compare"),
    ),
    TourStep(
        name="scene",
        title="3D",
        text=(
            "The depth tokens decoded to a cloud in the robot's frame, with the gripper, the "
            "predicted path, your trace laid onto the surface, and the box that the guard allows. "
            "Drag turns, the wheel zooms, a double click goes back. The panel can float on another "
            "screen."
        ),
        play=lambda driver: driver.enlarge("scene"),
        after=lambda driver: driver.put_back(),
    ),
    TourStep(
        name="answer",
        title="The answer",
        text=(
            "What the model wrote, read by structure: how long each part took, the trace as "
            "numbers, and one row of bars for each step against what is usual in its training. "
            "Anything odd is said here before it can be run."
        ),
        play=lambda driver: driver.enlarge("answer"),
        after=lambda driver: driver.put_back(),
    ),
    TourStep(
        name="run",
        title="Run",
        text=(
            "**Ctrl+Enter** runs what was previewed, step by step. Nothing else in the window "
            "moves the arm, and the rig checks the path again before it starts."
        ),
        play=lambda driver: driver.run(),
        at="running",
    ),
    TourStep(
        name="stop",
        title="Stop",
        text=(
            "**Esc** stops, whatever has the focus. The stop has a connection of its own, latches, "
            "and holds until **Ctrl+R** releases it. It is a convenience: the safety device is the "
            "robot's own emergency stop."
        ),
        play=lambda driver: driver.run_and_stop(),
        after=lambda driver: driver.release(),
    ),
    TourStep(
        name="instruction",
        title="Instructions",
        text=(
            "**Ctrl+I** goes to the instruction. Beside it are the instructions used before "
            "(**Ctrl+Shift+H**), templates with gaps (**Ctrl+T**) and rewordings (**Ctrl+J**), to "
            "see whether the model depends on the words. While a plan is shown that was asked with "
            "other words, both are shown, the old ones struck out."
        ),
        play=lambda driver: driver.trigger("instruction"),
    ),
    TourStep(
        name="episode",
        title="Episodes",
        text=(
            "**B** starts an episode, **Y** ends it as a success, **N** as a failure, **X** marks "
            "it as discarded; nothing is ever deleted. **U** gives progress by the milestones of "
            "the task, **J** takes a note, **Ctrl+B** lays out a new scene."
        ),
        play=lambda driver: driver.episode(),
        after=lambda driver: driver.put_back(),
        needs=("episode_start",),
    ),
    TourStep(
        name="keys",
        title="Keys",
        text="**F1** shows every key; menus, buttons and this sheet come from one table.",
        play=lambda driver: driver.trigger("help"),
        after=lambda driver: driver.close_dialogs(),
    ),
    TourStep(
        name="settings",
        title="Settings and themes",
        text=(
            "Settings apply at once and are kept in a YAML file that can be edited by hand. "
            "**Ctrl+L** changes between light and dark; the colours of what is drawn over pictures "
            "are the same in both, and never the only difference."
        ),
        play=lambda driver: driver.trigger("settings"),
        after=lambda driver: driver.close_dialogs(),
        needs=("settings",),
    ),
)
