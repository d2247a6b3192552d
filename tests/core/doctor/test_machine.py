from __future__ import annotations

import socket
from pathlib import Path

import pytest

from core.doctor import machine
from core.doctor.finding import Status

GIB = machine.GIB


@pytest.mark.parametrize(
    ("cores", "load", "threads", "status", "part"),
    [
        (4, 0.5, None, Status.OK, "4 processors can be used, load 0.5."),
        (4, None, None, Status.OK, "4 processors can be used."),
        (1, 0.5, None, Status.WARNING, "1 processor can be used, load 0.5; the lab"),
        (1.5, 0.5, None, Status.WARNING, "1.5 processors"),
        (2, 3.0, None, Status.WARNING, "other programs keep them busy, load 3.0"),
    ],
)
def test_processor(cores, load, threads, status, part):
    (finding,) = machine.judge_processor(cores, load, threads)
    assert finding.status == status
    assert part in finding.found


@pytest.mark.parametrize(
    ("threads", "part"),
    [("8", "more than the 2 usable"), ("many", "no number of threads"), ("0", "no number")],
)
def test_threads_that_do_not_fit_are_a_warning(threads, part):
    finding = machine.judge_processor(2, 0.1, threads)[1]
    assert finding.status == Status.WARNING
    assert part in finding.found


def test_threads_that_fit_need_no_word():
    assert len(machine.judge_processor(2, 0.1, "2,1")) == 1


@pytest.mark.parametrize(
    ("text", "cores"),
    [("150000 100000", 1.5), ("max 100000", None), ("rubbish", None), ("1 0", None)],
)
def test_the_limit_of_a_container_is_respected(tmp_path, text, cores):
    file = tmp_path / "cpu.max"
    file.write_text(text)
    unlimited = machine.usable_cores(tmp_path / "missing")
    assert machine.usable_cores(file) == min(cores or unlimited, unlimited)


@pytest.mark.parametrize(
    ("free", "writable", "status", "part"),
    [
        (20 * GIB, True, Status.OK, "20.0 GiB are free"),
        (2 * GIB, True, Status.WARNING, "Only 2.0 GiB"),
        (GIB // 2, True, Status.PROBLEM, "Only 0.5 GiB"),
        (20 * GIB, False, Status.PROBLEM, "cannot be written to 'out/sessions'"),
    ],
)
def test_disk(free, writable, status, part):
    finding = machine.judge_disk(Path("out/sessions"), free, writable)
    assert finding.status == status
    assert part in finding.found


def test_a_folder_that_is_not_there_yet_is_judged_by_its_parent(tmp_path):
    (finding,) = machine.look_at_disk(tmp_path / "a" / "b")
    assert "cannot be written" not in finding.found


def test_a_file_is_no_folder_for_sessions(tmp_path):
    (tmp_path / "a").write_text("")
    (finding,) = machine.look_at_disk(tmp_path / "a" / "b")
    assert finding.status == Status.PROBLEM


def test_a_taken_port_is_named(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(machine, "PORTS", {port: "serve"})
        (finding,) = machine.look_at_ports()
    assert finding.status == Status.WARNING
    assert f"{port} (serve)" in finding.found
    assert "--port" in finding.advice


def test_free_ports_are_fine():
    assert machine.judge_ports([]).status == Status.OK


def test_this_machine_is_looked_at():
    assert machine.look_at_processor()[0].subject == "processor"
