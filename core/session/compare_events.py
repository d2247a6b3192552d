"""Events of a comparison: what was kept to be compared, what was asked, and what was chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.session.event import Event


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateKept(Event):
    """A person kept a trace or another wording, to compare it later.

    Attributes:
        label: Its place, such as "first".
        points: (N, 2) the trace, 0..255 across the image; (0, 2) for a wording.
        wording: The instruction in other words; empty for a trace.
    """

    label: str
    points: NDArray[np.float64]
    wording: str = ""

    def __post_init__(self) -> None:
        points = np.array(self.points, dtype=np.float64).reshape(-1, 2)
        points.setflags(write=False)
        object.__setattr__(self, "points", points)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateDropped(Event):
    """A person let a kept trace or wording go.

    Attributes:
        label: Its place.
    """

    label: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared(Event):
    """A policy is asked for several plans on one observation.

    Each answer is an event of its own, under the number of its request.

    Attributes:
        request_ids: Numbers of the requests; the first one's observation holds for all.
        labels: Whose plan each is: "model", "user", or the place of a candidate.
        instructions: What each was asked with.
    """

    request_ids: tuple[int, ...]
    labels: tuple[str, ...]
    instructions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanChosen(Event):
    """A person chose one of several plans.

    Attributes:
        label: Whose plan it is.
        request_id: Request that it answers.
        among: Requests of all plans that were there to choose from.
    """

    label: str
    request_id: int
    among: tuple[int, ...] = ()


def describe_comparison(event: Event) -> str:
    """Return an event of this file as one line for people; nothing for any other."""
    match event:
        case CandidateKept():
            what = f'"{event.wording}"' if event.wording else f"{len(event.points)} points"
            return f"Kept as {event.label} candidate: {what}"
        case CandidateDropped():
            return f"Dropped the {event.label} candidate"
        case Compared():
            return f"Compared {len(event.labels)} plans: {', '.join(event.labels)}"
        case PlanChosen():
            return f"Chose plan {event.request_id} ({event.label}) of {len(event.among)}"
        case _:
            return ""
