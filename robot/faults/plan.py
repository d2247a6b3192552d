"""Which faults come when: a script, or chance with a seed, from the words of ``--faults``.

A script is a list of ``NAME@AT[:FOR]`` or ``NAME/CAMERA@AT[:FOR]`` in seconds from the start of the
rig, such as ``reflex@5,camera-freeze@10:2s``; chance is ``random:SEED[:MEAN]``, with faults as
independent of each other as the clicks of a Geiger counter, MEAN seconds apart on average.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.types import StudioError
from robot.faults.kinds import FACTS, FaultKind

MEAN_SECONDS = 30.0
LATEST = 86_400.0
LONGEST = 600.0
SHORTEST = 0.05
MOST_SEED = 2**32 - 1

_ITEM = re.compile(r"(?P<name>[a-z-]+)(?:/(?P<camera>\w+))?@(?P<at>[^:]+)(?::(?P<seconds>.+))?")
_NUMBER = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """One fault that is to come.

    Attributes:
        kind: What.
        at: When [s from the start]; it waits longer where its kind needs a motion to hit.
        seconds: How long [s].
        camera: Which camera; empty for the first one, or for a fault of the arm.
    """

    kind: FaultKind
    at: float
    seconds: float
    camera: str = ""

    def __str__(self) -> str:
        where = f"/{self.camera}" if self.camera else ""
        return f"{self.kind}{where}@{_plain(self.at)}:{_plain(self.seconds)}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """Faults to come; ``str()`` of it is what :func:`parse_plan` reads.

    Attributes:
        script: In the order of their times; empty for a random plan.
        seed: Of a random plan, None for a script.
        mean: Mean time between the faults of a random plan [s].
    """

    script: tuple[Injection, ...] = ()
    seed: int | None = None
    mean: float = MEAN_SECONDS

    def __str__(self) -> str:
        if self.seed is not None:
            return f"random:{self.seed}:{_plain(self.mean)}"
        return ",".join(str(item) for item in self.script)

    def injections(self, cameras: tuple[str, ...]) -> Iterator[Injection]:
        """Return the faults in the order of their times; without end for a random plan.

        Args:
            cameras: Names of the cameras there are; the first is meant where none is named.

        Raises:
            StudioError: If the script names a camera that is not there, or swaps a single one.
        """
        if self.seed is not None:
            return _drawn(self.seed, self.mean, cameras)
        return iter([_aimed(item, cameras) for item in self.script])


def parse_plan(text: str) -> FaultPlan:
    """Read the words of ``--faults``.

    Raises:
        StudioError: If they are not understood, with what was expected.
    """
    text = text.strip()
    if text.startswith("random"):
        return _parse_random(text)
    items = [_parse_item(part.strip()) for part in text.split(",")]
    return FaultPlan(script=tuple(sorted(items, key=lambda item: item.at)))


def _parse_random(text: str) -> FaultPlan:
    word, *values = text.split(":")
    if word != "random" or not 1 <= len(values) <= 2:
        raise StudioError(
            f"--faults is '{text}'; expected random:SEED or random:SEED:MEAN_SECONDS, such as "
            "random:7:30."
        )
    seed = values[0]
    if not (seed.isascii() and seed.isdecimal()) or len(seed) > 10 or int(seed) > MOST_SEED:
        raise StudioError(
            f"--faults has the seed '{seed}'; expected a whole number from 0 to {MOST_SEED}."
        )
    mean = _seconds(values[1], text, 1.0, 3600.0) if len(values) == 2 else MEAN_SECONDS
    return FaultPlan(seed=int(seed), mean=mean)


def _parse_item(text: str) -> Injection:
    match = _ITEM.fullmatch(text)
    if match is None:
        raise StudioError(
            f"--faults has '{text}'; expected NAME@SECONDS or NAME@SECONDS:DURATION, such as "
            f"reflex@5 or camera-freeze/wrist@10:2s, with a comma between them. {_names()}"
        )
    try:
        kind = FaultKind(match["name"])
    except ValueError as error:
        raise StudioError(f"--faults knows no fault '{match['name']}'. {_names()}") from error
    if match["camera"] and not kind.is_camera:
        raise StudioError(
            f"--faults has '{text}', but {kind} happens to the arm; leave '/{match['camera']}' out."
        )
    duration = match["seconds"]
    return Injection(
        kind=kind,
        at=_seconds(match["at"], text, 0.0, LATEST),
        seconds=_seconds(duration, text, SHORTEST, LONGEST) if duration else FACTS[kind].seconds,
        camera=match["camera"] or "",
    )


def _seconds(number: str, text: str, least: float, most: float) -> float:
    match = _NUMBER.fullmatch(number)
    value = float(match[1]) if match is not None else float("nan")
    if not least <= value <= most:
        raise StudioError(
            f"--faults has '{number}' in '{text}'; expected seconds from {least:g} to {most:g}, "
            "such as 2 or 0.5s."
        )
    return value


def _aimed(item: Injection, cameras: tuple[str, ...]) -> Injection:
    """Return a fault of a camera with the camera's name filled in, any other as it is."""
    if not item.kind.is_camera:
        return item
    name = item.camera or (cameras[0] if cameras else "")
    if name not in cameras:
        there = f"there are: {', '.join(cameras)}" if cameras else "this rig has none"
        raise StudioError(f"--faults names the camera '{name}' in '{item}'; {there}.")
    if item.kind == FaultKind.CAMERA_SWAP and len(cameras) < 2:
        raise StudioError(f"--faults has '{item}', but there is no second camera to swap with.")
    return Injection(kind=item.kind, at=item.at, seconds=item.seconds, camera=name)


def _drawn(seed: int, mean: float, cameras: tuple[str, ...]) -> Iterator[Injection]:
    random = np.random.default_rng(seed)
    kinds = [kind for kind in FaultKind if not kind.is_camera or cameras]
    if len(cameras) < 2:
        kinds = [kind for kind in kinds if kind != FaultKind.CAMERA_SWAP]
    at = 0.0
    while True:
        at += float(random.exponential(mean))
        kind = kinds[int(random.integers(len(kinds)))]
        share = float(random.uniform(0.3, 1.0))
        camera = cameras[int(random.integers(len(cameras)))] if kind.is_camera else ""
        yield Injection(kind=kind, at=at, seconds=share * FACTS[kind].seconds, camera=camera)


def _names() -> str:
    return f"There are: {', '.join(FaultKind)}."


def _plain(value: float) -> str:
    """Return a number of seconds without an exponent."""
    return f"{value:.9f}".rstrip("0").rstrip(".")
