from __future__ import annotations

import argparse
import io
import json

import pytest

from core.doctor import command
from core.doctor.finding import ok, problem, warning
from core.doctor.runner import Check
from core.doctor.table import findings_table, summary, wants_colours
from core.types import StudioError

GOOD = ok("GPU", "No card.")
DOUBT = warning("lab cameras", "Slow.", "Wait.")
BAD = problem("disk", "Only 0.5 GiB are free for session files in 'out/sessions'.", "Free some.")


def options(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_the_table_is_aligned_and_wrapped():
    lines = findings_table([GOOD, DOUBT, BAD], width=60).splitlines()
    assert lines[:3] == [
        "ok       GPU          No card.",
        "warning  lab cameras  Slow.",
        "                      → Wait.",
    ]
    assert all(len(line) <= 60 for line in lines)
    assert lines[-1] == "                      → Free some."


def test_colours_change_nothing_but_colours():
    plain = findings_table([GOOD, DOUBT, BAD])
    coloured = findings_table([GOOD, DOUBT, BAD], colours=True)
    assert "\x1b[1;31mPROBLEM" in coloured
    for code in ("\x1b[32m", "\x1b[33m", "\x1b[1;31m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain
    assert findings_table([]) == ""


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ([GOOD], "Everything is in order."),
        ([GOOD, DOUBT], "1 warning; the studio can be used."),
        ([DOUBT, DOUBT, BAD], "1 problem and 2 warnings."),
    ],
)
def test_the_last_line(findings, words):
    assert summary(findings) == words


def test_colours_are_for_terminals_only(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    assert not wants_colours(stream)
    stream.isatty = lambda: True
    assert wants_colours(stream)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colours(stream)


@pytest.mark.parametrize(("findings", "status"), [([GOOD, DOUBT], 0), ([GOOD, BAD], 1)])
def test_the_exit_status_and_the_file(monkeypatch, tmp_path, capsys, findings, status):
    checks = [Check(subject="all", look=lambda: findings)]
    monkeypatch.setattr(command, "checks", lambda _args: checks)
    target = tmp_path / "new" / "doctor.json"
    assert command.run_doctor(options("--json", str(target))) == status
    assert summary(findings) in capsys.readouterr().out
    written = json.loads(target.read_text())
    assert written["problems"] == status
    assert [entry["found"] for entry in written["findings"]] == [f.found for f in findings]
    assert "versions" in written["environment"]


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="could not be written"):
        command.write_json([GOOD], tmp_path / "file" / "doctor.json")


def test_servers_are_looked_at_when_they_are_named():
    subjects = [check.subject for check in command.checks(options())]
    assert {"processor", "packages", "window", "lab cameras", "GPU", "checkpoint"} <= set(subjects)
    assert "rig" not in subjects
    named = command.checks(options("--policy", "ws://a", "--rig", "ws://b"))
    assert [check.subject for check in named[-2:]] == ["policy server", "rig"]


def test_the_checkpoint_is_looked_at_in_the_wanted_format():
    (check,) = [c for c in command.checks(options("--dtype", "bf16")) if c.subject == "checkpoint"]
    assert "need 9 MiB" in check.look()[1].found
