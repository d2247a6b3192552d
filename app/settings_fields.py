"""What the settings dialog shows: one row a setting, in groups. Data only."""

from __future__ import annotations

from dataclasses import dataclass

from app.settings import ANSWERS, CYCLES, FONT_SCALES, LINE_WIDTHS

CHOICE, NUMBER, TEXT, SWITCH, FOLDER, SECRET = (
    "choice",
    "number",
    "text",
    "switch",
    "folder",
    "secret",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One row.

    Attributes:
        name: The setting; for a secret the service that it belongs to.
        group: Heading.
        label: What stands before the field.
        help: What it does, as a sentence.
        kind: Which widget edits it.
        choices: (value, what is shown), for a choice.
        limits: Smallest and largest number.
        unit: Behind the number.
        hint: Shown in the empty field.
    """

    name: str
    group: str
    label: str
    help: str
    kind: str
    choices: tuple[tuple[str, str], ...] = ()
    limits: tuple[int, int] = (0, 0)
    unit: str = ""
    hint: str = ""


LOOK, DRAW, ARM, SESSION, SERVICES = "Look", "Steering", "Arm", "Session", "Services"

FIELDS = (
    Field(
        name="theme",
        group=LOOK,
        label="Theme",
        help="Colours of the window; what is drawn over pictures keeps its colours.",
        kind=CHOICE,
        choices=(("system", "As the desktop"), ("light", "Light"), ("dark", "Dark")),
    ),
    Field(
        name="font_scale",
        group=LOOK,
        label="Letters",
        help="Size of all letters, compared with the desktop's.",
        kind=NUMBER,
        limits=FONT_SCALES,
        unit=" %",
    ),
    Field(
        name="line_width",
        group=LOOK,
        label="Lines over pictures",
        help="Width of traces and paths on the screen; the model always gets the same line.",
        kind=NUMBER,
        limits=LINE_WIDTHS,
        unit=" %",
    ),
    Field(
        name="hints",
        group=LOOK,
        label="Hint line",
        help="Say below the picture what the mouse would do.",
        kind=SWITCH,
    ),
    Field(
        name="instruction",
        group=DRAW,
        label="Instruction",
        help="What stands in the box when the studio starts.",
        kind=TEXT,
        hint="pick up the bowl",
    ),
    Field(
        name="max_cycles",
        group=DRAW,
        label="Cycles of Auto",
        help="After so many cycles the automatic mode ends by itself.",
        kind=NUMBER,
        limits=CYCLES,
    ),
    Field(
        name="snap",
        group=DRAW,
        label="Snap to edges",
        help="Let drawn points jump to edges of objects when the studio starts.",
        kind=SWITCH,
    ),
    Field(
        name="hold_keys",
        group=ARM,
        label="Keys to hold",
        help=(
            "An armed arm moves while one of these is held; a pedal or a gamepad button that "
            "sends a key will do, such as F13."
        ),
        kind=TEXT,
        hint="R F13",
    ),
    Field(
        name="stop_unfocused",
        group=ARM,
        label="Stop without focus",
        help="Stop the simulated arm when another program gets the keyboard; a real one always.",
        kind=SWITCH,
    ),
    Field(
        name="clamp",
        group=ARM,
        label="Cut down to limits",
        help="Cut numbers that go too far down to the limit, and count them, instead of rejecting.",
        kind=SWITCH,
    ),
    Field(
        name="answer_seconds",
        group=ARM,
        label="Longest answer",
        help="A question that takes longer is given up and the arm holds its pose; 0 for any time.",
        kind=NUMBER,
        limits=ANSWERS,
        unit=" s",
    ),
    Field(
        name="study_mode",
        group=ARM,
        label="Study mode",
        help="Stop the arm when policy or recorder are lost, and never move it unrecorded.",
        kind=SWITCH,
    ),
    Field(
        name="record",
        group=SESSION,
        label="Recording",
        help="Keep everything of the session in a file.",
        kind=SWITCH,
    ),
    Field(
        name="film",
        group=SESSION,
        label="Live pictures as video",
        help="For long sessions: a tenth of the room, a little less sharp; from the next file on.",
        kind=SWITCH,
    ),
    Field(
        name="sessions",
        group=SESSION,
        label="Folder",
        help="Where session files go, from the next file on.",
        kind=FOLDER,
    ),
    Field(
        name="policy",
        group=SERVICES,
        label="Policy server",
        help="Address of another policy server; empty for the one that starts here.",
        kind=TEXT,
        hint="ws://192.168.1.5:8000",
    ),
    Field(
        name="policy",
        group=SERVICES,
        label="Its token",
        help="Kept apart from the settings, in a file that only you can read.",
        kind=SECRET,
    ),
    Field(
        name="policy_keys",
        group=SERVICES,
        label="Its names",
        help="For an openpi server that is not ours: libero, droid, or changes such as state=.",
        kind=TEXT,
        hint="image=cam_high,state=",
    ),
    Field(
        name="rig",
        group=SERVICES,
        label="Rig",
        help="Address of another rig; empty for the simulated lab that starts here.",
        kind=TEXT,
        hint="ws://192.168.1.6:8202",
    ),
    Field(
        name="rig",
        group=SERVICES,
        label="Its token",
        help="Kept apart from the settings, in a file that only you can read.",
        kind=SECRET,
    ),
)
