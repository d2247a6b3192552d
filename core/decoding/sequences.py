"""Recorded observations of the lab, for tests and for ``bench decoder``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from core.types import Frame, Observation, StudioError, Trace, TraceSource

RECORDED = Path(__file__).parents[2] / "tests" / "data" / "decoder"
"""Written by ``tests/data/make_decoder_sequences.py``."""


def recorded_episodes(folder: Path = RECORDED) -> list[list[tuple[Observation, Trace]]]:
    """Return consecutive cycles of each episode: what is seen, and a line to steer along.

    Raises:
        StudioError: If there are no recordings.
    """
    try:
        facts = json.loads((folder / "episodes.json").read_text(encoding="utf-8"))
        sheets = [
            np.asarray(Image.open(folder / f"episode_{number}.png").convert("RGB"))
            for number in range(len(facts))
        ]
    except (OSError, ValueError) as error:
        raise StudioError(f"'{folder}' holds no recorded episodes: {error}") from error
    return [
        [
            (
                Observation(frames=_frames(row, number), instruction=fact["instruction"]),
                Trace(points=np.array(points), source=TraceSource.USER),
            )
            for number, (row, points) in enumerate(
                zip(np.split(sheet, len(fact["traces"])), fact["traces"], strict=True)
            )
        ]
        for sheet, fact in zip(sheets, facts, strict=True)
    ]


def _frames(row: np.ndarray, number: int) -> tuple[Frame, Frame]:
    front, wrist = np.split(row, 2, axis=1)
    return (
        Frame(camera="front", image=np.ascontiguousarray(front), t_ns=number, seq=number),
        Frame(camera="wrist", image=np.ascontiguousarray(wrist), t_ns=number, seq=number),
    )
