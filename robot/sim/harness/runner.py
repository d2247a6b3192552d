"""Many trials: in several processes on the direct lab, or in turn through the real driver."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.types import StudioError
from robot.sim.harness.cases import PICTURE_AXES, Case
from robot.sim.harness.films import TrialFilm
from robot.sim.harness.store import TrialStore
from robot.sim.trials import Trial, run_trial

ATTEMPTS = 2
"""How often a trial is begun through the driver before its fault ends the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What trials are carried out with.

    Attributes:
        model: Checkpoint folder or hub id.
        direct: Whether to bypass the robot protocol.
        processes: How many at a time; only direct.
        videos: Folder for a video of each trial; None for none.
    """

    model: str
    direct: bool
    processes: int = 1
    videos: Path | None = None

    @property
    def driver(self) -> str:
        """What moves the arm."""
        return "direct" if self.direct else "franky"


def run_cases(cases: Sequence[Case], means: Means, store: TrialStore | None) -> Iterator[Trial]:
    """Carry out what is not done yet.

    Args:
        cases: What to try, in order.
        means: With what.
        store: Keeps every trial and knows those of earlier runs; None keeps nothing.

    Yields:
        Each new trial, once it is kept; with several processes in the order they end.

    Raises:
        StudioError: If the lab or the model cannot be had, or a trial cannot be kept.
    """
    if not means.direct and (odd := [case for case in cases if case.axis in PICTURE_AXES]):
        raise StudioError(
            f"the axis '{odd[0].axis}' changes the pictures, which the lab behind the real driver "
            "cannot; add --direct"
        )
    known = store.trials if store is not None else {}
    left = [case for case in cases if case.key not in known]
    for trial in _direct(left, means) if means.direct else _through_driver(left, means):
        if store is not None:
            store.add(trial)
        yield trial


def carry_out(lab: Any, policy: Any, case: Case, videos: Path | None) -> Trial:
    """Run one trial, filmed if a folder is given."""
    if videos is None:
        return run_trial(lab, policy, case)
    film = TrialFilm(videos, case)
    try:
        trial = run_trial(lab, policy, case, film)
    except BaseException:
        film.abandon()
        raise
    film.finish("done" if trial.done else trial.ended)
    return trial


def _direct(cases: Sequence[Case], means: Means) -> Iterator[Trial]:
    jobs = [(means.model, case, means.videos) for case in cases]
    if means.processes <= 1 or len(jobs) <= 1:
        yield from map(_direct_trial, jobs)
        return
    # not forked: threads of torch and a GL context do not survive that
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(means.processes, len(jobs))) as pool:
        yield from pool.imap_unordered(_direct_trial, jobs)


_open: dict[str, Any] = {}
"""Model and table of this process, made once: loading takes longer than a trial."""


def _direct_trial(job: tuple[str, Case, Path | None]) -> Trial:
    from core.policy.local import load_policy
    from robot.sim.trial_labs import DirectTrialLab

    model, case, videos = job
    if _open.get("model") != model:
        _open["policy"], _open["model"] = load_policy(model, device="cpu", threads=1), model
    if "lab" not in _open:
        _open["lab"] = DirectTrialLab()
    return carry_out(_open["lab"], _open["policy"], case, videos)


def _through_driver(cases: Sequence[Case], means: Means) -> Iterator[Trial]:
    if not cases:
        return
    from core.policy.local import load_policy

    policy = load_policy(means.model, device="cpu")
    left = list(cases)
    attempts = 0
    while left:
        with closing(_driver_lab()) as lab:
            while left:
                try:
                    trial = carry_out(lab, policy, left[0], means.videos)
                except StudioError as error:
                    attempts += 1
                    if attempts >= ATTEMPTS:
                        raise
                    print(
                        f"trial {left[0].key} is begun anew with another lab: {error}", flush=True
                    )
                    break
                attempts = 0
                left.pop(0)
                yield trial


def _driver_lab() -> Any:
    from robot.sim.driver_lab import DriverTrialLab

    return DriverTrialLab()
