"""The studio's side of the recorder: hand events over and look how it is doing."""

from __future__ import annotations

import fcntl
import json
import logging
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, cast

from core.session.events import Event, FrameSeen
from core.session.facts import ROOT
from core.session.forecast import Room
from core.session.frame_encoder import FrameEncoder
from core.session.outbox import Drops, Outbox
from core.session.pipe import event_message, frame_message, picture_message
from core.types import StudioError

logger = logging.getLogger(__name__)

_POLL_S = 0.5
_LINGER_S = 0.005
_PIPE_BYTES = 1 << 20
_BATCH_BYTES = 1 << 16


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
        silent_s: How long the recorder has said nothing, although it does so twice a second.
        error: Why nothing is recorded, as a sentence; empty when all is well.
    """

    recording: bool = False
    seconds: float = 0.0
    bytes: int = 0
    drops: int = 0
    lost: Drops = field(default_factory=Drops)
    room: Room | None = None
    path: str = ""
    silent_s: float = 0.0
    error: str = ""


class RecorderClient:
    """Starts a recorder and feeds it; nothing here ever waits for the disk but :meth:`close`."""

    def __init__(
        self,
        directory: Path,
        metadata: Mapping[str, Any] | None = None,
        *,
        video: bool = False,
        command: Sequence[str] | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        """Start the recorder process, in a thread: this returns before there is one.

        Args:
            directory: Folder of the session files; made when it is missing.
            metadata: Facts about this studio, by name.
            video: Whether live pictures are kept as H.264, for long sessions.
            command: What to start instead of ``main.py record``.
            outbox: The queue, if its limits shall differ.
        """
        default = [sys.executable, str(ROOT / "main.py"), "record"]
        self._command = [*(command or default), "--child", "--directory"]
        self._command.append(str(Path(directory).absolute()))
        self._encoder = FrameEncoder(video=video)  # its own process would cost a copy more
        self._outbox = outbox or Outbox()
        self._lock = threading.Lock()
        self._state = RecorderStatus()
        self._closing = False
        self._metadata = {key: str(value) for key, value in (metadata or {}).items()}
        self._process: subprocess.Popen[bytes] | None = None
        self._began = threading.Event()
        # decisive events that are on their way to the disk, in order; guarded by the lock
        self._unsaved: deque[Event] = deque()
        self._saved = 0
        self._heard = time.monotonic()
        self._threads = [threading.Thread(target=self._run, name="recorder-feeder", daemon=True)]
        self._threads[0].start()

    def put(self, event: Event) -> None:
        """Hand an event over; returns at once, whatever the recorder is doing.

        Live pictures count from the moment there is a file; events before that wait for it.
        """
        if event.decisive:
            with self._lock:  # both in the same order
                self._unsaved.append(event)
                self._outbox.put(event)
        elif self._state.path or not event.droppable:
            self._outbox.put(event)

    def status(self) -> RecorderStatus:
        """Return how the recorder is doing."""
        lost = self._outbox.drops
        with self._lock:
            silent = time.monotonic() - self._heard if self._state.recording else 0.0
            return replace(self._state, drops=lost.total, lost=lost, silent_s=silent)

    @property
    def pid(self) -> int | None:
        """Number of the recorder's process; None before it is started."""
        return self._process.pid if self._process is not None else None

    def unsaved(self) -> list[Event]:
        """Return the decisive events that the recorder has not reported to be on the disk.

        When it died, whoever starts the next one hands them over to that, so that they are not
        lost; the last of them may be in the old file all the same.
        """
        with self._lock:
            return list(self._unsaved)

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
            self._outbox.close()
            self._outbox.clear()
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
        reported = Drops()
        try:
            _write(pipe, frame_message({"metadata": self._metadata}))
            while not self._outbox.drained:
                for batch in _batches(map(self._message, self._outbox.take(_POLL_S, _LINGER_S))):
                    _write(pipe, batch)
                if (drops := self._outbox.drops) != reported:
                    reported = drops
                    _write(pipe, frame_message({"drops": asdict(drops)}))
        except OSError:  # the listener says why
            self._outbox.close()
            self._outbox.clear()
        finally:
            try:
                pipe.close()
            except OSError:
                logger.debug("the recorder left before its pipe was closed")

    def _message(self, event: Event) -> bytes:
        try:
            if isinstance(event, FrameSeen):
                return picture_message(self._encoder.encode(event))
            return event_message(event)
        except (ValueError, StudioError) as error:  # one bad event must not end the recording
            logger.error("%s cannot be recorded: %s", type(event).__name__, error)
            with self._lock, suppress(ValueError):
                self._unsaved.remove(event)
            return b""

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
            self._heard = time.monotonic()
            if "kept" in message:
                for _ in range(message["kept"] - self._saved):
                    self._unsaved.popleft()
                self._saved = message["kept"]
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


def _batches(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Join small messages, each of which would wake the recorder."""
    batch = bytearray()
    for message in messages:
        batch += message
        if len(batch) >= _BATCH_BYTES:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


def _write(pipe: IO[bytes], data: bytes) -> None:
    """Write all of ``data``; an unbuffered pipe may take it in pieces."""
    view = memoryview(data)
    while view:
        view = view[pipe.write(view) :]
