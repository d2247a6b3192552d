from __future__ import annotations

import pytest

from core.review.session import ReviewSession
from tests.core.review.recording import record


@pytest.fixture
def recorded(tmp_path):
    """A finished session file."""
    return record(tmp_path / "one.mcap")


@pytest.fixture
def session(recorded):
    opened = ReviewSession(recorded)
    yield opened
    opened.close()
