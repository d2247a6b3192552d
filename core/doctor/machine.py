"""Processor, disk and ports."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

import psutil

from core.doctor.finding import Finding, ok, problem, warning

GIB = 2**30
LITTLE_DISK, TIGHT_DISK = 1 * GIB, 5 * GIB
"""Below the first a session may end for want of space; below the second it is worth a word."""

BUSY_SHARE = 0.75
"""Load per usable processor above which timings suffer."""

PORTS = {8000: "serve", 8201: "lab", 8202: "rig"}
"""What each command listens on unless it is told another port."""

CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def judge_processor(cores: float, load: float | None, threads: str | None) -> list[Finding]:
    """Judge the processors.

    Args:
        cores: Processors that this program may use; a container may allow a fraction.
        load: Programs that wanted to run in the last minute, if the system tells.
        threads: Value of OMP_NUM_THREADS, if it is set.
    """
    findings: list[Finding] = []
    shown = f"{cores:g} processor{'' if cores == 1 else 's'}"
    busy = "" if load is None else f", load {load:.1f}"
    if cores < 2:
        findings.append(
            warning(
                "processor",
                f"{shown} can be used{busy}; the lab and the model each keep one busy.",
                "Serve the model on another machine: main.py run --policy ws://HOST:8000",
            )
        )
    elif load is not None and load > BUSY_SHARE * cores:
        findings.append(
            warning(
                "processor",
                f"{shown} can be used and other programs keep them busy{busy}.",
                "Close what computes beside the studio; the model and the lab will be slow.",
            )
        )
    else:
        findings.append(ok("processor", f"{shown} can be used{busy}."))
    if threads is not None:
        findings += _judge_threads(threads, cores)
    return findings


def judge_disk(folder: Path, free: int, writable: bool) -> Finding:
    """Judge the place of the session files.

    Args:
        folder: Where they go.
        free: Bytes that are free there.
        writable: Whether this person may write there.
    """
    if not writable:
        return problem(
            "disk",
            f"Session files cannot be written to '{folder}'.",
            "Name another folder with --sessions, or change its permissions.",
        )
    room = f"{free / GIB:.1f} GiB are free for session files in '{folder}'"
    if free < LITTLE_DISK:
        return problem("disk", f"Only {room}.", "Free some space, or use another --sessions.")
    if free < TIGHT_DISK:
        return warning("disk", f"Only {room}.", "Move old sessions away before long recordings.")
    return ok("disk", f"{room}.")


def judge_ports(taken: Sequence[int]) -> Finding:
    """Judge the usual ports; the studio itself lets its services pick free ones."""
    if not taken:
        listed = ", ".join(map(str, PORTS))
        return ok("ports", f"The usual ports of the services are free ({listed}).")
    used = ", ".join(f"{port} ({PORTS[port]})" for port in taken)
    return warning(
        "ports",
        f"Something listens already on {used}.",
        "'run' picks free ports by itself; a service started by hand needs another --port.",
    )


def look_at_processor() -> Sequence[Finding]:
    """Look at the processors that are left to this program."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return judge_processor(usable_cores(), load, os.environ.get("OMP_NUM_THREADS"))


def look_at_disk(sessions: Path) -> Sequence[Finding]:
    """Look at the place of the session files; the folder need not be there yet."""
    there = sessions.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    return [judge_disk(sessions, shutil.disk_usage(there).free, writable)]


def look_at_ports() -> Sequence[Finding]:
    """Try to listen on the usual ports."""
    return [judge_ports([port for port in PORTS if not _is_free(port)])]


def usable_cores(limit: Path = CPU_LIMIT) -> float:
    """Return how many processors this program may use: affinity and container limit."""
    process = psutil.Process()
    allowed = process.cpu_affinity() if hasattr(process, "cpu_affinity") else None
    cores = float(len(allowed or ()) or os.cpu_count() or 1)
    try:
        quota, period = limit.read_text(encoding="utf-8").split()
        return min(cores, int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no cgroup 2, or "max": no limit
        return cores


def _judge_threads(threads: str, cores: float) -> list[Finding]:
    first = threads.split(",")[0].strip()
    if not first.isdigit() or int(first) < 1:
        return [
            warning(
                "processor",
                f"OMP_NUM_THREADS is '{threads}', which is no number of threads.",
                "Unset it, or give a whole number such as 2.",
            )
        ]
    if int(first) > cores:
        return [
            warning(
                "processor",
                f"OMP_NUM_THREADS is {first}, more than the {cores:g} usable processors.",
                "Threads that wait for each other are slower than few; unset it or lower it.",
            )
        ]
    return []


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
