"""A rating as plain values, for JSON."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, cast

import numpy as np

from core.ratings.result import Ratings


def as_plain(ratings: Ratings) -> dict[str, Any]:
    """Return all of a rating as mappings, lists, texts and numbers; what is not finite is None."""
    plain = cast("dict[str, Any]", _plain(asdict(ratings)))
    plain["matrices"]["votes"] = ratings.matrices.votes.tolist()
    plain["matrices"]["shares"] = _plain(ratings.matrices.shares)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _plain(cast("list[Any]", value.tolist()))
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in cast("dict[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in cast("list[Any]", value)]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
