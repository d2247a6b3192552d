"""Episodes, steps and events as three tables, CSV or Parquet, over all sessions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from core.export.job import Facts, Part
from core.export.redact import session_name
from core.export.request import ExportRequest, Pace
from core.export.table_rows import EPISODES, EVENTS, STEPS, episode_row, event_row, step_rows
from core.export.take import Take
from core.session.events import FrameSeen
from core.session.reader import read_session

TABLES = {"episodes": EPISODES, "steps": STEPS, "events": EVENTS}

_PARTS = ".tables"
_BATCH = 5_000
"""Events that are held before they are written."""


class _TableJob:
    """A part for every session; the parts are joined at the end."""

    ending = ""

    def __init__(self, request: ExportRequest, takes: list[Take]) -> None:
        by_path: dict[Path, list[Take]] = {}
        for take in takes:
            by_path.setdefault(take.path, []).append(take)
        self._request = request
        self.parts = tuple(
            Part(
                key=f"{index:04d}-{path.name}",
                title=path.name,
                takes=tuple(own),
                weight=max(sum(take.seconds for take in own), 1.0),
            )
            for index, (path, own) in enumerate(by_path.items())
        )

    def make(self, part: Part, folder: Path, before: list[Facts], pace: Pace) -> Facts:
        """Write the rows of a session."""
        name = session_name(part.takes[0].path, self._request.keep)
        place = folder / _PARTS / f"{len(before):04d}"
        place.mkdir(parents=True)
        keep = self._request.keep
        episodes = [episode_row(take, name) for take in part.takes]
        steps = [row for take in part.takes for row in step_rows(take, name)]
        pq.write_table(_table(episodes, EPISODES), place / "episodes.parquet")
        pq.write_table(_table(steps, STEPS), place / "steps.parquet")
        with pq.ParquetWriter(place / "events.parquet", _schema(EVENTS)) as writer:
            rows: list[dict[str, Any]] = []
            for number, event in _events(part.takes, pace):
                rows.append(event_row(event, number, part.takes[0].zero_ns, name, keep))
                if len(rows) >= _BATCH:
                    writer.write_table(_table(rows, EVENTS))
                    rows.clear()
            writer.write_table(_table(rows, EVENTS))
        return {"place": f"{_PARTS}/{len(before):04d}"}

    def finish(self, folder: Path, facts: list[Facts]) -> None:
        """Join the tables of all sessions."""
        for name, columns in TABLES.items():
            beside = folder / f".{name}.part"
            with self._writer(beside, _schema(columns)) as writer:
                for fact in facts:
                    source = pq.ParquetFile(folder / fact["place"] / f"{name}.parquet")
                    for batch in source.iter_batches():
                        writer.write_batch(batch)
            beside.replace(folder / f"{name}.{self.ending}")
        about = {
            name: {column: words for column, (_, words) in columns.items()}
            for name, columns in TABLES.items()
        }
        (folder / "columns.json").write_text(json.dumps(about, indent=2, ensure_ascii=False))
        shutil.rmtree(folder / _PARTS, ignore_errors=True)

    def _writer(self, path: Path, schema: pa.Schema) -> Any:
        raise NotImplementedError


class CsvJob(_TableJob):
    """The tables as comma-separated values with a header, UTF-8."""

    ending = "csv"

    def _writer(self, path: Path, schema: pa.Schema) -> Any:
        return pc.CSVWriter(str(path), schema)


class ParquetJob(_TableJob):
    """The tables as Parquet."""

    ending = "parquet"

    def _writer(self, path: Path, schema: pa.Schema) -> Any:
        return pq.ParquetWriter(path, schema)


def _events(takes: tuple[Take, ...], pace: Pace) -> Iterator[tuple[int | None, Any]]:
    """Yield every event of a session but pictures, with the episode that it happened in."""
    first, last = takes[0].zero_ns, max(take.ended_ns for take in takes)
    for event in read_session(takes[0].path, frames=False):
        pace.at((event.wall_ns - first) / max(last - first, 1))
        if isinstance(event, FrameSeen):
            continue
        inside = (t.number for t in takes if t.started_ns <= event.wall_ns <= t.ended_ns)
        yield next(inside, None), event


def _schema(columns: dict[str, tuple[pa.DataType, str]]) -> pa.Schema:
    return pa.schema([(name, kind) for name, (kind, _) in columns.items()])


def _table(rows: list[dict[str, Any]], columns: dict[str, tuple[pa.DataType, str]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=_schema(columns))
