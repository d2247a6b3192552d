"""Asking a policy about several requests: together if it can, one after another if not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, cast

from core.policy.base import BatchPolicy, Cancelled, Policy, PolicyRequest, ask
from core.policy.comparison import MAX_COMPARED
from core.types import Reasoning, StudioError

logger = logging.getLogger(__name__)

Answer = Reasoning | BaseException
"""What a request comes to."""


def batch_limit(policy: Policy, wanted: int | None = None) -> int:
    """Return how many requests are given to a policy at once.

    Args:
        policy: Who answers.
        wanted: What the person asked for; None leaves it to the policy.

    Raises:
        StudioError: If fewer than one is wanted.
    """
    if wanted is not None and wanted < 1:
        raise StudioError(f"a batch of {wanted} requests is none; choose 1 or more")
    if not hasattr(policy, "infer_many"):
        return 1
    return wanted or max(1, int(getattr(policy, "max_batch", 1)))


def together_limit(policy: Policy, wanted: int | None = None) -> int:
    """Return how many questions of one comparison are given to a policy at once.

    More than :func:`batch_limit` on a CPU: they belong to one person, who waits for all of them
    anyway, and five together take little more than half the time of five in turn.

    Args:
        policy: Who answers.
        wanted: What the person asked for; None leaves it to the policy.
    """
    if not hasattr(policy, "infer_many"):
        return 1
    return min(wanted or MAX_COMPARED, MAX_COMPARED)


def answer_all(policy: Policy, requests: Sequence[PolicyRequest]) -> list[Answer]:
    """Answer requests; what goes wrong with one stays with that one.

    A batch that fails as a whole, for want of memory for instance, is asked one by one.

    Returns:
        An answer or an error for each request, in their order.
    """
    if len(requests) > 1:
        try:
            return _together(policy, requests)
        except Exception:
            logger.exception("a batch of %d failed; asking one by one", len(requests))
    return [_alone(policy, request) for request in requests]


def _together(policy: Policy, requests: Sequence[PolicyRequest]) -> list[Answer]:
    answers: list[Any] = list(cast(BatchPolicy, policy).infer_many(requests))
    if len(answers) != len(requests):
        raise RuntimeError(f"{len(answers)} answers to {len(requests)} requests")
    return answers


def _alone(policy: Policy, request: PolicyRequest) -> Answer:
    if request.cancelled is not None and request.cancelled():
        return Cancelled()
    try:
        return ask(policy, request)
    except BaseException as error:  # whatever it is, it belongs to the one who asked
        return error
