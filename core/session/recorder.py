"""The recorder: a process that writes one session file from what arrives on standard input.

It outlives the studio just long enough to finish the file: the pipe's end is the session's end,
whether the window was closed or killed. On standard output it says where it writes
(``{"ready": path}``), how far it is (``{"status": ...}``), how many decisive events are on the
disk (``{"kept": number}``) and where the finished file is.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.memory import give_memory_back
from core.service import announce_ready
from core.session.disk_sync import DiskSync
from core.session.event import wall_clock_ns
from core.session.events import EVENTS, Note
from core.session.facts import program_facts
from core.session.forecast import Forecast
from core.session.mcap_file import PART
from core.session.pipe import Unframer, read_event, read_picture
from core.session.repair import open_session
from core.session.writer import SYNC_EVERY_S, SessionWriter
from core.types import StudioError

logger = logging.getLogger(__name__)

DEFAULT_DIRECTORY = Path("out/sessions")
STATUS_EVERY_S = 0.5
DECISIVE = frozenset(name for name, kind in EVENTS.items() if kind.decisive)
_WAIT_S = 0.1
_saying = threading.Lock()
_READ_BYTES = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``main.py record``."""
    parser.add_argument(
        "--directory", type=Path, default=DEFAULT_DIRECTORY, help="folder of the session files"
    )
    parser.add_argument("--child", action="store_true", help="started by the studio")
    parser.add_argument(
        "--repair", type=Path, metavar="FILE", help="make an unfinished file readable and leave"
    )


def run_recorder(arguments: argparse.Namespace) -> int:
    """Record until standard input ends.

    Raises:
        StudioError: If the file cannot be written, or what arrives is no session.
    """
    if arguments.repair is not None:
        sys.stdout.write(f"{open_session(arguments.repair)}\n")
        return 0
    give_memory_back()
    # the studio decides when the session ends, also when Ctrl-C reaches the whole terminal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with _disk_faults(arguments.directory):
        _record(sys.stdin.fileno(), arguments.directory)
    return 0


def _record(source: int, directory: Path) -> None:
    messages = _messages(source)
    first = next(messages, None)
    if first is None:  # nothing ever arrived: no session, no file
        return
    writer = SessionWriter(_new_path(directory), _metadata(first), wait=False)
    disk = DiskSync(writer.file.descriptor, lambda count: _say({"kept": count}))
    announce_ready(str(writer.file.path), part=str(writer.file.part))
    forecast = Forecast(directory)
    started = reported = synced = time.monotonic()
    decisive = 0
    drops: dict[str, int] = {}
    try:
        for message in messages:
            writer.tick()
            if message is not None:
                drops = message.get("drops", drops)
                if "picture" in message:
                    _put_picture(writer, message)
                if "event" in message:
                    _put(writer, message)
                    if message["event"] in DECISIVE:
                        decisive += 1
                        disk.ask(decisive)
            if time.monotonic() - synced >= SYNC_EVERY_S:
                synced = time.monotonic()
                disk.ask(decisive)
            if time.monotonic() - reported >= STATUS_EVERY_S:
                reported = time.monotonic()
                room = asdict(forecast.look(reported, writer.file.size))
                _say({"status": _status(writer, reported - started) | {"room": room}})
        if any(drops.values()):
            writer.put(Note(text=_drops_text(drops), author="recorder"))
        disk.close()
        path = writer.finish()
    except BaseException:
        disk.close()
        writer.abandon()
        raise
    _say({"status": _status(writer, time.monotonic() - started), "finished": str(path)})


def _messages(source: int) -> Iterator[dict[str, Any] | None]:
    """Yield what arrives, and None now and then while nothing does, until the pipe's end."""
    unframer = Unframer()
    while True:
        readable, _, _ = select.select([source], [], [], _WAIT_S)
        if not readable:
            yield None
            continue
        data = os.read(source, _READ_BYTES)
        if not data:
            return
        yield from unframer.feed(data)


def _put(writer: SessionWriter, message: dict[str, Any]) -> None:
    """Write an event; one that cannot be read is noted, so that its absence shows."""
    try:
        event = read_event(message)
    except StudioError as error:
        logger.warning("%s", error)
        event = Note(text=f"an event was lost: {error}", author="recorder")
    writer.put(event)


def _put_picture(writer: SessionWriter, message: dict[str, Any]) -> None:
    try:
        writer.put_picture(read_picture(message))
    except StudioError as error:
        logger.warning("%s", error)


def _drops_text(drops: dict[str, int]) -> str:
    pictures = drops.get("previews", 0) + drops.get("frames", 0)
    samples = drops.get("samples", 0)
    others = f" and {samples} measurements of the arm" if samples else ""
    return f"{pictures} live pictures{others} were left out: the recorder could not keep up"


def _metadata(first: dict[str, Any]) -> dict[str, str]:
    given = first.get("metadata") or {}
    facts = program_facts() | {"started_wall_ns": str(wall_clock_ns())}
    return facts | {str(key): str(value) for key, value in given.items()}


def _new_path(directory: Path) -> Path:
    """Return a name from the time of day that neither a session nor an unfinished one has."""
    stem = time.strftime("session-%Y%m%d-%H%M%S")
    for number in range(1, 1000):
        path = directory / (f"{stem}.mcap" if number == 1 else f"{stem}-{number}.mcap")
        if not path.exists() and not path.with_name(path.name + PART).exists():
            return path
    raise StudioError(f"{directory} is full of sessions of this very second")


def _status(writer: SessionWriter, seconds: float) -> dict[str, float | int]:
    return {"seconds": round(seconds, 3), "bytes": writer.file.size, "events": writer.events}


def _say(message: dict[str, Any]) -> None:
    # a killed studio no longer listens; the file matters
    with _saying, suppress(OSError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


@contextmanager
def _disk_faults(directory: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise StudioError(
            f"the session cannot be written to {directory}: {error.strerror or error}; what was "
            "written so far is kept as a .part file"
        ) from error
