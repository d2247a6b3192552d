"""How a data set is labelled, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How episodes are labelled; plain values.

    Attributes:
        depth: "simulator", "sensor", "depth-anything" or "none".
        codec: Checkpoint folder with the depth codec.
        depth_model: Depth-Anything's folder or name.
        released_depth: Feed the codec 0 to 1, as the released preparation did.
        trace: "kinematics", "pointing", "column", or "keep" for the traces that it has already.
        every: Point in every so many frames.
        pointing_url: Address of an OpenAI-compatible endpoint.
        pointing_model: Folder or name of a network that points; or its name at the endpoint.
        device: Where networks run.
    """

    depth: str
    codec: str
    depth_model: str
    released_depth: bool
    trace: str
    every: int
    pointing_url: str
    pointing_model: str
    device: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def identity(self) -> dict[str, Any]:
        """Return what decides about the result, as plain values; no paths and no machines."""
        facts: dict[str, Any] = {"depth": self.depth, "trace": self.trace}
        if self.depth != "none":
            facts["released_depth"] = self.released_depth
        if self.depth == "depth-anything":
            facts["depth_model"] = Path(self.depth_model).name
        if self.trace == "pointing":
            facts["every"] = self.every
            facts["pointing_model"] = Path(self.pointing_model).name
        return facts
