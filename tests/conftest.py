"""What holds for every test: no display unless asked, settings of its own, nothing left behind."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Before anything imports Qt or numpy: the offscreen platform crashes when it finds a display and
# draws with OpenGL, and two loaded cores are slower with a thread per library.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
if os.environ["QT_QPA_PLATFORM"] == "offscreen":
    os.environ.pop("DISPLAY", None)
    os.environ.pop("WAYLAND_DISPLAY", None)

THREAD_PATIENCE_S = 3.0

# the same examples every time, and no failure because the machine was busy
settings.register_profile("studio", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("studio")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of single tests."""
    group = parser.getgroup("studio")
    group.addoption("--monkey", type=int, default=2000, help="events of the monkey test")
    group.addoption("--monkey-seed", type=int, default=0, help="seed of the monkey test")
    group.addoption(
        "--update-snapshots", action="store_true", help="write the reference pictures anew"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole-window tests need OpenGL; without a display such tests are left out."""
    headless = os.environ["QT_QPA_PLATFORM"] == "offscreen"
    for item in items:
        if item.path.parent.name == "e2e":
            item.add_marker(pytest.mark.gl)
        if headless and item.get_closest_marker("gl"):
            item.add_marker(pytest.mark.skip(reason="needs a display with OpenGL: make test"))


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    """Set what has to be set before the application is made, as ``app.main`` does.

    pyqtgraph keeps its shader programs for all windows; without sharing, the second has none.
    """
    from PySide6.QtCore import QCoreApplication, Qt

    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    return ["studio-tests"]


@pytest.fixture(autouse=True)
def own_settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give tests that use Qt an empty settings folder instead of the person's."""
    if _uses_qt(request):
        from PySide6.QtCore import QSettings

        folder = str(tmp_path_factory.mktemp("settings"))
        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        for format in (QSettings.Format.IniFormat, QSettings.Format.NativeFormat):
            QSettings.setPath(format, QSettings.Scope.UserScope, folder)


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fail a test that leaves a Python thread behind."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREAD_PATIENCE_S
    while (left := _threads_since(before)) and time.monotonic() < deadline:
        left[0].join(0.05)
    assert not left, f"threads left running: {[thread.name for thread in left]}"


@pytest.fixture(autouse=True)
def no_widget_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a top-level widget or a running QThread behind.

    The usual culprits are ``functools.partial(self.method)`` and ``lambda: self.method()`` in a
    connection, and a widget that was not given to ``qtbot.addWidget``.
    """
    if not _uses_qt(request):
        yield
        return
    from PySide6.QtCore import QCoreApplication, QEvent, QThread
    from PySide6.QtWidgets import QApplication, QMenu

    before = set(map(id, QApplication.topLevelWidgets()))
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    left = [w for w in QApplication.topLevelWidgets() if id(w) not in before]
    if left:
        del left
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    # pyqtgraph keeps context menus without a parent
    left = [
        w
        for w in QApplication.topLevelWidgets()
        if id(w) not in before and not isinstance(w, QMenu)
    ]
    assert not left, f"top-level widgets left behind: {left}"
    # by type: isinstance would ask weak references whose object is gone
    threads = [t for t in gc.get_objects() if issubclass(type(t), QThread)]
    running = [thread for thread in threads if thread.isRunning()]
    # the main thread is a QThread too, once somebody has asked for it
    running = [thread for thread in running if thread is not QThread.currentThread()]
    assert not running, f"QThreads still running: {running}"


@pytest.fixture
def golden() -> Path:
    """Folder of reference outputs that are kept in the repository."""
    return Path(__file__).parent / "data" / "golden"


def _uses_qt(request: pytest.FixtureRequest) -> bool:
    return "PySide6" in sys.modules and bool({"qapp", "qtbot"} & set(request.fixturenames))


def _threads_since(before: set[threading.Thread]) -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before
        and thread.is_alive()
        # threads of Qt or C++ that passed through Python once; nobody can join them
        and not isinstance(thread, threading._DummyThread)
    ]
