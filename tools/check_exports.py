"""Exports real sessions and opens every export with somebody else's reader.

    python tools/check_exports.py SESSION.mcap... [--out out/check-exports] [--json F]

Makes an environment of its own for every reader, pinned by the requirements files beside this one,
in `out/tools` (about 2.5 GB, a few minutes the first time). Prints what each reader saw; ends with
status 1 when one of them failed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"
ENVIRONMENTS = ROOT / "out" / "tools"
TORCH = "2.13.0"


def main() -> int:
    """Export, read, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sessions", type=Path, nargs="+", help="session files (.mcap)")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "check-exports")
    parser.add_argument("--json", type=Path, help="also write the report there")
    parser.add_argument("--only", action="append", default=[], help="only this format; repeatable")
    arguments = parser.parse_args()
    shutil.rmtree(arguments.out, ignore_errors=True)
    checks = {
        "mcap": check_mcap,
        "lerobot": check_lerobot,
        "rrd": check_rrd,
        "mp4": check_mp4,
        "blind": check_blind,
        "csv": check_csv,
        "parquet": check_parquet,
        "ply": check_ply,
    }
    report: dict[str, dict] = {}
    for name, check in checks.items():
        if arguments.only and name not in arguments.only:
            continue
        began = time.monotonic()
        try:
            found = check(arguments.sessions, arguments.out / name)
            report[name] = {"ok": True, **found}
        except (CheckFailed, OSError, subprocess.SubprocessError, ValueError) as error:
            report[name] = {"ok": False, "error": str(error)}
        report[name]["seconds"] = round(time.monotonic() - began, 1)
        print(f"{'ok  ' if report[name]['ok'] else 'FAIL'} {name}")
        print("     " + json.dumps(report[name], ensure_ascii=False), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2, ensure_ascii=False))
    return 0 if all(entry["ok"] for entry in report.values()) else 1


class CheckFailed(Exception):
    """A reader failed or saw something else than was written."""


def check_mcap(sessions: list[Path], out: Path) -> dict:
    """The session file itself, with the plain reader in an environment without the studio."""
    seen = read(environment("mcap"), "read_mcap.py", sessions[0])
    expect(seen["messages"] == seen["messages_in_summary"], "the index counts other messages")
    return seen


def check_lerobot(sessions: list[Path], out: Path) -> dict:
    """The dataset, every row and picture of it, with `lerobot` itself."""
    export("lerobot", sessions, out)
    seen = read(environment("lerobot"), "read_lerobot.py", out)
    expect(seen["done_rows"] == seen["episodes"], "not every episode ends with next.done")
    return seen


def check_rrd(sessions: list[Path], out: Path) -> dict:
    """The recording, written and read in the environment of Rerun."""
    python = environment("rerun")
    export("rrd", sessions, out, python=python)
    seen = read(python, "read_rerun.py", next(out.glob("*.rrd")))
    expect(any("/trace/" in name for name in seen["entities"]), "there is no trace in it")
    return seen


def check_mp4(sessions: list[Path], out: Path) -> dict:
    """Every video, with ffprobe."""
    export("mp4", sessions, out)
    seen = [read(Path(sys.executable), "read_video.py", path) for path in sorted(out.glob("*.mp4"))]
    expect(bool(seen) and not any(video.get("errors") for video in seen), f"ffprobe says {seen}")
    return {"videos": len(seen), **seen[0]}


def check_blind(sessions: list[Path], out: Path) -> dict:
    """Two takes, the same one twice when there is only one: all but the pictures must be alike."""
    pair = sessions[:2] if len(sessions) > 1 else None
    if pair is None:
        other = out.with_name("other-session.mcap")
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sessions[0], other)
        pair = [sessions[0], other]
    export("blind", pair, out, "--camera", "front")
    a, b = (read(Path(sys.executable), "read_video.py", path) for path in sorted(out.glob("*.mp4")))
    expect(a == b, f"the two videos differ: {a} and {b}")
    return a


def check_csv(sessions: list[Path], out: Path) -> dict:
    """The tables, with Python's own reader."""
    import csv

    export("csv", sessions, out)
    csv.field_size_limit(1 << 26)
    counts = {}
    for path in sorted(out.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as stream:
            counts[path.stem] = sum(1 for _ in csv.DictReader(stream))
    return {"reader": "csv of Python", "rows": counts}


def check_parquet(sessions: list[Path], out: Path) -> dict:
    """The tables, with pandas in the environment of lerobot."""
    export("parquet", sessions, out)
    script = (
        "import json,sys,pandas as pd;"
        "print(json.dumps({'reader':'pandas '+pd.__version__,'rows':"
        "{p.split('/')[-1]:len(pd.read_parquet(p)) for p in sys.argv[1:]}}))"
    )
    files = [str(path) for path in sorted(out.glob("*.parquet"))]
    return json.loads(run([str(environment("lerobot")), "-c", script, *files]))


def check_ply(sessions: list[Path], out: Path) -> dict:
    """A cloud, with Open3D."""
    export("ply", sessions, out)
    script = (
        "import sys,json,open3d as o;c=o.io.read_point_cloud(sys.argv[1]);"
        "print(json.dumps({'reader':'open3d '+o.__version__,'points':len(c.points),"
        "'colours':len(c.colors)}))"
    )
    return json.loads(run([sys.executable, "-c", script, str(next(out.glob("*.ply")))]))


def export(
    kind: str, sessions: list[Path], out: Path, *more: str, python: Path | None = None
) -> None:
    """Run the studio's own command."""
    words = [str(python or sys.executable), str(ROOT / "main.py"), "export"]
    words += [str(path) for path in sessions]
    run([*words, "--format", kind, "--out", str(out), *more])


def read(python: Path, script: str, path: Path) -> dict:
    """Run a reader in its environment; return what it saw."""
    return json.loads(run([str(python), str(TOOLS / script), str(path)]).splitlines()[-1])


def environment(name: str) -> Path:
    """Return the Python of an environment, which is made when it is missing or out of date."""
    files = sorted(TOOLS.glob(f"requirements-{name}*.txt"))
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    folder = ENVIRONMENTS / name
    python, stamp = folder / "bin" / "python", folder / "made-from"
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"making the environment of {name} in {folder}", file=sys.stderr)
    run([sys.executable, "-m", "venv", "--clear", str(folder)])
    if name == "lerobot":
        install_torch(python)
    for path in files:
        bare = ["--no-deps"] if path.stem.endswith("-bare") else []
        install(python, *bare, "-r", str(path))
    if name == "rerun":  # it writes too, with the studio's code and packages
        own = run([str(python), "-c", "import sysconfig;print(sysconfig.get_path('purelib'))"])
        Path(own.strip(), "studio.pth").write_text(sysconfig.get_path("purelib") + "\n")
    stamp.write_text(wanted)
    return python


def install_torch(python: Path) -> None:
    """Install the CPU build from wherever pip finds it."""
    for words in (
        [f"torch=={TORCH}+cpu"],
        [f"torch=={TORCH}", "--index-url", "https://download.pytorch.org/whl/cpu"],
        [f"torch=={TORCH}"],
    ):
        try:
            return install(python, *words)
        except CheckFailed:
            continue
    raise CheckFailed(f"torch {TORCH} cannot be installed")


def install(python: Path, *words: str) -> None:
    """Install packages."""
    run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *words])


def run(words: list[str]) -> str:
    """Run a program; return what it says."""
    settings = {"HF_HOME": str(ENVIRONMENTS / "hf")}
    answer = subprocess.run(
        words, capture_output=True, text=True, check=False, env=os.environ | settings, timeout=1800
    )
    if answer.returncode:
        raise CheckFailed(f"{' '.join(words[:4])} … ended with: {answer.stderr.strip()[-600:]}")
    return answer.stdout


def expect(fine: bool, words: str) -> None:
    """Fail with words unless all is fine."""
    if not fine:
        raise CheckFailed(words)


if __name__ == "__main__":
    sys.exit(main())
