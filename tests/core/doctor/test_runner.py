from __future__ import annotations

import threading

import pytest

from core.doctor.finding import Status, count, ok
from core.doctor.probe import ProbeError, ask_python
from core.doctor.runner import Check, run_check, run_checks
from core.types import StudioError


def failing(error):
    def look():
        raise error

    return look


def test_findings_come_in_the_order_of_the_checks():
    told = []
    checks = [Check(subject=name, look=lambda n=name: [ok(n, "Fine.")]) for name in "ab"]
    assert [finding.subject for finding in run_checks(checks, told.append)] == ["a", "b"]
    assert told == checks


def test_a_sentence_that_a_check_raises_is_a_problem():
    check = Check(subject="disk", look=failing(StudioError("the disk is gone.")))
    (finding,) = run_check(check)
    assert finding.status == Status.PROBLEM
    assert finding.found == "the disk is gone."


def test_a_check_that_fails_is_a_warning_and_the_others_run():
    findings = run_checks(
        [
            Check(subject="disk", look=failing(ZeroDivisionError("division by zero"))),
            Check(subject="GPU", look=lambda: [ok("GPU", "Fine.")]),
        ]
    )
    assert findings[0].status == Status.WARNING
    assert "ZeroDivisionError: division by zero" in findings[0].found
    assert "report this" in findings[0].advice
    assert findings[1].status == Status.OK
    assert count(findings, Status.OK) == 1


def test_a_check_that_hangs_is_left_behind():
    end = threading.Event()
    try:
        (finding,) = run_check(Check(subject="rig", look=lambda: [end.wait()], timeout_s=0.05))
    finally:
        end.set()
    assert finding.status == Status.WARNING
    assert "longer than 0.05 s" in finding.found


def test_another_python_answers_with_an_object():
    code = "import json, os; print('noise'); print(json.dumps({'x': os.environ['X']}))"
    assert ask_python(code, timeout_s=30, variables={"X": "7"}) == {"x": "7"}


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("raise RuntimeError('no EGL here')", "it failed: RuntimeError: no EGL here"),
        ("import os; os.abort()", "it crashed (signal 6)"),
        ("print('hello')", "nothing that can be read"),
        ("print('[1]')", "nothing that can be read"),
        ("", "nothing that can be read"),
    ],
)
def test_another_python_that_fails_says_why(code, sentence):
    with pytest.raises(ProbeError) as failure:
        ask_python(code, timeout_s=30)
    assert sentence in str(failure.value)


def test_another_python_that_hangs_is_ended():
    with pytest.raises(ProbeError, match=r"within 0\.3 s"):
        ask_python("import time; time.sleep(60)", timeout_s=0.3)


def test_the_programs_own_modules_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    code = "import json, core.types; print(json.dumps({'found': True}))"
    assert ask_python(code, timeout_s=30) == {"found": True}
