"""The other end of :mod:`app.bench.hand`: a studio in a process of its own, driven and killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.session.facts import ROOT
from core.types import StudioError

START_S = 120.0
PATIENCE_S = 20.0


class Driven:
    """A studio with its window; a context manager that ends it."""

    def __init__(self, *options: str, log: Path, settings: Path) -> None:
        """Start it; :meth:`wait_phase` tells when it is ready.

        Args:
            options: Options of ``run``.
            log: Where its standard error goes.
            settings: Folder of its settings, so that the person's own are left alone.
        """
        self._said: list[dict[str, Any]] = []
        self._news = threading.Condition()
        environment = os.environ | {"XDG_CONFIG_HOME": str(settings)}
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.bench.hand", *options],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._thread = threading.Thread(target=self._listen, name="driven", daemon=True)
        self._thread.start()

    def __enter__(self) -> Driven:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Number of the studio's process."""
        return self.process.pid

    @property
    def phase(self) -> str:
        """What the studio was doing when it last said so."""
        return str(self.newest("phase") or "starting")

    def newest(self, name: str) -> Any:
        """Return what was last said under a name, or None."""
        with self._news:
            return next((line[name] for line in reversed(self._said) if name in line), None)

    def mark(self) -> int:
        """Return how much has been said so far."""
        with self._news:
            return len(self._said)

    def do(self, what: str, **words: Any) -> int:
        """Ask for a deed; return the mark from before it.

        Raises:
            StudioError: If the studio is gone.
        """
        mark = self.mark()
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"do": what, **words}) + "\n")
            self.process.stdin.flush()
        except OSError as error:
            raise StudioError(f"The studio is gone: {error}.") from error
        return mark

    def wait(
        self,
        name: str,
        since: int = 0,
        *,
        fits: Callable[[Any], bool] = lambda _: True,
        seconds: float = PATIENCE_S,
    ) -> dict[str, Any]:
        """Wait for something to be said under a name; return the whole line.

        Raises:
            StudioError: If it is not said in time, or the studio ends.
        """

        def found() -> dict[str, Any] | None:
            lines = self._said[since:]
            return next((line for line in lines if name in line and fits(line[name])), None)

        with self._news:
            self._news.wait_for(lambda: found() or not self._thread.is_alive(), seconds)
            line = found()
            if line is None:
                last = [line for line in self._said if "notice" in line][-2:]
                raise StudioError(
                    f"The studio did not say '{name}' within {seconds:g} s (phase {self.phase}, "
                    f"last {[item['notice'] for item in last]})."
                )
            return line

    def wait_phase(self, *phases: str, seconds: float = PATIENCE_S) -> None:
        """Wait until the studio is in one of these phases.

        Raises:
            StudioError: If it is not in time.
        """
        deadline = time.monotonic() + seconds
        while self.phase not in phases:
            if time.monotonic() > deadline or self.process.poll() is not None:
                notice = self.newest("notice")
                raise StudioError(
                    f"The studio is {self.phase}, not {' or '.join(phases)}, after {seconds:g} s "
                    f"(it said: {notice})."
                )
            time.sleep(0.02)

    def trigger(self, action: str) -> str:
        """Do what an action does; return why it was not possible, or nothing."""
        since = self.do("trigger", action=action)
        fits: Callable[[Any], bool] = lambda name: name == action  # noqa: E731
        return str(self.wait("triggered", since, fits=fits)["reason"])

    def must(self, action: str) -> None:
        """Do what an action does.

        Raises:
            StudioError: If it is not possible now.
        """
        if reason := self.trigger(action):
            raise StudioError(f"The action '{action}' is not possible: {reason}")

    def signal(self, number: signal.Signals) -> int:
        """Send a signal to the studio alone; return when [ns, monotonic]."""
        now = time.monotonic_ns()
        os.kill(self.pid, number)
        return now

    def kill(self) -> None:
        """End it at once, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Let it close its window; kill it when it does not."""
        with contextlib.suppress(StudioError):
            if self.process.poll() is None:
                self.do("quit")
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._thread.join(PATIENCE_S)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                said = json.loads(line)
            except ValueError:  # a killed program's last line
                continue
            with self._news:
                self._said.append(said)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()
