"""The description of the file against what is really written."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from core.session import events
from core.session.event import Event
from core.session.events import EVENTS, FrameSeen
from core.session.log_format import OURS, TOPICS, document
from core.session.writer import SessionWriter
from core.types import DepthMap, Observation, Reasoning, Trace, TraceSource
from tests.core.session.samples import every_kind, frame, reasoning, smooth_image

ROOT = Path(__file__).resolve().parents[3]


def found_in(path: Path, *, video: bool) -> set[tuple[str, str]]:
    """Topics and schemas of a session with everything in it."""
    trace = Trace(points=np.array([[1.0, 2.0], [30.0, 40.0]]), source=TraceSource.USER)
    writer = SessionWriter(path, {}, video=video)
    for event in [
        *every_kind(),
        FrameSeen(frame=frame()),
        events.Observed(request_id=1, observation=Observation(frames=(frame(),), instruction="x")),
        events.Reasoned(
            reasoning=Reasoning(
                request_id=1,
                text="",
                depth_map=DepthMap(values=np.ones((24, 32), np.float32), metric=True),
                traces=reasoning().traces,
                model_image=smooth_image(),
            )
        ),
        events.Steered(request_id=1, trace=trace, model_image=smooth_image()),
    ]:
        writer.put(event)
    with writer.finish().open("rb") as stream:
        summary = make_reader(stream).get_summary()
    assert summary is not None
    return {(c.topic, summary.schemas[c.schema_id].name) for c in summary.channels.values()}


def pattern(name: str) -> str:
    return re.sub("NAME|ARM|KIND", "([A-Za-z_]+)", name)


@pytest.mark.parametrize("video", [False, True])
def test_every_topic_of_a_file_is_described_and_the_other_way_round(tmp_path, video):
    found = found_in(tmp_path / "s.mcap", video=video)
    matched = set()
    for topic, schema in found:
        rows = [row for row in TOPICS if re.fullmatch(pattern(row.name), topic)]
        assert len(rows) == 1, topic
        kind = topic.rpartition("/")[2]
        assert schema in {name.replace("KIND", kind) for name in rows[0].schemas}
        matched.add(rows[0].name)
    assert matched == {row.name for row in TOPICS}
    assert {schema for _, schema in found if schema.startswith(OURS)} == {
        OURS + name for name in EVENTS if name != "FrameSeen"
    }


def test_the_description_is_up_to_date():
    written = (ROOT / "docs" / "log-format.md").read_text(encoding="utf-8")
    assert written == document(), "python -m core.session.log_format > docs/log-format.md"


def test_every_field_of_every_event_is_explained():
    text = document()
    clocks = {field.name for field in fields(Event)}
    for name, kind in EVENTS.items():
        if name == "FrameSeen":
            continue
        section = text.partition(f"### {name}\n")[2].partition("\n### ")[0]
        rows = dict(re.findall(r"^\| `(\w+)` \| .+ \| (.*) \|$", section, re.MULTILINE))
        assert rows.keys() >= {field.name for field in fields(kind)} - clocks
        assert all(rows.values()), (name, rows)
