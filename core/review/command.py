"""`python main.py replay SESSION`: tell what happened, or ask the checkpoint again and compare."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.report import Report
from core.review.session import ReviewSession
from core.review.verify import Difference, Recorded, Verification, check_checkpoint, verify
from core.session.events import describe
from core.session.facts import checkpoint_hash


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``main.py replay``."""
    parser.add_argument("session", type=Path, help="a session file")
    parser.add_argument(
        "--verify",
        action="store_true",
        help="ask the recorded checkpoint again and compare every token and action",
    )
    parser.add_argument("--model", help="folder or hub id of the checkpoint; default: embedded")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--dtype", default="auto", choices=("auto", "fp32", "bf16", "fp16"))
    parser.add_argument("--threads", type=int, help="CPU threads of the model")
    parser.add_argument(
        "--any-checkpoint",
        action="store_true",
        help="compare even when the weights are others than the recorded ones",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there")


def run_replay(arguments: argparse.Namespace) -> int:
    """Tell the events of a session, or verify it.

    Returns:
        0, or 1 when an answer is another one than was recorded.

    Raises:
        StudioError: If the session cannot be opened, or the checkpoint is another one.
    """
    session = ReviewSession(arguments.session)
    try:
        return _verify(session, arguments) if arguments.verify else _tell(session)
    finally:
        session.close()


def _tell(session: ReviewSession) -> int:
    for event in session.events:
        seconds = (event.wall_ns - session.start_ns) / 1e9
        sys.stdout.write(f"{seconds:9.3f} s  {describe(event)}\n")
    for sentence in session.unread:
        sys.stdout.write(f"not read: {sentence}\n")
    return 0


def _verify(session: ReviewSession, arguments: argparse.Namespace) -> int:
    from core.model.loading import find_folder
    from core.policy.local import load_policy
    from core.policy.server import EMBEDDED_MODEL

    model = arguments.model or str(EMBEDDED_MODEL)
    if not arguments.any_checkpoint:
        check_checkpoint(session, checkpoint_hash(find_folder(model)), model)
    policy = load_policy(
        model, dtype=arguments.dtype, device=arguments.device, threads=arguments.threads
    )
    report = Report(f"replay {arguments.session} --verify")

    def told(recorded: Recorded, different: int) -> None:
        seconds = (recorded.wall_ns - session.start_ns) / 1e9
        report.add_row(
            request=recorded.request.request_id,
            at_s=round(seconds, 3),
            steered=recorded.request.trace is not None,
            instruction=recorded.request.observation.instruction,
            same=not different,
        )

    found = verify(session, policy, told)
    report.print()
    for difference in found.differences:
        sys.stdout.write(f"{_sentence(difference)}\n")
    sys.stdout.write(f"{_verdict(found)}\n")
    if arguments.json is not None:
        report.add_goal(
            "differences", len(found.differences), "", "== 0", holds=not found.differences
        )
        report.write(arguments.json)
    return 1 if found.differences else 0


def _sentence(difference: Difference) -> str:
    return (
        f"Request {difference.request_id} at {difference.seconds:.3f} s: other {difference.part}: "
        f"{difference.words}."
    )


def _verdict(found: Verification) -> str:
    what = f"{found.answers} answers, {found.tokens} decided tokens, {found.actions} actions"
    left = f"; {found.unanswered} questions were never answered" if found.unanswered else ""
    if not found.differences:
        return f"Same: {what}{left}."
    return f"{len(found.differences)} differences in {what}{left}."
