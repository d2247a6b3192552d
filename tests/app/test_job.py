"""Work for a thread pool lets go of what it held."""

from __future__ import annotations

import gc
import weakref

from PySide6.QtCore import QThreadPool

from app.job import Job


class Picture:
    """Something large."""


def test_a_job_that_has_run_holds_nothing() -> None:
    pool = QThreadPool()
    picture = Picture()
    held, seen = weakref.ref(picture), []

    def work(picture: Picture = picture) -> None:
        seen.append(type(picture).__name__)

    job = Job(work)
    job.setAutoDelete(False)  # as PySide keeps some, whatever the pool deletes
    pool.start(job)
    pool.waitForDone()
    del work, picture
    gc.collect()
    assert seen == ["Picture"]
    assert held() is None
