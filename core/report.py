"""Reports of evaluations: a table for the person, JSON for the record.

The JSON has ``command``, ``environment`` (processor, memory, GPU, versions, load), ``seed``,
``rows`` (one object per measurement) and ``goals`` (metric, value, unit, goal, holds).
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import time
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

import psutil

from core.types import StudioError

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
    "pillow",
    "opencv-python-headless",
    "mujoco",
    "franky-control",
    "websockets",
    "msgpack",
    "openpi-client",
    "PySide6-Essentials",
)
_GPU_QUERY = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")


def environment() -> dict[str, Any]:
    """Describe the machine: what a number can only be compared on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    memory = psutil.virtual_memory()
    return {
        "cpu": {
            "name": _cpu_name(),
            "cores": os.cpu_count(),
            "usable": len(psutil.Process().cpu_affinity() or []) or os.cpu_count(),
            "memory_gib": round(memory.total / 2**30, 1),
        },
        "gpu": _gpus(),
        "versions": {"python": platform.python_version(), **_versions()},
        "system": platform.platform(),
        "load": {
            "load_1min": load,
            "memory_free_gib": round(memory.available / 2**30, 1),
            "threads": os.environ.get("OMP_NUM_THREADS"),
        },
    }


class Report:
    """Collects rows and goals of one evaluation."""

    def __init__(self, command: str, seed: int | None = None) -> None:
        """Start a report; the environment is noted now, before the work loads the machine.

        Args:
            command: The command line that repeats the evaluation.
            seed: Seed of everything random in it; None when nothing is.
        """
        self.command, self.seed = command, seed
        self.rows: list[dict[str, Any]] = []
        self.goals: list[dict[str, Any]] = []
        self._environment = environment()
        self._started = time.monotonic()

    def add_row(self, **columns: Any) -> None:
        """Add a measurement; columns may differ between rows."""
        self.rows.append(columns)

    def add_goal(self, metric: str, value: Any, unit: str, goal: str, holds: bool) -> None:
        """Add a goal and whether it was reached.

        Args:
            metric: What was measured.
            value: The result.
            unit: Its unit, empty for counts.
            goal: What was wanted, such as "<= 0.002"; empty for a figure without a goal.
            holds: Whether the result is good enough.
        """
        entry = {"metric": metric, "value": value, "unit": unit, "goal": goal, "holds": bool(holds)}
        self.goals.append(entry)

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON file holds."""
        return {
            "command": self.command,
            "environment": self._environment,
            "seed": self.seed,
            "seconds": round(time.monotonic() - self._started, 3),
            "rows": self.rows,
            "goals": self.goals,
        }

    def text(self) -> str:
        """Return rows and goals as tables; rows that begin with another column have their own."""
        groups = groupby(self.rows, key=lambda row: next(iter(row), ""))
        parts = [format_table(list(rows)) for _, rows in groups]
        if self.goals:
            parts.append(format_table([{**g, "holds": _verdict(g)} for g in self.goals]))
        return "\n\n".join(parts)

    def print(self, stream: TextIO | None = None) -> None:
        """Write the tables to ``stream``, by default to standard output."""
        print(self.text(), file=stream, flush=True)

    def write(self, path: str | Path) -> None:
        """Write the JSON file; folders on the way are made.

        Raises:
            StudioError: If it cannot be written.
        """
        target = Path(path)
        text = json.dumps(self.to_dict(), indent=2, default=_plain, ensure_ascii=False)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise StudioError(
                f"the report cannot be written to '{target}' ({error.strerror}); its tables are "
                "above"
            ) from error


def format_table(rows: list[dict[str, Any]]) -> str:
    """Return rows as aligned columns; numbers to the right, missing cells empty."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]
    numeric = [
        all(isinstance(row.get(name), (int, float, type(None))) for row in rows) for name in names
    ]

    def line(values: list[str]) -> str:
        padded = (
            value.rjust(width) if right else value.ljust(width)
            for value, width, right in zip(values, widths, numeric, strict=True)
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(names), line(["-" * width for width in widths]), *map(line, cells)])


def _verdict(goal: dict[str, Any]) -> str:
    """Say whether a goal holds; nothing beside a figure that has none."""
    if not goal["goal"]:
        return ""
    return "yes" if goal["holds"] else "NO"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """Turn numpy scalars and arrays into what JSON knows."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _gpus() -> list[str]:
    tool = shutil.which(_GPU_QUERY[0])
    if tool is None:
        return []
    try:
        done = subprocess.run(
            [tool, *_GPU_QUERY[1:]], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
