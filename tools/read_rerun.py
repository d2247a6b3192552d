"""Opens a recording with Rerun's own programs and prints what they saw, as JSON.

Runs in the environment of requirements-rerun.txt.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path


def rerun(*words: str) -> str:
    """Run the `rerun` program beside this Python; return what it says."""
    program = Path(sys.executable).with_name("rerun")
    answer = subprocess.run(
        [str(program), *words], capture_output=True, text=True, check=False, timeout=120
    )
    if answer.returncode:
        raise SystemExit(f"rerun {' '.join(words)} failed: {answer.stderr[-400:]}")
    return answer.stdout + answer.stderr


def main(path: Path) -> dict:
    """Verify a recording and count what is in it."""
    verdict = rerun("rrd", "verify", str(path)).strip().splitlines()[-1]
    stats = rerun("rrd", "stats", str(path))
    entities = re.findall(r"^(/[\w/.\-]+): (\d+)$", stats, re.MULTILINE)
    rows = re.search(r"num_rows = ([\d\u2009\u202f ]+)", stats)
    return {
        "reader": f"rerun-sdk {version('rerun-sdk')}",
        "verdict": verdict,
        "rows": int(re.sub(r"\D", "", rows[1])) if rows else 0,
        "entities": sorted({name for name, _ in entities if not re.search(r"[0-9a-f]{8}-", name)}),
        "blueprint": any(name.startswith("/viewport") for name, _ in entities),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
