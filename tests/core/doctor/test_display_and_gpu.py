from __future__ import annotations

import pytest

from core.doctor import display, gpu
from core.doctor.finding import Status
from core.doctor.gpu import GpuFacts, judge_gpu
from core.doctor.probe import ProbeError

CARD = "NVIDIA H100 (driver 550.54)"


def test_without_a_display_there_is_no_window():
    finding = display.judge_display({}, "linux")
    assert finding.status == Status.WARNING
    assert "no display" in finding.found
    assert "main.py demo" in finding.advice


@pytest.mark.parametrize("variables", [{"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_with_a_display_qt_is_asked(variables):
    assert display.judge_display(variables, "linux") is None
    assert display.judge_display({}, "darwin") is None


@pytest.mark.parametrize(
    ("renderer", "status", "part"),
    [
        ("Mesa Intel Iris", Status.OK, "Qt draws on xcb with Mesa Intel Iris."),
        ("llvmpipe (LLVM 15)", Status.WARNING, "drawn by the processor"),
        (None, Status.PROBLEM, "no OpenGL"),
    ],
)
def test_the_windows_opengl(renderer, status, part):
    finding = display.judge_window({"platform": "xcb", "renderer": renderer})
    assert finding.status == status
    assert part in finding.found


def test_a_display_that_cannot_be_opened(monkeypatch):
    def ask(*_args, **_options):
        raise ProbeError("it crashed (signal 6): could not connect to display :7")

    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setattr(display, "ask_python", ask)
    (finding,) = display.look_at_window()
    assert finding.status == Status.PROBLEM
    assert "could not connect to display :7" in finding.found


@pytest.mark.parametrize("fault", ["", "it failed: ImportError: Cannot initialize EGL"])
def test_the_labs_opengl(monkeypatch, fault):
    def ask(_code, *, timeout_s, variables):
        assert variables["MUJOCO_GL"] == "egl"
        if fault:
            raise ProbeError(fault)
        return {"opened": True}

    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr(display, "ask_python", ask)
    (finding,) = display.look_at_lab_drawing()
    assert finding.status == (Status.PROBLEM if fault else Status.OK)
    assert fault in finding.found
    assert ("libegl1" in finding.advice) == bool(fault)


@pytest.mark.parametrize("module", ["window", "lab_drawing"])
def test_a_missing_package_is_named(monkeypatch, module):
    monkeypatch.setattr(display.importlib.util, "find_spec", lambda _name: None)
    (finding,) = getattr(display, f"look_at_{module}")()
    assert finding.status == Status.PROBLEM
    assert "is not installed" in finding.found


@pytest.mark.parametrize(
    ("facts", "status", "part"),
    [
        ({"seen": ("NVIDIA H100",), "free": 2**36}, Status.OK, "uses NVIDIA H100 (64.0 GiB free)"),
        ({}, Status.OK, "No NVIDIA card; torch 2.13.0 runs on the processor."),
        ({"driver": (CARD,)}, Status.WARNING, "the build for processors"),
        ({"driver": (CARD,), "cuda": "13.0"}, Status.PROBLEM, "(CUDA 13.0) cannot use it"),
        ({"driver": (CARD,), "cuda": "13.0", "hidden": ""}, Status.WARNING, "hides it"),
        ({"cards": True}, Status.WARNING, "without a working driver"),
        ({"cuda": "13.0"}, Status.WARNING, "there is no NVIDIA driver"),
    ],
)
def test_card_driver_and_torch(facts, status, part):
    finding = judge_gpu(GpuFacts(**{"cards": False, "driver": (), "torch": "2.13.0", **facts}))
    assert finding.status == status
    assert part in finding.found
    assert bool(finding.advice) == (status != Status.OK)


def test_a_torch_that_cannot_be_imported(monkeypatch):
    def ask(*_args, **_options):
        raise ProbeError("it failed: ImportError: libtorch.so")

    monkeypatch.setattr(gpu, "ask_python", ask)
    (finding,) = gpu.look_at_gpu()
    assert finding.status == Status.PROBLEM
    assert "libtorch.so" in finding.found


def test_facts_are_read_from_torch_and_the_system(monkeypatch, tmp_path):
    card = tmp_path / "0000:01:00.0"
    card.mkdir()
    (card / "vendor").write_text("0x10de\n")
    (card / "class").write_text("0x030200\n")
    (tmp_path / "0000:02:00.0").mkdir()
    assert gpu._has_card(tmp_path)
    assert not gpu._has_card(tmp_path / "none")
    answer = {"version": "2.13.0", "cuda": "13.0", "names": ["NVIDIA H100"], "free": 2**30}
    monkeypatch.setattr(gpu, "ask_python", lambda *_args, **_options: answer)
    (finding,) = gpu.look_at_gpu()
    assert finding.status == Status.OK
    assert "NVIDIA H100" in finding.found
