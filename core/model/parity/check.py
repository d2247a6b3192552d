"""What a comparison with golden outputs is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One comparison.

    Attributes:
        family: Folder of the golden outputs.
        case: Name of the case.
        quantity: What was compared.
        difference: Largest absolute difference, or the number of differing items.
        limit: Largest difference allowed.
    """

    family: str
    case: str
    quantity: str
    difference: float
    limit: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the difference is allowed; not a number is not."""
        return self.difference <= self.limit


def read_json(path: Path) -> Any:
    """Read a JSON file of the golden folder."""
    return json.loads(path.read_text(encoding="utf-8"))


def differing(a: Any, b: Any) -> float:
    """Return how many items differ; infinite when the shapes do."""
    left, right = np.asarray(a), np.asarray(b)
    return float((left != right).sum()) if left.shape == right.shape else float("inf")


def distance(a: Any, b: Any) -> float:
    """Return the largest absolute difference; infinite when the shapes differ."""
    left, right = np.asarray(a), np.asarray(b)
    if left.shape != right.shape:
        return float("inf")
    return float(np.abs(left.astype(np.float64) - right).max(initial=0.0))
