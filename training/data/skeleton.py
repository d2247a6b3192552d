"""A conventions file to be filled in: a data set's columns, and question marks for the rest."""

from __future__ import annotations

from training.data.dataset import Dataset

_HEAD = """\
# What the numbers of this data set mean. Replace every "?"; docs/data-sets.md explains the keys.
# Nothing is guessed, and what is declared is compared with the data before anything is labelled.
"""

_ARM = """\
action:
  form: "?"         # delta (changes) or absolute (target poses)
  frame: "?"        # delta: base or tool; leave it out for absolute
  position: {column: "?", values: [0, 1, 2], unit: "?"}               # m, cm or mm
  rotation: {column: "?", values: [3, 4, 5], form: "?", unit: "?"}    # rotvec, euler-xyz,
  #         quaternion-xyzw, quaternion-wxyz or columns; rad or deg; or `rotation: none`
  gripper: {column: "?", values: [6], closed: "?", open: "?"}         # or `gripper: none`
state:              # what was measured before the action, in the base frame; may be left out
  position: {column: "?", values: [0, 1, 2], unit: "?"}
  rotation: {column: "?", values: [3, 4, 5], form: "?", unit: "?"}
  gripper: {column: "?", values: [6], closed: "?", open: "?"}
# depth: {column: "?", unit: "?"}     # recorded depth of the first camera, m or mm
# no_ops: keep                        # keep frames in which nothing is asked of the arm
"""


def skeleton(dataset: Dataset) -> str:
    """Return the text of a conventions file with everything that is known of a data set."""
    lines = [_HEAD + "#", "# Columns:"]
    for name, feature in dataset.features.items():
        names = f": {', '.join(feature.names)}" if feature.names else ""
        lines.append(f"#   {name} ({feature.dtype}, {list(feature.shape)}{names})")
    lines += ["", f"rate: {dataset.fps:g}", "cameras:        # the first one is annotated"]
    lines += [f'  - {{column: {name}, role: "?"}}' for name in dataset.cameras]
    return "\n".join(lines) + "\n" + _ARM
