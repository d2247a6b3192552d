"""The studio's side of the recorder: hand events over and look how it is doing."""

from __future__ import annotations

import fcntl
import json
import logging
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, cast

from core.session.events import Event
from core.session.facts import ROOT
from core.session.forecast import Room
from core.session.outbox import Drops, Outbox
from core.session.pipe import event_message, frame_message

logger = logging.getLogger(__name__)

_POLL_S = 0.5
_PIPE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderStatus:
    """How the recorder is doing.

    Attributes:
        recording: Whether events reach a file.
        seconds: Length of the session so far.
        bytes: Size of the file so far.
        drops: Live pictures left out, and everything that came after the recorder died.
        lost: The same by kind.
        room: What is left of the disk; None while nobody has looked.
        path: The file: with ``.part`` until it is finished, empty before it exists.
        error: Why nothing is recorded, as a sentence; empty when all is well.
    """

    recording: bool = False
    seconds: float = 0.0
    bytes: int = 0
    drops: int = 0
    lost: Drops = field(default_factory=Drops)
    room: Room | None = None
    path: str = ""
    error: str = ""


class RecorderClient:
    """Starts a recorder and feeds it; nothing here ever waits for the disk but :meth:`close`."""

    def __init__(
        self,
        directory: Path,
        metadata: Mapping[str, Any] | None = None,
        *,
        command: Sequence[str] | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        """Start the recorder process, in a thread: this returns before there is one.

        Args:
            directory: Folder of the session files; made when it is missing.
            metadata: Facts about this studio, by name.
            command: What to start instead of ``main.py record``.
            outbox: The queue, if its limits shall differ.
        """
        default = [sys.executable, str(ROOT / "main.py"), "record"]
        self._command = [*(command or default), "--child", "--directory"]
        self._command.append(str(Path(directory).absolute()))
        self._outbox = outbox or Outbox()
        self._lock = threading.Lock()
        self._state = RecorderStatus()
        self._closing = False
        self._metadata = {key: str(value) for key, value in (metadata or {}).items()}
        self._process: subprocess.Popen[bytes] | None = None
        self._began = threading.Event()
        # decisive events that are on their way, by their number in the pipe; guarded by the lock
        self._sent: deque[tuple[int, Event]] = deque()
        self._refused: list[Event] = []
        self._threads = [threading.Thread(target=self._run, name="recorder-feeder", daemon=True)]
        self._threads[0].start()

    def put(self, event: Event) -> None:
        """Hand an event over; returns at once, whatever the recorder is doing.

        Live pictures count from the moment there is a file; events before that wait for it.
        """
        if self._state.path or not event.droppable:
            accepted = self._outbox.put(event)
            if not accepted and event.decisive:
                with self._lock:
                    self._refused.append(event)

    def status(self) -> RecorderStatus:
        """Return how the recorder is doing."""
        lost = self._outbox.drops
        with self._lock:
            return replace(self._state, drops=lost.total, lost=lost)

    @property
    def pid(self) -> int | None:
        """Number of the recorder's process; None before it is started."""
        return self._process.pid if self._process is not None else None

    def unsaved(self) -> list[Event]:
        """Return the decisive events that a recorder which died did not get onto the disk.

        Whoever starts the next recorder hands them over to it, so that they are not lost. Some of
        them may be in the old file all the same.
        """
        with self._lock:
            return [*(event for _, event in self._sent), *self._refused]

    def close(self, timeout: float = 10.0) -> RecorderStatus:
        """Finish the file and return the last status, with the file's final path.

        Args:
            timeout: How long to wait for the disk [s]; after that the recorder is killed and the
                file keeps its ``.part``.
        """
        self._closing = True
        self._outbox.close()
        self._began.wait()
        if self._process is not None:
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                # said before the kill: the listener then knows why the process ended
                self._fail("The recorder did not finish in time; its file needs repair.")
                self._process.kill()
                self._process.wait()
        for thread in self._threads:
            thread.join()
        return self.status()

    def _run(self) -> None:
        """Thread: start the recorder, then feed it."""
        try:
            process = self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            self._give_up()
            self._fail(f"The recorder cannot be started: {error.strerror}; nothing is recorded.")
            self._began.set()
            return
        listener = threading.Thread(
            target=self._listen, args=(process,), name="recorder-listener", daemon=True
        )
        self._threads.append(listener)
        listener.start()
        self._began.set()
        self._feed(cast("IO[bytes]", process.stdin))

    def _feed(self, pipe: IO[bytes]) -> None:
        """Feed the pipe until the outbox is drained or the recorder is gone."""
        with suppress(OSError):  # the default holds a tenth of a picture: many changes of process
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        reported, number = Drops(), 0
        try:
            _write(pipe, frame_message({"metadata": self._metadata}))
            while not self._outbox.drained:
                event = self._outbox.take(_POLL_S)
                message = None if event is None else _message(event)
                if event is not None and message is not None:
                    number += 1
                    if event.decisive:
                        with self._lock:
                            self._sent.append((number, event))
                    _write(pipe, message)
                if (drops := self._outbox.drops) != reported:
                    reported = drops
                    _write(pipe, frame_message({"drops": asdict(drops)}))
        except OSError:  # the listener says why
            self._give_up()
        finally:
            try:
                pipe.close()
            except OSError:
                logger.debug("the recorder left before its pipe was closed")

    def _give_up(self) -> None:
        """Take no more events and keep the decisive ones that wait."""
        self._outbox.close()
        with self._lock:
            self._refused[:0] = [event for event in self._outbox.clear() if event.decisive]

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Thread: follow what the recorder says until it leaves."""
        with cast("IO[bytes]", process.stdout) as output:
            for line in output:
                try:
                    self._update(json.loads(line))
                except ValueError:
                    logger.warning("recorder: %r", line)
        code = process.wait()
        self._outbox.close()
        with self._lock:
            path, error = self._state.path, self._state.error
            self._state = replace(self._state, recording=False)
        if not error and (code != 0 or not self._closing):
            kept = f"; what it wrote is in {path}" if path else ""
            self._fail(f"The recorder ended unexpectedly (exit status {code}){kept}.")

    def _update(self, message: dict[str, Any]) -> None:
        if "error" in message:
            self._fail(f"Nothing is recorded: {message['error']}.")
            return
        status = message.get("status", {})
        with self._lock:
            while self._sent and self._sent[0][0] <= message.get("kept", 0):
                self._sent.popleft()
            if "kept" in message:
                return
            room = status.get("room")
            self._state = replace(
                self._state,
                recording="finished" not in message,
                seconds=status.get("seconds", self._state.seconds),
                bytes=status.get("bytes", self._state.bytes),
                room=Room(**room) if room else self._state.room,
                path=message.get("finished") or message.get("part") or self._state.path,
            )

    def _fail(self, sentence: str) -> None:
        logger.error("%s", sentence)
        with self._lock:
            self._state = replace(self._state, recording=False, error=sentence)


def _message(event: Event) -> bytes | None:
    """Return an event as it travels; None if it cannot, as one must not end the recording."""
    try:
        return event_message(event)
    except ValueError as error:
        logger.error("%s cannot be recorded: %s", type(event).__name__, error)
        return None


def _write(pipe: IO[bytes], data: bytes) -> None:
    """Write all of ``data``; an unbuffered pipe may take it in pieces."""
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]
