"""Follows the recorder: starts it, watches how the file grows, and says when it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.session_log import SessionLog
from app.store import Recording, Store

STATUS_MS = 500
SILENT_S = 3.0
"""A recorder that says nothing for so long is frozen: what it is given may never be written."""


class Recorder(QObject):
    """Owns the recorder client; the recorder itself is a process of its own."""

    failed = Signal(str)
    _ended = Signal(object)

    def __init__(
        self,
        make_client: Callable[[], Any] | None,
        store: Store,
        log: SessionLog,
        parent: QObject | None = None,
    ) -> None:
        """Make a recorder that is not started yet.

        Args:
            make_client: Starts a :class:`core.session.client.RecorderClient`; None for none.
            store: Told about the file.
            log: Told where events go.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._make_client = make_client
        self._store, self._log = store, log
        if make_client is None:
            log.keep_nothing()
        self._client: Any = None
        self._timer = QTimer(self, interval=STATUS_MS)
        self._timer.timeout.connect(self.look)
        self._ended.connect(self._take_back)
        self._ending: threading.Thread | None = None
        self.final_path = ""

    @property
    def running(self) -> bool:
        """Whether events go to a file."""
        return self._client is not None

    def start(self) -> None:
        """Start to record, unless that is so already."""
        if self._client is None and self._make_client is not None:
            self._client = self._make_client()
            self._log.attach(self._client.put)
            self._timer.start()
            self.look()

    def stop(self) -> Any:
        """Record no more; return the client, whose ``close`` waits for the disk, or None."""
        client, self._client = self._client, None
        self._timer.stop()
        self._log.attach(None)
        self._store.set_recording(Recording())
        return client

    def look(self) -> None:
        """See how the recorder is doing."""
        client = self._client
        if client is None:
            return
        status = client.status()
        error = status.error
        if not error and status.silent_s > SILENT_S:
            error = f"The recorder has said nothing for {status.silent_s:.0f} s; it is ended."
        if error:
            self._log.attach(None)
            self._client = None
            self._timer.stop()
            self._ending = threading.Thread(target=self._end, args=(client,), name="recorder-end")
            self._ending.start()
            self._store.set_recording(Recording())
            self.failed.emit(
                f"{error} The arm is not affected. Restart the services (Ctrl+Shift+R) to "
                "record again."
            )
        elif status.path:
            since = time.monotonic_ns() - int(1e9 * status.seconds)
            self._store.set_recording(
                Recording(
                    path=status.path,
                    since_ns=since,
                    size=status.bytes,
                    dropped=status.drops,
                    room_s=status.room.seconds if status.room is not None else None,
                )
            )

    def _end(self, client: Any) -> None:
        """Thread: wait for a recorder that gave up; what it did not save can be told then."""
        client.close(1.0)
        self._ended.emit(client.unsaved())

    @Slot(object)
    def _take_back(self, unsaved: list[Any]) -> None:
        """Keep what the old recorder did not save; the next one gets it first."""
        self._log.take_back(unsaved)

    def shutdown(self) -> None:
        """Finish the file."""
        client, self._client = self._client, None
        self._timer.stop()
        self._log.attach(None)
        if self._ending is not None:
            self._ending.join()
        if client is not None:
            self.final_path = client.close().path
