"""Videos of takes: plain ones, one per camera, and blind pairs for studies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from core.export.blind import BlindPair, Length, write_blind_pair
from core.export.job import SKIPPED, Facts, Part, one_by_one
from core.export.pictures import pictures
from core.export.redact import session_name
from core.export.request import ExportRequest, Pace
from core.export.take import Take
from core.export.timing import TimedPicture, at_rate
from core.types import StudioError
from core.video import VideoFile, even, shaper

KEY_SUFFIX = "-key.json"
"""Ends the name of the file beside a blind pair that says which is which."""


class FilmJob:
    """A video for every take and camera, as the camera saw it."""

    def __init__(self, request: ExportRequest, takes: list[Take]) -> None:
        """Plan a part for every take."""
        self.parts = one_by_one(takes)
        self._request = request

    def make(self, part: Part, folder: Path, before: list[Facts], pace: Pace) -> Facts:
        """Write the videos of a take."""
        take = part.takes[0]
        cut = take.pauses() if self._request.cut_pauses else ()
        made: list[str] = []
        for camera in _cameras(take, self._request):
            steady = at_rate(_live(take, camera, pace), self._request.fps, cut)
            first = next(steady, None)
            if first is None:
                continue
            source = (first.shape[1], first.shape[0])
            name = f"{stem(take, self._request)}-{camera.replace('/', '_')}.mp4"
            file = VideoFile(folder / name, size=even(source), fps=self._request.fps)
            try:
                shape = shaper(source, file.size)
                for picture in chain([first], steady):
                    file.add(shape(picture))
                file.finish()
            finally:
                file.abandon()
            made.append(name)
        return {"files": made} if made else {SKIPPED: f"{take.title} has no pictures."}

    def finish(self, folder: Path, facts: list[Facts]) -> None:
        """Nothing spans the videos."""


class BlindJob:
    """Two takes as videos that do not tell who is who; the key lies beside the folder."""

    def __init__(self, request: ExportRequest, takes: list[Take]) -> None:
        """Plan the pair.

        Raises:
            StudioError: If there are not two takes, or they share no camera.
        """
        if len(takes) != 2:
            raise StudioError(
                f"A blind pair needs two episodes, not {len(takes)}; name them with --episodes, or "
                "give two sessions of one episode each."
            )
        shared = [name for name in takes[0].cameras if name in takes[1].cameras]
        wanted = [name for name in shared if not request.cameras or name in request.cameras]
        if not wanted:
            raise StudioError("These two episodes have no camera in common.")
        self._camera, self._request = wanted[0], request
        weight = sum(take.seconds for take in takes)
        self.parts = (Part(key="pair", title="blind pair", takes=tuple(takes), weight=weight),)

    def make(self, part: Part, folder: Path, before: list[Facts], pace: Pace) -> Facts:
        """Write the pair."""
        a, b = part.takes
        pair = write_blind_pair(
            _live(a, self._camera),
            _live(b, self._camera),
            folder,
            fps=self._request.fps,
            pauses_a=a.pauses(),
            pauses_b=b.pauses(),
            cut_pauses=self._request.cut_pauses,
            length=Length.HOLD,
            check=pace.check,
        )
        about = folder / "about.json"
        about.write_text(json.dumps(rules(pair), indent=2))
        sides = {pair.a.name: a, pair.b.name: b}
        return {
            "key": {
                name: {
                    "session": session_name(take.path, self._request.keep),
                    "episode": take.number,
                    "policy": take.policy,
                    "checkpoint": take.checkpoint,
                }
                for name, take in sides.items()
            }
        }

    def finish(self, folder: Path, facts: list[Facts]) -> None:
        """Write which is which, beside the folder and never into it."""
        out = self._request.out.absolute()
        path = out.with_name(out.name + KEY_SUFFIX)
        path.write_text(json.dumps(facts[0]["key"], indent=2, sort_keys=True))


def rules(pair: BlindPair) -> dict[str, object]:
    """Return what holds for both videos of a pair, to be told to everybody."""
    return {
        "fps": pair.fps,
        "size": pair.size,
        "pictures": pair.pictures,
        "length": f"{pair.length}: the shorter one stands still on its last picture",
        "pauses": "cut from both" if pair.pauses_cut else "kept in both",
    }


def stem(take: Take, request: ExportRequest) -> str:
    """Return the beginning of the names of a take's files."""
    name = session_name(take.path, request.keep)
    return f"{name}-episode-{take.number:02d}" if take.number else name


def _live(take: Take, camera: str, pace: Pace | None = None) -> Iterator[TimedPicture]:
    """Yield the pictures of a take from its very beginning; nothing is drawn on live pictures."""
    for _, time, image in pictures(take, [camera], pace):
        yield max(time, 0.0), image


def _cameras(take: Take, request: ExportRequest) -> list[str]:
    return [name for name in take.cameras if not request.cameras or name in request.cameras]
