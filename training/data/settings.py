"""How a data set is labelled, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
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
