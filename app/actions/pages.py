"""Which actions belong to which page of the window; on the other one they are held back.

The pages share keys: Space thinks on one and plays on the other. Only one of the two is ever
possible, so that no key is ambiguous, and nothing that moves the arm is possible while a person
looks at what is long past. Stopping always is.
"""

from __future__ import annotations

from app.actions.spec import (
    ARM,
    DRAW,
    EPISODE,
    INSTRUCTION,
    PLAN,
    REVIEW,
    SCENE,
    VIEW,
    ActionSpec,
)
from app.store import Page

_STEER_GROUPS = frozenset({PLAN, INSTRUCTION, DRAW, SCENE, EPISODE, VIEW, ARM})
_EVERYWHERE = frozenset({"fullscreen", "page_steer", "page_review", "stop", "escape", "release"})
_STEER_TOO = frozenset({"instruction", "first_steps"})
_REVIEW_EVERYWHERE = frozenset({"review_open"})


def page_of(spec: ActionSpec) -> Page | None:
    """Return the page that an action belongs to; None when it belongs to both."""
    if spec.name in _EVERYWHERE | _REVIEW_EVERYWHERE:
        return None
    if spec.group == REVIEW:
        return Page.REVIEW
    return Page.STEER if spec.group in _STEER_GROUPS or spec.name in _STEER_TOO else None


def elsewhere(spec: ActionSpec, page: Page) -> str:
    """Say that an action belongs to the other page; nothing when it does not."""
    wanted = page_of(spec)
    if wanted is None or wanted == page:
        return ""
    if wanted == Page.STEER:
        return "This is for the Steer page; nothing here moves the arm (Ctrl+1 goes there)."
    return "This is for the Review page (Ctrl+2 goes there)."
