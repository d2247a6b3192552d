"""Names and conventions of data sets made from the lab: our own, and an imagined other arm's.

The other one has absolute poses with Euler angles in degrees, an inverted gripper, and other names
of columns and cameras. Both are the plain values of a conventions file but for the rate.
"""

from __future__ import annotations

from typing import Any

DEPTH_COLUMN = "observation.depth"
ROBOTS = {"ours": "franka_fr3_lab", "other": "other_arm"}

OURS: dict[str, Any] = {
    "cameras": [
        {"column": "observation.images.front", "role": "front"},
        {"column": "observation.images.wrist", "role": "wrist"},
    ],
    "action": {
        "form": "delta",
        "frame": "base",
        "position": {"column": "action", "values": ["dx", "dy", "dz"], "unit": "m"},
        "rotation": {"column": "action", "values": ["drx", "dry", "drz"], "form": "rotvec"},
        "gripper": {"column": "action", "values": ["gripper"], "closed": 0, "open": 1},
    },
    "state": {
        "position": {"column": "observation.state", "values": ["x", "y", "z"], "unit": "m"},
        "rotation": {
            "column": "observation.state",
            "values": ["forward_x", "forward_y", "forward_z", "side_x", "side_y", "side_z"],
            "form": "columns",
        },
        "gripper": {"column": "observation.state", "values": ["gripper"], "closed": 0, "open": 1},
    },
    "depth": {"column": DEPTH_COLUMN, "unit": "mm"},
}
OTHER: dict[str, Any] = {
    "cameras": [
        {"column": "observation.images.cam_high", "role": "front"},
        {"column": "observation.images.cam_hand", "role": "wrist"},
    ],
    "action": {
        "form": "absolute",
        "position": {"column": "action.tcp", "values": ["X", "Y", "Z"], "unit": "mm"},
        "rotation": {
            "column": "action.tcp",
            "values": ["roll", "pitch", "yaw"],
            "form": "euler-xyz",
            "unit": "deg",
        },
        "gripper": {"column": "action.grip", "values": [0], "closed": 1, "open": -1},
    },
    "state": {
        "position": {"column": "tcp", "values": ["X", "Y", "Z"], "unit": "mm"},
        "rotation": {
            "column": "tcp",
            "values": ["roll", "pitch", "yaw"],
            "form": "euler-xyz",
            "unit": "deg",
        },
        "gripper": {"column": "finger_gap", "values": [0], "closed": 0, "open": 80},
    },
    "depth": {"column": DEPTH_COLUMN, "unit": "mm"},
}

NAMES = {"ours": OURS, "other": OTHER}
