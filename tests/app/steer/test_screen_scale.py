"""A click hits the same pixel of the image whatever the screen's ratio of pixels is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.app.steer.scaled_clicks import PIXELS

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("factor", ["1", "1.5", "2"])
def test_the_same_pixels_at_every_screen_scale(factor: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "QT_SCALE_FACTOR": factor,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("DISPLAY", None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.app.steer.scaled_clicks"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["ratio"] == float(factor)
    for found in answer["pixels"]:
        np.testing.assert_allclose(np.reshape(found, (-1, 2)), PIXELS, atol=2e-3)
