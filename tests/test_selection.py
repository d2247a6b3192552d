"""What ``make test`` selects by marker exists, and is where it looks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_there_are_tests_for_a_display_with_opengl() -> None:
    words = ["-q", "--collect-only", "-m", "gl", "tests/app", "tests/e2e"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout
    for name in ("test_cloud_gl.py::", "test_studio.py::", "test_demo_command.py::"):
        assert name in done.stdout
