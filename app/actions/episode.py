"""What starts, judges and annotates an attempt at a task."""

from __future__ import annotations

from app import episode_rules as rules
from app.actions.spec import EPISODE, ActionSpec

SPECS = (
    ActionSpec(
        name="episode_start",
        group=EPISODE,
        text="Start episode",
        tip="Begin an attempt; everything until its outcome belongs to it.",
        keys=("B",),
        icon="flag",
        reason=rules.start,
    ),
    ActionSpec(
        name="episode_success",
        group=EPISODE,
        text="Success",
        tip="End the episode: the task was done.",
        keys=("Y",),
        icon="check-circle",
        reason=rules.judge,
    ),
    ActionSpec(
        name="episode_failure",
        group=EPISODE,
        text="Failure",
        tip="End the episode: the task was not done.",
        keys=("N",),
        icon="x-circle",
        reason=rules.judge,
    ),
    ActionSpec(
        name="episode_discard",
        group=EPISODE,
        text="Discard",
        tip="Mark the episode, or the last one, as not to be used; nothing of it is deleted.",
        keys=("X",),
        icon="prohibit",
        reason=rules.discard,
    ),
    ActionSpec(
        name="episode_forward",
        group=EPISODE,
        text="Next milestone",
        tip="Say that the episode has reached the next milestone of its rubric.",
        keys=("U",),
        icon="caret-right",
        reason=rules.grade,
    ),
    ActionSpec(
        name="episode_back",
        group=EPISODE,
        text="Milestone back",
        tip="Take the last milestone back.",
        keys=("Shift+U",),
        icon="caret-left",
        reason=rules.grade,
    ),
    ActionSpec(
        name="episode_note",
        group=EPISODE,
        text="Write a note",
        tip="Put the cursor into the note of the episode.",
        keys=("J",),
        icon="note-pencil",
        reason=rules.grade,
    ),
    ActionSpec(
        name="episode_reset",
        group=EPISODE,
        text="Reset",
        tip="Prepare the next attempt: a new scene in the lab; a real arm goes home.",
        keys=("Ctrl+B",),
        icon="arrow-u-up-left",
        reason=rules.reset,
    ),
)
