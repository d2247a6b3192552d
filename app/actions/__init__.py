"""Everything that a person can do: one table, and what is made from it."""

from app.actions.bound import Actions
from app.actions.keys import KeyGuard
from app.actions.space_hand import SpaceHand
from app.actions.spec import GROUPS, ActionSpec, shown_key
from app.actions.table import TABLE

__all__ = ["GROUPS", "TABLE", "ActionSpec", "Actions", "KeyGuard", "SpaceHand", "shown_key"]
