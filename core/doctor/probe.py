"""Asks another Python process, so that a library that hangs or crashes harms nobody here.

This is also how packages are asked about that ``core`` must not import, such as Qt.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.types import StudioError


class ProbeError(StudioError):
    """A question that the other process could not answer."""


def ask_python(
    code: str, *, timeout_s: float, variables: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run code in a new Python and read the JSON object that it prints last.

    Args:
        code: Part of this program, never text from outside.
        timeout_s: Longest time that it may take [s].
        variables: Environment variables on top of this process's.

    Raises:
        ProbeError: It crashed, took too long or printed no object; the sentence has its last word.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env={**os.environ, "PYTHONPATH": _with_program(), **(variables or {})},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProbeError(f"no answer within {timeout_s:g} s") from error
    except OSError as error:
        raise ProbeError(f"Python could not be started: {error.strerror}") from error
    if done.returncode < 0:
        raise ProbeError(f"it crashed (signal {-done.returncode}){_last_word(done.stderr)}")
    if done.returncode:
        raise ProbeError(f"it failed{_last_word(done.stderr)}")
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise ProbeError("it said nothing that can be read") from error
    if not isinstance(answer, dict):
        raise ProbeError("it said nothing that can be read")
    return answer  # pyright: ignore[reportUnknownVariableType]


def _with_program() -> str:
    """Let the other process import this program's modules from wherever it was started."""
    folder, before = str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")
    return folder + (os.pathsep + before if before else "")


def _last_word(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f": {lines[-1][:200]}" if lines else ""
