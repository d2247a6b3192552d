"""``python main.py doctor``: look at everything and say what to do."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from core.doctor import display, gpu, machine, packages
from core.doctor.finding import Finding, Status, count
from core.doctor.runner import Check, run_checks
from core.doctor.servers import look_at_policy, look_at_rig
from core.doctor.table import findings_table, summary, wants_colours
from core.policy.server import EMBEDDED_MODEL
from core.report import environment
from core.types import StudioError

DTYPES = ("auto", "fp32", "bf16", "fp16")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``python main.py doctor``."""
    parser.add_argument(
        "--model", default=str(EMBEDDED_MODEL), help="folder or hub id of the checkpoint to look at"
    )
    parser.add_argument("--dtype", choices=DTYPES, default="auto", help="as for serve")
    parser.add_argument("--policy", metavar="URL", help="look at this policy server too")
    parser.add_argument("--policy-token", metavar="TOKEN", help="secret of the policy server")
    parser.add_argument("--rig", metavar="URL", help="look at this rig too")
    parser.add_argument("--rig-token", metavar="TOKEN", help="secret of the rig")
    parser.add_argument(
        "--sessions", type=Path, default=Path("out/sessions"), help="folder of the session files"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the findings there too")


def run_doctor(args: argparse.Namespace) -> int:
    """Look at the machine and tell what was found.

    Args:
        args: The options of :func:`add_arguments`.

    Returns:
        0 if nothing is a problem, otherwise 1.

    Raises:
        StudioError: If the JSON file cannot be written.
    """
    talks = sys.stderr.isatty()

    def tell(check: Check) -> None:
        if talks:
            print(f"\r\x1b[Klooking at: {check.subject} …", end="", file=sys.stderr, flush=True)

    findings = run_checks(checks(args), tell)
    if talks:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    table = findings_table(
        findings,
        width=shutil.get_terminal_size((100, 24)).columns,
        colours=wants_colours(sys.stdout),
    )
    print(f"{table}\n\n{summary(findings)}", file=sys.stdout, flush=True)
    if args.json is not None:
        write_json(findings, args.json)
    return 1 if count(findings, Status.PROBLEM) else 0


def checks(args: argparse.Namespace) -> list[Check]:
    """Return what is looked at, in the order of the report."""
    found = [
        # first, before the checks themselves keep the processors busy
        Check(subject="processor", look=machine.look_at_processor),
        Check(subject="packages", look=lambda: packages.look_at_packages(sys.version_info[:3])),
        Check(subject="window", look=display.look_at_window, timeout_s=display.PROBE_S + 5),
        Check(
            subject="lab cameras", look=display.look_at_lab_drawing, timeout_s=display.PROBE_S + 5
        ),
        Check(subject="GPU", look=gpu.look_at_gpu, timeout_s=gpu.PROBE_S + 15),
        Check(
            subject="checkpoint", look=lambda: _checkpoint(args.model, args.dtype), timeout_s=120
        ),
        Check(subject="disk", look=lambda: machine.look_at_disk(args.sessions)),
        Check(subject="ports", look=machine.look_at_ports),
    ]
    if args.policy:
        found.append(
            Check(
                subject="policy server",
                look=lambda: look_at_policy(args.policy, args.policy_token),
                timeout_s=30,
            )
        )
    if args.rig:
        found.append(
            Check(subject="rig", look=lambda: look_at_rig(args.rig, args.rig_token), timeout_s=30)
        )
    return found


def write_json(findings: Sequence[Finding], path: Path) -> None:
    """Write findings and a description of the machine as JSON; folders on the way are made.

    Raises:
        StudioError: If the file cannot be written.
    """
    content = {
        "problems": count(findings, Status.PROBLEM),
        "warnings": count(findings, Status.WARNING),
        "findings": [asdict(finding) for finding in findings],
        "environment": environment(),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise StudioError(f"The findings could not be written to {path}: {error}.") from error


def _checkpoint(model: str, dtype: str) -> Sequence[Finding]:
    # torch and transformers take seconds to import, and may be what is broken
    from core.doctor.checkpoint import look_at_checkpoint
    from core.policy.local import DTYPES as FORMATS

    return look_at_checkpoint(model, dtype=FORMATS[dtype])
