"""Two rollouts as videos that tell nothing but what the camera saw.

Nobody who sees, opens or measures the files shall learn which policy is which: size, rate, length,
encoder, dates and the form of the names are the same for both. Source: study-log-safety.md A7.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

from core.export.timing import Picture, Span, TimedPicture, at_rate
from core.types import StudioError
from core.video import VideoFile, even, shaper

DATE_S = 946_684_800
"""What both files are dated, 2000-01-01: the order of writing must not show."""

FPS = 20


class Length(StrEnum):
    """What makes two rollouts equally long."""

    HOLD = "hold"
    """The shorter one stands still on its last picture."""
    CUT = "cut"
    """The longer one ends with the shorter one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindPair:
    """Two videos that can be shown side by side.

    Attributes:
        a: Video of the first rollout; only the caller knows that it is the first.
        b: Video of the second rollout.
        fps: Pictures per second of both.
        size: (width, height) of both [px].
        pictures: Number of pictures of either.
        length: How they were made equally long.
        pauses_cut: Whether the spans in which nothing was executed were cut from both.
    """

    a: Path
    b: Path
    fps: int
    size: tuple[int, int]
    pictures: int
    length: Length
    pauses_cut: bool


def write_blind_pair(
    rollout_a_frames: Iterable[TimedPicture],
    rollout_b_frames: Iterable[TimedPicture],
    out: Path,
    *,
    fps: int = FPS,
    size: tuple[int, int] | None = None,
    pauses_a: Sequence[Span] = (),
    pauses_b: Sequence[Span] = (),
    cut_pauses: bool = True,
    length: Length = Length.HOLD,
    names: tuple[str, str] | None = None,
    check: Callable[[], None] | None = None,
) -> BlindPair:
    """Write two rollouts as an H.264 MP4 each, alike in everything but their pictures.

    Both are read once, side by side, and never held in memory as a whole. Either both files appear
    or none. Which side a rollout is shown on is the caller's coin flip, not decided here.

    Args:
        rollout_a_frames: (time [s], (H, W, 3) uint8 RGB) in order, the times counted from any
            moment; live pictures of one camera, without anything drawn on them.
        rollout_b_frames: The same of the other rollout.
        out: Folder for the files; made when it is missing.
        fps: Pictures per second of both videos; the newest picture is repeated, none is invented.
        size: (width, height) [px], rounded down to even numbers; by default the smaller of the two
            rollouts' own sizes. Both are cut around the centre to this aspect, then scaled.
        pauses_a: Spans [s] of the first rollout in which the policy was thinking and nothing was
            executed, in the times of its frames.
        pauses_b: The same of the second.
        cut_pauses: Cut the pauses from both, so that only control steps remain; otherwise they are
            kept in both. How fast a policy thinks must not show on one side only.
        length: How both get the same number of pictures.
        names: File names without ending; by default a hash of the pictures, which says nothing
            and stays the same when a pair is written again.
        check: Called before every picture; may raise to give up.

    Returns:
        Where the files are, and the rules that hold for both.

    Raises:
        StudioError: If a rollout has no picture, or the files cannot be written.
    """
    streams = (
        at_rate(rollout_a_frames, fps, pauses_a if cut_pauses else ()),
        at_rate(rollout_b_frames, fps, pauses_b if cut_pauses else ()),
    )
    firsts = (_first(streams[0], "first"), _first(streams[1], "second"))
    sources = [(picture.shape[1], picture.shape[0]) for picture in firsts]
    target = even(size or min(sources, key=lambda source: source[0] * source[1]))
    try:
        out.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".pair-", dir=out))
    except OSError as error:
        raise StudioError(f"The folder {out} cannot be made: {error.strerror}.") from error
    files: list[VideoFile] = []
    try:
        for side in ("1", "2"):
            files.append(VideoFile(work / f"{side}.mp4", size=target, fps=fps))
        shapes = [shaper(source, target) for source in sources]
        pairs = _together(chain(firsts[:1], streams[0]), chain(firsts[1:], streams[1]), length)
        for pair in pairs:
            if check is not None:
                check()
            for file, shape, picture in zip(files, shapes, pair, strict=True):
                file.add(shape(picture))
        made = [file.finish() for file in files]
        stems = names or _neutral([file.content.hexdigest() for file in files])
        a, b = _place(made, out, stems)
    finally:
        for file in files:
            file.abandon()
        shutil.rmtree(work, ignore_errors=True)
    return BlindPair(
        a=a,
        b=b,
        fps=fps,
        size=target,
        pictures=files[0].pictures,
        length=length,
        pauses_cut=cut_pauses,
    )


def _first(stream: Iterator[Picture], which: str) -> Picture:
    picture = next(stream, None)
    if picture is None:
        raise StudioError(
            f"The {which} rollout has no picture of this camera. Choose another camera or rollout."
        )
    return picture


def _together(
    a: Iterable[Picture], b: Iterable[Picture], length: Length
) -> Iterator[tuple[Picture, Picture]]:
    """Yield pictures of both until the longer one ends, or the shorter one."""
    left, right = iter(a), iter(b)
    shown_a, shown_b = next(left), next(right)
    while True:
        yield shown_a, shown_b
        next_a, next_b = next(left, None), next(right, None)
        if next_a is None and next_b is None:
            return
        if length is Length.CUT and (next_a is None or next_b is None):
            return
        shown_a = shown_a if next_a is None else next_a
        shown_b = shown_b if next_b is None else next_b


def _place(made: Sequence[Path], out: Path, stems: tuple[str, str]) -> tuple[Path, Path]:
    """Give both files their names and the same date."""
    if stems[0] == stems[1] or any(Path(stem).name != stem for stem in stems):
        raise StudioError(f"'{stems[0]}' and '{stems[1]}' cannot be the names of two files.")
    targets = (out / f"{stems[0]}.mp4", out / f"{stems[1]}.mp4")
    try:
        for path in made:
            os.utime(path, (DATE_S, DATE_S))
        for path, target in zip(made, targets, strict=True):
            os.replace(path, target)
    except OSError as error:
        for target in targets:
            with suppress(OSError):
                target.unlink(missing_ok=True)
        raise StudioError(f"{out} cannot be written ({error.strerror}).") from error
    return targets


def _neutral(hashes: Sequence[str]) -> tuple[str, str]:
    first, second = (f"clip-{text[:12]}" for text in hashes)
    return (first, second) if first != second else (first, f"{second}-2")
