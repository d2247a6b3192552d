"""The table as QActions of a window, kept in step with its state."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.actions.pages import elsewhere
from app.actions.spec import ActionSpec, tip_of
from app.actions.table import TABLE
from app.icons import icon
from app.store import Store

_SPECS = {spec.name: spec for spec in TABLE}


class Actions(QObject):
    """The actions of a window, kept in step with its state.

    A motion changes a dozen things of the state at once; the rules are asked once for all of them,
    in the next turn of the event loop, or sooner when somebody looks an action up or uses one.
    """

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        self._store = store
        self._held: dict[str, str] = {}
        self._described: dict[str, str] = {}
        self._has_arm = self._is_recorded = False
        self._seen_draft: object = None
        self._told: dict[str, tuple[str, str]] = {}
        self._by_name: dict[str, QAction] = {}
        for spec in TABLE:
            action = QAction(spec.text, window)
            action.setStatusTip(spec.tip)
            action.setObjectName(spec.name)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            reach = Qt.ShortcutContext
            action.setShortcutContext(
                reach.ApplicationShortcut if spec.everywhere else reach.WindowShortcut
            )
            action.setAutoRepeat(spec.name in ("undo", "redo"))
            action.setCheckable(spec.checkable)
            action.setToolTip(tip_of(spec, ""))
            if spec.icon:
                action.setIcon(icon(spec.icon, spec.tint))
            # A menu shows its own tick; the icon of a checked action is made for a filled button.
            action.setIconVisibleInMenu(not spec.checkable)
            window.addAction(action)
            self._by_name[spec.name] = action
        for signal in (
            store.phase_changed,
            store.services_changed,
            store.capabilities_changed,
            store.rig_changed,
            store.instruction_changed,
            store.observation_changed,
            store.looking_changed,
            store.plans_changed,
            store.candidates_changed,
            store.point_changed,
            store.auto_changed,
            store.episodes_changed,
            store.page_changed,
            store.motion_changed,
        ):
            signal.connect(self._state_changed)
        store.draft_changed.connect(self._look_at_draft)
        store.robot_changed.connect(self._look_for_arm)
        store.recording_changed.connect(self._look_for_recording)
        self.refresh()

    def _look_at_draft(self) -> None:
        """Ask the rules when they can say something else, not for each move of a dragged point."""
        draft = self._store.draft
        seen = None if draft is None else (len(draft), *draft[0])
        if seen != self._seen_draft:
            self._seen_draft = seen
            self._state_changed()

    def _look_for_arm(self) -> None:
        """Ask the rules when the arm comes or goes, not each time it moves."""
        if self._has_arm != (self._store.robot is not None):
            self._has_arm = self._store.robot is not None
            self._state_changed()

    def _look_for_recording(self) -> None:
        """Ask the rules when recording begins or ends, not each time the file grows."""
        if self._is_recorded != bool(self._store.recording.path):
            self._is_recorded = bool(self._store.recording.path)
            self._state_changed()

    @property
    def by_name(self) -> dict[str, QAction]:
        """QAction by name, as the state is now."""
        self.catch_up()
        return self._by_name

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def _state_changed(self, *_: object) -> None:
        self._soon.start()

    def catch_up(self) -> None:
        """Ask the rules now if the state has changed: a key or a click is about to come."""
        if self._soon.isActive():
            self.refresh()

    def hold(self, name: str, reason: str) -> None:
        """Hold an action back for a reason that no rule can see; an empty one lets it go."""
        self._held[name] = reason
        self._tell(_SPECS[name])

    def describe(self, name: str, tip: str) -> None:
        """Say in the tooltip what an action would do just now; empty for what it does always."""
        self._described[name] = tip
        self._tell(_SPECS[name])

    @Slot()
    def refresh(self, *_: object) -> None:
        """Ask the rules anew."""
        self._soon.stop()
        for spec in TABLE:
            self._tell(spec)
        self._by_name["auto"].setChecked(self._store.auto)

    def _tell(self, spec: ActionSpec) -> None:
        reason = self._reason(spec)
        told = (reason, self._described.get(spec.name, ""))
        if self._told.get(spec.name) != told:
            self._told[spec.name] = told
            action = self._by_name[spec.name]
            action.setEnabled(not reason)
            action.setToolTip(tip_of(spec, *told))

    def reason(self, name: str) -> str:
        """Say what holds an action back; nothing when it is possible."""
        return self._reason(_SPECS[name])

    def _reason(self, spec: ActionSpec) -> str:
        if reason := elsewhere(spec, self._store.page):
            return reason
        rule = spec.reason(self._store) if spec.reason is not None else ""
        return rule or self._held.get(spec.name, "")
