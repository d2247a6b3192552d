"""The box that the tool centre must not leave, and how it is taught and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.types import StudioError
from robot import fr3

BASE_RADIUS = 0.15
"""Of the upright cylinder that the arm's own base and shoulder fill [m]."""

BASE_HEIGHT = 0.45
SMALLEST_SIDE = 0.05
TOOL_REACH = fr3.REACH + 0.25
"""Farthest from the shoulder that any tool gets [m]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workspace:
    """The box that the tool centre must not leave, in the base frame [m].

    Attributes:
        low: (3,) smallest x, y, z.
        high: (3,) largest x, y, z.
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            corner = np.array(getattr(self, name), dtype=np.float64)
            if corner.shape != (3,) or not np.isfinite(corner).all():
                raise StudioError(f"a workspace corner is {corner}; expected three finite numbers")
            corner.setflags(write=False)
            object.__setattr__(self, name, corner)
        if (self.low >= self.high).any():
            raise StudioError(
                f"the workspace runs from {self.low} to {self.high}; each first number must be "
                "smaller than its second"
            )

    @classmethod
    def parse(cls, text: str) -> Workspace:
        """Read "x0,y0,z0,x1,y1,z1" [m].

        Raises:
            StudioError: If it is something else.
        """
        try:
            numbers = [float(word) for word in text.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != 6:
            raise StudioError(
                f"the workspace is '{text}'; expected six numbers x0,y0,z0,x1,y1,z1 in metres, "
                "such as 0.3,-0.3,0.02,0.7,0.3,0.5"
            )
        return cls(low=np.array(numbers[:3]), high=np.array(numbers[3:]))

    @classmethod
    def around(cls, points: NDArray[np.float64], margin: float = 0.0) -> Workspace:
        """Return the box around corners that somebody showed with the arm.

        Args:
            points: (N, 3) tool centres in the base frame, at least two [m].
            margin: How far the box reaches beyond them on every side, or keeps back from them when
                negative [m].

        Raises:
            StudioError: If the points span no box, or one that makes no sense for this arm; see
                :meth:`require_sensible`.
        """
        corners = np.asarray(points, dtype=np.float64)
        if corners.ndim != 2 or corners.shape[1] != 3 or len(corners) < 2:
            raise StudioError("At least two corners are needed to teach a workspace.")
        if not np.isfinite(corners).all():
            raise StudioError("A taught corner is not known; teach the corners anew.")
        low, high = corners.min(axis=0) - margin, corners.max(axis=0) + margin
        for axis, size in zip("xyz", high - low, strict=True):
            if size < SMALLEST_SIDE:
                raise StudioError(
                    f"The taught corners are only {1e3 * size:.0f} mm apart along {axis}; at least "
                    f"{1e3 * SMALLEST_SIDE:.0f} mm are needed. Move the tool to the opposite "
                    "corner of the box and teach again."
                )
        box = cls(low=low, high=high)
        box.require_sensible()
        return box

    def require_sensible(self, table: float | None = None) -> None:
        """Do nothing, or raise.

        Args:
            table: Height of the table in the base frame, when it is known [m].

        Raises:
            StudioError: If the box reaches into the arm's base, below the table, or lies out of
                reach as a whole.
        """
        nearest = np.clip(0.0, self.low, self.high)
        if float(np.hypot(nearest[0], nearest[1])) < BASE_RADIUS and self.low[2] < BASE_HEIGHT:
            raise StudioError(
                f"The workspace reaches into the arm's base; keep it {100 * BASE_RADIUS:.0f} cm "
                "away from the base's axis, or above its shoulder."
            )
        if table is not None and self.low[2] < table:
            raise StudioError(
                f"The workspace begins {1e3 * (table - self.low[2]):.0f} mm below the table, which "
                f"is at {table:.3f} m; raise its lower end."
            )
        shoulder = np.array([0.0, 0.0, fr3.SHOULDER_HEIGHT])
        away = float(np.linalg.norm(np.clip(shoulder, self.low, self.high) - shoulder))
        if away > TOOL_REACH:
            raise StudioError(
                f"The workspace begins {away:.2f} m away from the arm's shoulder, which reaches "
                f"{TOOL_REACH:.2f} m at most; give it in metres, in the arm's base frame."
            )

    def to_message(self) -> dict[str, Any]:
        """Return plain values for the wire and the log."""
        return {"low": self.low.tolist(), "high": self.high.tolist()}

    @classmethod
    def from_message(cls, message: Any) -> Workspace:
        """Rebuild from :meth:`to_message`.

        Raises:
            StudioError: If it is none.
        """
        try:
            low, high = (np.asarray(message[name], dtype=np.float64) for name in ("low", "high"))
        except (KeyError, TypeError, ValueError) as error:
            raise StudioError(f"this is no workspace: {error}") from error
        return cls(low=low, high=high)
