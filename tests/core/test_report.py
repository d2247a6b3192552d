from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from core.report import Report, format_table
from core.types import StudioError


@pytest.fixture
def report() -> Report:
    report = Report("main.py eval x --seed 3", seed=3)
    report.add_row(mode="steered", lifted=36, share=np.float64(0.9))
    report.add_row(mode="language", lifted=12, note="slow")
    report.add_goal("lifted", 0.9, "share", ">= 0.8", True)
    return report


def test_file_has_what_readers_expect(report: Report, tmp_path: Path) -> None:
    report.write(tmp_path / "deep" / "report.json")
    content = json.loads((tmp_path / "deep" / "report.json").read_text())
    assert content["command"] == "main.py eval x --seed 3"
    assert content["seed"] == 3
    assert content["rows"][0] == {"mode": "steered", "lifted": 36, "share": 0.9}
    assert content["goals"] == [
        {"metric": "lifted", "value": 0.9, "unit": "share", "goal": ">= 0.8", "holds": True}
    ]
    assert set(content["environment"]) >= {"cpu", "gpu", "versions", "load"}
    assert content["environment"]["versions"]["python"].startswith("3.")


def test_a_missed_goal_stands_out(report: Report) -> None:
    assert "NO" not in report.text()
    report.add_goal("reach", 0.4, "share", ">= 0.8", False)
    assert "NO" in report.text()


def test_a_place_that_cannot_be_written_is_a_sentence(report: Report, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="cannot be written"):
        report.write(tmp_path / "file" / "report.json")


def test_tables_align_numbers_right(report: Report) -> None:
    stream = io.StringIO()
    report.print(stream)
    lines = stream.getvalue().splitlines()
    assert lines[0].split() == ["mode", "lifted", "share", "note"]
    assert lines[2] == "steered       36    0.9"
    assert lines[3].endswith("slow")


def test_numpy_values_are_written(tmp_path: Path) -> None:
    report = Report("x")
    report.add_row(array=np.arange(3), number=np.int64(4), flag=np.bool_(True), path=Path("a"))
    report.write(tmp_path / "r.json")
    row = json.loads((tmp_path / "r.json").read_text())["rows"][0]
    assert row == {"array": [0, 1, 2], "number": 4, "flag": True, "path": "a"}


def test_empty_report_is_empty() -> None:
    assert Report("x").text() == ""
    assert format_table([{"a": None, "b": True}]).splitlines()[2].split() == ["yes"]
