"""A recorded moment as a question: what a model would be asked about if it were now."""

from __future__ import annotations

from dataclasses import replace

from core.review.session import ReviewSession
from core.session.events import Observed
from core.types import Observation, StudioError

NEAR_NS = 250_000_000
"""Up to so long after a question its own pictures are taken: they are exact, the live ones JPEG."""


def observation_at(session: ReviewSession, wall_ns: int) -> Observation:
    """Return what a model could have been asked about at a moment.

    Args:
        session: The session.
        wall_ns: The moment [ns since 1970].

    Returns:
        The pictures and the state of that moment with the instruction that held; those of a
        question that was asked just then, or is open, are exact.

    Raises:
        StudioError: If there was no picture yet, or the file is damaged.
    """
    moment = session.moment(wall_ns)
    span = session.span_at(wall_ns)
    instruction = moment.instruction or ("" if span is None else span.episode.instruction)
    if moment.question is not None:
        asked = session.whole(moment.question)
        assert isinstance(asked, Observed)
        if moment.waiting or wall_ns - asked.wall_ns <= NEAR_NS:
            return replace(asked.observation, instruction=instruction)
    found = [session.frame_at(camera, wall_ns) for camera in session.cameras]
    frames = tuple(frame for frame in found if frame is not None)
    if not frames:
        raise StudioError(
            "There is no picture at this moment yet; go on to where the cameras show something."
        )
    return Observation(frames=frames, instruction=instruction, state=session.state_at(wall_ns))
