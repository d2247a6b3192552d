"""Carries an export out: reads the sessions, makes part after part, completes the folder."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.export.job import SKIPPED, Facts, Job
from core.export.request import VERSION, ExportRequest, ExportResult, Format, Pace, Tell
from core.export.take import Take, chosen
from core.export.takes import read_takes
from core.export.workshop import Workshop, already_there
from core.types import StudioError

_READING = 0.1
"""Share of the progress that reading the events takes."""

_JOBS = {
    Format.LEROBOT: "core.export.lerobot:LeRobotJob",
    Format.RRD: "core.export.rrd:RrdJob",
    Format.MP4: "core.export.films:FilmJob",
    Format.BLIND: "core.export.films:BlindJob",
    Format.CSV: "core.export.tables:CsvJob",
    Format.PARQUET: "core.export.tables:ParquetJob",
    Format.PLY: "core.export.clouds:CloudJob",
}


def export(
    request: ExportRequest,
    tell: Tell = lambda fraction, words: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportResult:
    """Make an export, or take one up that was broken off.

    Blocking; the callbacks are called from the same thread.

    Args:
        request: What is wanted.
        tell: Gets the progress.
        cancelled: Asked often; after a yes, nothing more is written.

    Returns:
        Where the result is, and what was left out.

    Raises:
        StudioError: If it is not possible, as a sentence for the person.
        ExportCancelled: If it was given up; finished parts are kept beside ``out`` for next time.
    """
    pace = Pace(tell, cancelled)
    fingerprint = request.fingerprint()
    if already_there(request.out, fingerprint):
        return _result(request.out, 0, 0, [])
    takes = _read(request, pace)
    job = _job(request, takes)
    workshop = Workshop(request.out, fingerprint)
    try:
        facts, made = _make(job, workshop, pace)
        pace.enter(0.99, 0.01, "completing the folder")
        job.finish(workshop.folder, facts)
        pace.check()
        skipped = [fact[SKIPPED] for fact in facts if SKIPPED in fact]
        if len(skipped) == len(facts):
            raise StudioError(f"There is nothing to export. {skipped[0]}")
        folder = workshop.complete({"format": str(request.format), "version": VERSION})
    finally:
        workshop.close()
    tell(1.0, "done")
    return _result(folder, made, len(facts) - made, skipped)


def _read(request: ExportRequest, pace: Pace) -> list[Take]:
    takes: list[Take] = []
    for index, item in enumerate(request.chosen):
        share = _READING / len(request.chosen)
        pace.enter(index * share, share, f"reading {item.path.name}")
        takes += chosen(read_takes(item.path), item.episodes, discarded=request.discarded)
    if not takes:
        raise StudioError(
            "There is nothing to export: no episode fits. Discarded ones are left out unless they "
            "are asked for."
        )
    return takes


def _job(request: ExportRequest, takes: list[Take]) -> Job:
    module, name = _JOBS[request.format].split(":")
    make: Any = getattr(importlib.import_module(module), name)
    return make(request, takes)


def _make(job: Job, workshop: Workshop, pace: Pace) -> tuple[list[Facts], int]:
    """Make what is not finished yet; return the facts of all parts and how many were made."""
    total = sum(part.weight for part in job.parts)
    facts: list[Facts] = []
    behind, made = 0.0, 0
    again = False
    for part in job.parts:
        share = (0.99 - _READING) * part.weight / total
        pace.enter(_READING + behind, share, part.title)
        known = None if again else workshop.facts(part.key)
        if known is None:
            again = True  # later parts may build on this one
            known = job.make(part, workshop.bench(), facts, pace)
            workshop.keep(part.key, known)
            made += 1
        facts.append(known)
        behind += share
    return facts, made


def _result(folder: Path, made: int, reused: int, skipped: list[str]) -> ExportResult:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return ExportResult(
        folder=folder,
        files=len(sizes),
        bytes=sum(sizes),
        made=made,
        reused=reused,
        skipped=tuple(skipped),
    )
