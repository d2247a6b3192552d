"""Follows what goes into the model: the clean picture, and the one with a line in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.store import PlanKind, Store
from core import overlay
from core.types import Observation

THROTTLE_MS = 33
"""Shortest time between two pictures while a line is drawn."""

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelImage:
    """The first image as a model gets it.

    Attributes:
        clean: (H, W, 3) uint8 RGB without a line.
        seen: (H, W, 3) uint8 RGB that the model got or would get now; ``clean`` itself when there
            is no line.
        sent: Whether these are the very pixels that were sent.
        past: Whether the picture is not pinned any more.
    """

    clean: Image
    seen: Image
    sent: bool = False
    past: bool = False

    @property
    def steered(self) -> bool:
        """Whether a line is burnt in."""
        return self.seen is not self.clean


class ModelInput(QObject):
    """Makes a :class:`ModelImage` of the state, at most every :data:`THROTTLE_MS`."""

    changed = Signal(object)

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._clean: Image | None = None
        self._clean_of: tuple[Observation | None, tuple[int, int] | None] = (None, None)
        self._stale = False
        self.image: ModelImage | None = None
        """The newest one; None until a picture was pinned."""
        self._pause = QTimer(self, interval=THROTTLE_MS, singleShot=True)
        self._pause.timeout.connect(self._catch_up)
        for signal in (
            store.observation_changed,
            store.plans_changed,
            store.draft_changed,
            store.capabilities_changed,
        ):
            signal.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Follow the state, now or after the pause."""
        if self._pause.isActive():
            self._stale = True
            return
        self._stale = False
        self._pause.start()
        made = self._make()
        if made is not None:
            self.image = made
            self.changed.emit(made)

    @Slot()
    def _catch_up(self) -> None:
        if self._stale:
            self.refresh()

    def _make(self) -> ModelImage | None:
        store = self._store
        if store.observation is None:
            # What it was asked about stays to be looked at, but not as if it were of now.
            if self.image is None or self.image.past:
                return None
            old = self.image
            return ModelImage(clean=old.clean, seen=old.seen, sent=old.sent, past=True)
        clean = self._prepared(store.observation)
        chosen = store.selected
        kind = chosen if chosen is not None and chosen in store.candidates else PlanKind.USER
        plan = store.plans.get(kind)
        if plan is not None and plan.reasoning.model_image is not None:
            seen = plan.reasoning.model_image if plan.reasoning.steered_by is not None else clean
            return ModelImage(clean=clean, seen=seen, sent=True)
        if store.draft is not None and len(store.draft) > 1:
            return ModelImage(clean=clean, seen=overlay.draw_trace(clean, store.draft))
        return ModelImage(clean=clean, seen=clean)

    def _prepared(self, observation: Observation) -> Image:
        """Return the clean image; it is resized once per picture, not per edit."""
        capabilities = self._store.capabilities
        size = capabilities.image_size if capabilities is not None else None
        if self._clean is None or self._clean_of != (observation, size):
            self._clean = overlay.prepare_frame(observation.frames[0].image, size)
            self._clean_of = (observation, size)
        return self._clean
