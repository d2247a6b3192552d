"""`python main.py export`: sessions in the formats of others."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from core.export.request import Chosen, ExportCancelled, ExportRequest, ExportResult, Format, Keep
from core.export.run import export
from core.types import StudioError

CANCELLED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``main.py export``."""
    parser.add_argument(
        "sessions",
        type=Path,
        nargs="+",
        metavar="SESSION",
        help="session files, or folders of them",
    )
    parser.add_argument(
        "--format", required=True, choices=[str(kind) for kind in Format], help="what they become"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the result")
    parser.add_argument(
        "--episodes", default="", metavar="1,3", help="only these episodes of every session"
    )
    parser.add_argument(
        "--discarded", action="store_true", help="also episodes that were marked as discarded"
    )
    parser.add_argument(
        "--camera", action="append", default=[], help="only this camera; repeatable"
    )
    parser.add_argument("--fps", type=int, default=20, help="pictures per second of mp4 and blind")
    parser.add_argument(
        "--pauses",
        choices=("keep", "cut"),
        help="spans in which nothing was executed; kept in mp4 and cut in blind by default",
    )
    parser.add_argument("--keep-names", action="store_true", help="do not remove names of persons")
    parser.add_argument("--keep-notes", action="store_true", help="do not remove free remarks")
    parser.add_argument("--keep-paths", action="store_true", help="do not remove folders")


def run_export(arguments: argparse.Namespace) -> int:
    """Export and say where the result is; Ctrl-C keeps what is finished for the next time.

    Raises:
        StudioError: If it is not possible.
    """
    stop = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    progress = _Progress()
    try:
        result = export(request_of(arguments), progress.tell, stop.is_set)
    except ExportCancelled:
        progress.end()
        print("Given up. The same command goes on with what is finished.", file=sys.stderr)
        return CANCELLED
    finally:
        signal.signal(signal.SIGINT, before)
    progress.end()
    for sentence in result.skipped:
        print(f"Left out: {sentence}", file=sys.stderr)
    print(summary(result), file=sys.stdout)
    return 0


def request_of(arguments: argparse.Namespace) -> ExportRequest:
    """Turn the arguments into a request.

    Raises:
        StudioError: If they do not make sense.
    """
    try:
        episodes = tuple(int(word) for word in arguments.episodes.split(",") if word.strip())
    except ValueError as error:
        raise StudioError("--episodes takes numbers with commas between, such as 1,3.") from error
    if not 1 <= arguments.fps <= 120:
        raise StudioError(f"--fps is {arguments.fps}; expected 1 to 120.")
    paths = session_files(arguments.sessions)
    kind = Format(arguments.format)
    cut = arguments.pauses == "cut" or (arguments.pauses is None and kind is Format.BLIND)
    return ExportRequest(
        chosen=tuple(Chosen(path=path, episodes=episodes) for path in paths),
        format=kind,
        out=arguments.out,
        keep=Keep(
            names=arguments.keep_names, notes=arguments.keep_notes, paths=arguments.keep_paths
        ),
        discarded=arguments.discarded,
        cameras=tuple(arguments.camera),
        fps=arguments.fps,
        cut_pauses=cut,
    )


def session_files(places: list[Path]) -> list[Path]:
    """Return the session files among files and folders, each once, in the order of their names.

    Raises:
        StudioError: If a place does not exist, or there is no session file.
    """
    found: dict[Path, None] = {}
    for place in places:
        if not place.exists():
            raise StudioError(f"There is no {place}.")
        files = sorted(place.glob("*.mcap")) if place.is_dir() else [place]
        found |= dict.fromkeys(files)
    if not found:
        raise StudioError(f"There is no session file (*.mcap) in {places[0]}.")
    return list(found)


def summary(result: ExportResult) -> str:
    """Say in a sentence what an export came to."""
    size = f"{result.bytes / 1e6:.1f} MB"
    again = f", {result.reused} part(s) were finished before" if result.reused else ""
    if not result.made and not result.reused:
        again = "; it was there already"
    return f"{result.folder}: {result.files} files, {size}{again}"


class _Progress:
    """One line on standard error, rewritten on a terminal and else told in tenths."""

    def __init__(self) -> None:
        self._shown = ""
        self._live = sys.stderr.isatty()

    def tell(self, fraction: float, words: str) -> None:
        """Show how far it is."""
        percent = int(100 * fraction) if self._live else int(10 * fraction) * 10
        line = f"{percent:3d} %  {words}"
        if line == self._shown:
            return
        self._shown = line
        sys.stderr.write(f"\r\x1b[K{line}" if self._live else f"{line}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._shown:
            sys.stderr.write("\n")
