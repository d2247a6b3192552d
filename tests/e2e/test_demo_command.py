"""``python main.py demo`` as a person or a script starts it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.session import events
from core.session.reader import read_session

ROOT = Path(__file__).resolve().parents[2]
KEYS = {
    *("predicted_trace", "drawn_trace", "target", "lifted", "success"),
    *("seconds", "session", "screenshots"),
}


@pytest.mark.timeout(900)
def test_the_last_line_is_json_and_names_a_readable_session(tmp_path: Path) -> None:
    words = ["demo", "--out", str(tmp_path / "out"), "--limit", "5"]
    done = subprocess.run(
        [sys.executable, "main.py", *words], cwd=ROOT, text=True, capture_output=True, timeout=800
    )
    assert "Traceback" not in done.stderr
    line = json.loads(done.stdout.splitlines()[-1])
    assert line.keys() >= KEYS
    assert done.returncode == (1 if line["error"] else 0), done.stderr
    assert line["error"] in done.stderr
    assert isinstance(line["success"], bool)
    assert all(Path(path).stat().st_size > 5000 for path in line["screenshots"])
    assert len(line["screenshots"]) >= 2
    noted = [type(event) for event in read_session(Path(line["session"]), frames=False)]
    assert events.SessionStarted in noted
    assert events.Reasoned in noted
    if not line["error"]:
        assert all(0 <= value <= 255 for point in line["predicted_trace"] for value in point)
        assert 2 <= len(line["drawn_trace"]) <= 5
        assert line["target"]
        assert events.Steered in noted


@pytest.mark.timeout(900)
def test_a_model_that_is_not_there_ends_the_demo_with_a_sentence(tmp_path: Path) -> None:
    words = ["demo", "--out", str(tmp_path / "out"), "--model", str(tmp_path / "nowhere")]
    done = subprocess.run(
        [sys.executable, "main.py", *words], cwd=ROOT, text=True, capture_output=True, timeout=800
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    line = json.loads(done.stdout.splitlines()[-1])
    assert line["success"] is False
    assert line["error"].startswith("The policy server could not start: there is no folder")
    assert done.stderr.splitlines()[-1] == line["error"]
    noted = list(read_session(Path(line["session"]), frames=False))
    assert any(type(event) is events.Fault for event in noted)
