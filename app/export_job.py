"""What an export does outside of the GUI thread."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from app.task import TaskCancelled, Work
from core.export.request import (
    Chosen,
    ExportCancelled,
    ExportRequest,
    ExportResult,
    Format,
)
from core.types import StudioError

NEWEST = 200
"""Sessions that are offered; older ones are added by hand."""

NAMES = {
    Format.LEROBOT: "LeRobot dataset",
    Format.MP4: "Videos (MP4)",
    Format.BLIND: "Blind pair for a study (MP4)",
    Format.RRD: "Rerun recording",
    Format.CSV: "Tables (CSV)",
    Format.PARQUET: "Tables (Parquet)",
    Format.PLY: "Point clouds (PLY)",
}

WORDS = {
    Format.LEROBOT: "Version 3.0, for training: a row for every step that the arm carried out.",
    Format.MP4: "What each camera saw, one video per episode and camera.",
    Format.BLIND: (
        "Two episodes as videos that do not tell which policy is which. The key is written beside "
        "the folder."
    ),
    Format.RRD: "Cameras with traces, the arm in space, plots and the log, with a layout.",
    Format.CSV: "Episodes, steps and events, for spreadsheets and statistics.",
    Format.PARQUET: "Episodes, steps and events, for pandas and R.",
    Format.PLY: "The decoded depth of every answer as coloured points.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A session that can be exported.

    Attributes:
        chosen: The file and the episodes of it.
        words: How it is listed.
    """

    chosen: Chosen
    words: str


def held_back(kind: Format) -> str:
    """Say why a format is not possible on this machine; nothing when it is."""
    if kind is Format.RRD and importlib.util.find_spec("rerun") is None:
        return "Needs the package rerun-sdk: pip install 'steering-studio[rerun]'"
    return ""


def offers_in(folder: str, work: Work) -> list[Offer]:
    """Return the sessions of a folder, newest first.

    Raises:
        StudioError: If the folder cannot be read.
    """
    place = Path(folder)
    try:
        paths = [*place.glob("*.mcap"), *place.glob("*.mcap.part")] if place.is_dir() else []
        dated = sorted(((path.stat().st_mtime, path) for path in paths), reverse=True)
    except OSError as error:
        raise StudioError(f"{folder} cannot be read: {error.strerror}.") from error
    work.check()
    return [offer(Chosen(path=path)) for _, path in dated[:NEWEST]]


def offer(chosen: Chosen) -> Offer:
    """Return how a session is listed."""
    name = chosen.path.name.removesuffix(".part")
    words = name.removesuffix(".mcap")
    if chosen.path.suffix == ".part":
        words += ", not finished"
    if chosen.episodes:
        numbers = ", ".join(str(number) for number in chosen.episodes)
        words += f", episode{'s' if len(chosen.episodes) > 1 else ''} {numbers}"
    return Offer(chosen=chosen, words=words)


def carry_out(request: ExportRequest, work: Work) -> ExportResult:
    """Export; the libraries that it takes are loaded only here.

    Raises:
        StudioError: If it is not possible.
        TaskCancelled: If the person gave it up.
    """
    from core.export.run import export

    try:
        return export(request, work.progress, work.cancelled)
    except ExportCancelled as error:
        raise TaskCancelled from error


def folder_name(chosen: tuple[Chosen, ...], kind: Format) -> str:
    """Return a name for the folder of the result; the same choice gets the same, to go on with."""
    if not chosen:
        return f"sessions-{kind}"
    first = chosen[0]
    stem = first.path.name.removesuffix(".part").removesuffix(".mcap")
    if len(chosen) > 1:
        stem += f"-and-{len(chosen) - 1}-more"
    if first.episodes:
        stem += "-episode-" + "-".join(str(number) for number in first.episodes)
    return f"{stem}-{kind}"


def outcome(result: ExportResult) -> str:
    """Say what an export came to."""
    words = f"{result.files} files, {result.bytes / 1e6:.1f} MB, in {result.folder}."
    if not result.made:
        words = f"It was there already: {words}"
    elif result.reused:
        words += f" {result.reused} part(s) had been finished before."
    for sentence in result.skipped:
        words += f"\nLeft out: {sentence}"
    return words
