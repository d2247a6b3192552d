"""What is logged to Rerun; the real package is tried by tools/check_exports.py."""

import importlib
import sys
import types

import numpy as np
import pytest

from core.export import rrd
from core.export.request import Chosen, ExportRequest, Format
from core.export.run import export
from core.types import StudioError
from tests.core.export.sessions import NAME, SIZE, two_episodes, write


class ScriptedRerun(types.ModuleType):
    """Takes down what is logged; every archetype becomes (name, arguments)."""

    def __init__(self):
        super().__init__("rerun")
        self.__spec__ = importlib.machinery.ModuleSpec("rerun", None)
        self.streams = []
        self.ViewCoordinates = types.SimpleNamespace(RIGHT_HAND_Z_UP="up")

    def RecordingStream(self, application, recording_id):
        self.streams.append(ScriptedStream(application, recording_id))
        return self.streams[-1]

    def Image(self, image):
        return types.SimpleNamespace(compress=lambda jpeg_quality: ("Image", image.shape))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **more: (name, args, more)


class ScriptedStream:
    def __init__(self, application, identity):
        self.application, self.identity = application, identity
        self.logged, self.now, self.closed = [], 0.0, False

    def save(self, path, default_blueprint):
        self.blueprint = default_blueprint
        with open(path, "wb") as file:
            file.write(b"RRF2")

    def set_time(self, timeline, duration):
        self.now = duration

    def log(self, entity, what, static=False):
        self.logged.append((entity, what, None if static else self.now))

    def flush(self):
        pass

    def disconnect(self):
        self.closed = True

    def of(self, entity):
        return [(what, time) for name, what, time in self.logged if name == entity]


@pytest.fixture
def rerun(monkeypatch):
    module = ScriptedRerun()
    blueprint = ScriptedRerun()
    monkeypatch.setitem(sys.modules, "rerun", module)
    monkeypatch.setitem(sys.modules, "rerun.blueprint", blueprint)
    return module


def request(tmp_path):
    session = write(tmp_path / NAME, two_episodes())
    return ExportRequest(chosen=(Chosen(path=session),), format=Format.RRD, out=tmp_path / "out")


def test_a_recording_has_pictures_traces_actions_and_the_log(rerun, tmp_path):
    result = export(request(tmp_path))
    assert sorted(path.suffix for path in result.folder.iterdir()) == [".json", ".rrd", ".rrd"]
    first = rerun.streams[0]
    assert first.closed
    assert first.blueprint[0] == "Blueprint"
    assert first.of("/camera/front")[0][0] == ("Image", (SIZE[1], SIZE[0], 3))
    ((name, (strips,), _), time) = first.of("/camera/front/trace/user")[0]
    assert name == "LineStrips2D"
    scale = (np.array(SIZE) - 1) / 255
    assert np.allclose(strips[0], np.array([[1, 2], [3, 4], [5, 6]]) * scale + 0.5)
    assert time == pytest.approx(1.1)
    values = [what[1][0][0] for what, when in first.of("/action/dx") if when is not None]
    assert values == pytest.approx([1.0, 1.007, 1.014, 2.0, 2.007])
    times = [time for _, _, time in first.logged if time is not None]
    assert min(times) >= 0
    assert max(times) <= 2.0 + 1e-9
    assert rerun.streams[0].identity != rerun.streams[1].identity


def test_the_log_names_nobody(rerun, tmp_path):
    export(request(tmp_path))
    words = str([stream.of("/events") for stream in rerun.streams])
    assert "lift the cube" in words
    assert "erta" not in words


def test_without_the_package_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(rrd.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StudioError, match=r"steering-studio\[rerun\]"):
        export(request(tmp_path))
    assert not (tmp_path / "out.part").exists()
