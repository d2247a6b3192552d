"""The real studio: its window, lab, rig, recorder and policy server, each in its own process."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from tests.app.conftest import Rigged

PATIENCE_MS = 240_000
"""Longest wait for anything; a loaded machine starts the services slowly."""


@dataclass
class Live(Rigged):
    """A window in front of real programs."""

    folder: Path

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    @property
    def said(self) -> list[str]:
        """Every message of the window so far."""
        return [notice.text for notice in self.studio.notifier.history]

    @property
    def log(self) -> str:
        """What the programs logged."""
        return (self.folder / "studio.log").read_text(encoding="utf-8")

    def ask_lab(self, op: str, **arguments: Any) -> Any:
        """Ask the lab through the rig."""
        answers: list[Any] = []
        refusals: list[str] = []
        self.studio.rig.call(
            lambda client: client.lab(op, **arguments), answers.append, refusals.append
        )
        self.until(lambda: bool(answers or refusals))
        assert not refusals
        return answers[0]


@pytest.fixture
def start(
    qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Live]]:
    """Return what builds the studio as ``python main.py run`` does, with these options."""
    from app import main

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    handlers = list(logging.getLogger().handlers)
    opened: list[Any] = []

    def build(*options: str) -> Live:
        parser = argparse.ArgumentParser()
        main.add_arguments(parser)
        folder = tmp_path / "sessions"
        words = ["--sessions", str(folder), "--theme", "light", *options]
        studio, window = main.build_studio(QApplication.instance(), parser.parse_args(words))
        opened.append(window)
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()  # without a window manager nobody else gives it the keys
        qtbot.waitUntil(window.isActiveWindow)
        studio.start()
        nothing: Any = None
        return Live(window, studio, nothing, nothing, nothing, qtbot, folder)

    yield build
    for window in opened:
        with suppress(RuntimeError):  # closed by the test already
            window.close()
    for handler in set(logging.getLogger().handlers) - set(handlers):
        logging.getLogger().removeHandler(handler)
        handler.close()
