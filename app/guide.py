"""Watches what a new person really does, and ticks off the three first steps."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSettings, Slot
from PySide6.QtWidgets import QWidget

from app import first_steps, rules
from app.first_steps import FirstSteps
from app.store import Phase, PlanKind
from app.studio import Studio

KEY = "first-steps/seen"
_WIDTH = 336
_MARGIN = 8


class Guide(QObject):
    """Shows the page of the first start beside the picture.

    Attributes:
        page: The page.
        done: Which of draw, steer and run were done.
    """

    def __init__(
        self, studio: Studio, window: QWidget, centre: QWidget, state: QSettings | None
    ) -> None:
        """Build the page.

        Args:
            studio: What is watched.
            window: Where the page lies.
            centre: The widget of the window that it leaves free, to its left.
            state: Remembers that the page was seen; None keeps nothing.
        """
        super().__init__(window)
        self._studio, self._state = studio, state
        self._window, self._centre = window, centre
        self.page = FirstSteps(window)
        self.done = (False, False, False)
        self._said: object = None
        self._ran = False
        self.page.left.connect(self._remember)
        store = studio.store
        for signal in (
            store.draft_changed,
            store.plans_changed,
            store.phase_changed,
            store.rig_changed,
            store.services_changed,
            store.capabilities_changed,
        ):
            signal.connect(self._look)
        studio.motion.ended.connect(self._run_ended)
        centre.installEventFilter(self)
        self._look()

    @property
    def is_new_here(self) -> bool:
        """Whether nobody has said yet that the page shall not come again."""
        return self._state is not None and self._state.value(KEY, "no") != "yes"

    def open(self) -> None:
        """Show the page, with every step still to do."""
        self.done = (False, False, False)
        self.page.never.setChecked(not self.is_new_here)
        self._look()
        self.page.show()
        self.place()

    def place(self) -> None:
        """Lie over the panels at the side, wherever they are now."""
        if not self.page.isVisible():
            return
        window, centre = self._window, self._centre.geometry()
        width = max(window.width() - centre.right() - 1, _WIDTH) - 2 * _MARGIN
        left, top = window.width() - width - _MARGIN, centre.top() + _MARGIN
        self.page.fit(QRect(left, top, width, centre.height() - 2 * _MARGIN))
        self.page.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the border between the picture and the panels."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self.place()
        return False

    @Slot()
    def _look(self, *_: object) -> None:
        store = self._studio.store
        plan = store.plans.get(PlanKind.USER)
        drawn = store.draft is not None and len(store.draft) > 1
        steered = plan is not None and plan.chunk is not None
        self._ran = self._ran or (store.phase == Phase.RUNNING and store.plan is not None)
        self._tick(drawn, steered, False)
        held = ""
        if not self.done[0]:
            held = rules.draw(store) or rules.ready(store)
        elif not self.done[1]:
            held = "" if store.phase == Phase.STEERING else rules.steer(store)
        elif not self.done[2]:
            held = "" if store.phase == Phase.RUNNING else rules.run(store)
        rig = store.rig
        intro = first_steps.WAIT if rig is None else first_steps.LAB
        if rig is not None and rig.kind != "lab":
            intro = first_steps.REAL
        said = (self.done, held, intro)
        if said != self._said:
            self._said = said
            self.page.set_state(self.done, held, intro)
            self.place()

    def _tick(self, drawn: bool, steered: bool, ran: bool) -> None:
        self.done = (self.done[0] or drawn, self.done[1] or steered, self.done[2] or ran)

    @Slot(bool, str)
    def _run_ended(self, completed: bool, _reason: str) -> None:
        if completed and self._ran:
            self._tick(False, False, True)
        self._ran = False
        self._look()

    @Slot(bool)
    def _remember(self, never: bool) -> None:
        if self._state is not None:
            self._state.setValue(KEY, "yes" if never else "no")
