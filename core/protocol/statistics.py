"""Action statistics: the ranges that map a robot's motion to -1..1.

The schema is the ``norm_stats`` of a checkpoint's config.json, the same as MolmoAct's
``dataset_statistics.json``. Source: molmoact.md sections 1.6 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.types import StudioError

NORMALISED_DIMS = 6
"""Translation and rotation are scaled; the gripper and what follows are not."""

_FIELDS = ("mean", "std", "min", "max", "q01", "q99")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NormStats:
    """Ranges of one data set's actions.

    Attributes:
        q01: (D,) float32, first percentile per dimension [m, rad, gripper].
        q99: (D,) float32, 99th percentile.
        mask: (D,) bool, which dimensions are scaled. The last one, the gripper, never is.
        summary: Further (D,) float32 arrays that are kept but not used: mean, std, min, max.
        transitions: Number of actions that were counted.
        trajectories: Number of episodes that were counted.
    """

    q01: NDArray[np.float32]
    q99: NDArray[np.float32]
    mask: NDArray[np.bool_]
    summary: Mapping[str, NDArray[np.float32]]
    transitions: int = 0
    trajectories: int = 0

    def __post_init__(self) -> None:
        if self.q01.ndim != 1 or not self.q01.size:
            raise StudioError(f"q01 has shape {self.q01.shape}; expected one value per dimension")
        arrays = {"q99": self.q99, "mask": self.mask, **self.summary}
        for name, array in arrays.items():
            if array.shape != self.q01.shape:
                raise StudioError(f"{name} has {array.size} values; q01 has {self.q01.size}")
        if not (np.isfinite(self.q01).all() and np.isfinite(self.q99).all()):
            raise StudioError("action statistics hold a value that is not finite")
        if (self.q99 < self.q01).any():
            raise StudioError("action statistics have q99 below q01")
        for array in (self.q01, *arrays.values()):
            array.setflags(write=False)

    @property
    def dims(self) -> int:
        """Number of action dimensions."""
        return self.q01.size

    @property
    def scaled(self) -> NDArray[np.bool_]:
        """(D,) bool: dimensions between q01 and q99; the gripper passes through unscaled.

        A released file may mark the gripper as scaled; the reference ignores that, and so do we.
        """
        scaled = self.mask.copy()
        scaled[-1] = False
        return scaled

    def to_config(self) -> dict[str, Any]:
        """Return one entry of ``norm_stats``, with the zero proprioception that MolmoAct writes."""
        values = {**self.summary, "q01": self.q01, "q99": self.q99}
        action: dict[str, Any] = {name: values[name].tolist() for name in _FIELDS if name in values}
        zeros = [0.0] * self.dims
        return {
            "action": {**action, "mask": self.mask.tolist()},
            "num_transitions": self.transitions,
            "num_trajectories": self.trajectories,
            "proprio": {name: list(zeros) for name in _FIELDS},
        }


def read_statistics(norm_stats: Mapping[str, Any] | None, key: str | None = None) -> NormStats:
    """Pick one data set's statistics from a checkpoint's ``norm_stats``.

    Args:
        norm_stats: The dictionary of config.json, data set name to statistics.
        key: Name of the data set; may be left out when there is exactly one.

    Raises:
        StudioError: If there are none, the key is unknown or missing, or an entry is damaged.
    """
    if not norm_stats:
        raise StudioError(
            "this checkpoint has no action statistics (norm_stats in config.json); "
            "without them its actions have no unit"
        )
    known = ", ".join(sorted(norm_stats))
    if key is None:
        if len(norm_stats) > 1:
            raise StudioError(f"this checkpoint has several action statistics; choose one: {known}")
        key = next(iter(norm_stats))
    if key not in norm_stats:
        raise StudioError(f"no action statistics named '{key}'; this checkpoint has: {known}")
    return _entry(key, norm_stats[key])


def compute_statistics(
    actions: ArrayLike, *, trajectories: int = 0, normalised_dims: int = NORMALISED_DIMS
) -> NormStats:
    """Measure the ranges of a data set's actions.

    Args:
        actions: (T, D) [m, rad, gripper], all steps of all episodes.
        trajectories: Number of episodes, for the record.
        normalised_dims: How many leading dimensions are scaled.

    Raises:
        StudioError: If there are no actions or one is not finite.
    """
    rows = np.asarray(actions, dtype=np.float32)
    if rows.ndim != 2 or not rows.size:
        raise StudioError(f"actions have shape {rows.shape}; expected at least one row (T, D)")
    if not np.isfinite(rows).all():
        raise StudioError("an action of the data set is not finite")
    return NormStats(
        q01=np.quantile(rows, 0.01, axis=0).astype(np.float32),
        q99=np.quantile(rows, 0.99, axis=0).astype(np.float32),
        mask=np.array([index < normalised_dims for index in range(rows.shape[1])]),
        summary={
            "mean": rows.mean(axis=0),
            "std": rows.std(axis=0),
            "min": rows.min(axis=0),
            "max": rows.max(axis=0),
        },
        transitions=len(rows),
        trajectories=trajectories,
    )


def _entry(key: str, entry: Any) -> NormStats:
    action = _mapping(_mapping(entry).get("action"))
    if not action:
        raise StudioError(f"the action statistics '{key}' have no part called 'action'")
    for name in ("q01", "q99"):
        if name not in action:
            raise StudioError(f"the action statistics '{key}' have no {name}")
    q01 = _numbers(key, "q01", action["q01"])
    mask = action.get("mask")
    return NormStats(
        q01=q01,
        q99=_numbers(key, "q99", action["q99"]),
        # without a mask everything but the gripper is scaled
        mask=np.ones(q01.shape, bool) if mask is None else _numbers(key, "mask", mask) != 0,
        summary={
            name: _numbers(key, name, action[name])
            for name in ("mean", "std", "min", "max")
            if name in action
        },
        transitions=_count(key, entry, "num_transitions"),
        trajectories=_count(key, entry, "num_trajectories"),
    )


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _numbers(key: str, name: str, values: Any) -> NDArray[np.float32]:
    try:
        return np.array(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise StudioError(f"{name} of the action statistics '{key}' are no numbers") from error


def _count(key: str, entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name, 0)
    if not isinstance(value, int):
        raise StudioError(f"{name} of the action statistics '{key}' is no whole number")
    return value
