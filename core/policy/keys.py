"""Names under which a foreign openpi server expects the parts of an observation."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from core.types import StudioError


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationKeys:
    """Keys of an openpi observation; what has an empty key is not sent.

    Attributes:
        image: The first camera, (H, W, 3) uint8 RGB.
        wrist_image: The camera on the hand, alike; black where there is none.
        state: LIBERO's state: position [m], rotation vector [rad], the two finger positions [m].
        joints: Joint angles [rad].
        gripper: How far the gripper is closed, 0..1.
        prompt: The instruction.
    """

    image: str = "observation/image"
    wrist_image: str = "observation/wrist_image"
    state: str = "observation/state"
    joints: str = "observation/joint_position"
    gripper: str = "observation/gripper_position"
    prompt: str = "prompt"

    def __post_init__(self) -> None:
        if not self.image or not self.prompt:
            raise StudioError("a policy needs a picture and a prompt; give both of them a key")
        names = [value for field in fields(self) if (value := getattr(self, field.name))]
        if twice := [name for name in names if names.count(name) > 1]:
            raise StudioError(f"the key '{twice[0]}' is given to two parts of the observation")


PRESETS = {
    "libero": ObservationKeys(),
    "droid": ObservationKeys(
        image="observation/exterior_image_1_left",
        wrist_image="observation/wrist_image_left",
        state="",
    ),
}
"""The sets of keys that openpi's own examples use."""


def parse_keys(text: str) -> ObservationKeys:
    """Read keys as a person writes them.

    Args:
        text: "libero", "droid", or "image=cam_high,state=,prompt=task": changes to LIBERO's keys,
            where an empty one leaves that part out. Empty text changes nothing.

    Raises:
        StudioError: If it is neither.
    """
    text = text.strip()
    if text in PRESETS:
        return PRESETS[text]
    known = [field.name for field in fields(ObservationKeys)]
    changes: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, key = (word.strip() for word in part.partition("="))
        if not equals or name not in known:
            raise StudioError(
                f"'{part}' names no part of an observation; write 'libero', 'droid' or parts like "
                f"'image=KEY,state=KEY' from: {', '.join(known)}"
            )
        changes[name] = key
    return replace(ObservationKeys(), **changes)
