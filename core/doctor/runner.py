"""Runs checks one after the other; none can crash the doctor or hold it up for ever."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.doctor.finding import Finding, problem, warning
from core.types import StudioError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something to look at.

    Attributes:
        subject: What is looked at; findings of the runner itself carry this name.
        look: Looks, and returns what it found.
        timeout_s: Longest time that it may take [s].
    """

    subject: str
    look: Callable[[], Sequence[Finding]]
    timeout_s: float = 10.0


def run_check(check: Check) -> list[Finding]:
    """Run one check in a thread of its own.

    A check that takes too long is left behind: its thread is a daemon and ends with the program.

    Returns:
        What it found; or one finding that says why it could not look.
    """
    result: list[Finding] = []
    failure: list[Exception] = []

    def work() -> None:
        try:
            result.extend(check.look())
        except Exception as error:  # whatever it is, the other checks shall run
            failure.append(error)

    thread = threading.Thread(target=work, name=f"doctor-{check.subject}", daemon=True)
    thread.start()
    thread.join(check.timeout_s)
    if thread.is_alive():
        return [
            warning(
                check.subject,
                f"Looking took longer than {check.timeout_s:g} s and was given up.",
                "Something hangs or the machine is very busy; try again when it is quiet.",
            )
        ]
    if failure:
        return [_in_words(check.subject, failure[0])]
    return result


def run_checks(
    checks: Sequence[Check], tell: Callable[[Check], None] | None = None
) -> list[Finding]:
    """Run checks in their order.

    Args:
        checks: What to look at.
        tell: Called before each check, for example to show progress.
    """
    findings: list[Finding] = []
    for check in checks:
        if tell is not None:
            tell(check)
        findings += run_check(check)
    return findings


def _in_words(subject: str, error: Exception) -> Finding:
    if isinstance(error, StudioError):
        return problem(subject, str(error), "Mend what this sentence names and look again.")
    logger.debug("the check of %s failed", subject, exc_info=error)
    return warning(
        subject,
        f"This could not be looked at ({type(error).__name__}: {error}).",
        "The other findings hold; please report this one.",
    )
