"""The window: header, workspace, status bar, toasts. Assembly only."""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import QEvent, QSettings, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QToolButton,
)

from app import theme
from app.actions import Actions, KeyGuard, SpaceHand
from app.arm.wiring import WATCHED, ArmWiring
from app.bars import fixed_bar
from app.boundary import Boundary
from app.connections import Connections
from app.connections_panel import Marks
from app.dialogs import Dialogs
from app.docks import Docks
from app.episode_words import status_text
from app.focus import only_by_tab, set_tab_order
from app.guide import Guide
from app.ladder import State
from app.loading import Loading
from app.menus import fill_menu_bar
from app.motion_info import arm_name
from app.pages import Pages
from app.placement import brought_back, is_reachable
from app.review.wiring import ReviewWiring
from app.status_bar import StatusBar
from app.steer.canvas import EMPTY
from app.steer.draw_slots import StepNames, draw_slots
from app.steer.robot_panel import arm_words
from app.steer.workspace import SteerWorkspace, badge
from app.store import BUSY, Page, Phase, PlanKind
from app.studio import Studio
from app.toasts import Toasts

TICK_MS = 250
NAME = "Steering Studio"
WORKSPACE = "steer"
"""Under this name the layout of the panels is remembered."""


class MainWindow(QMainWindow):
    """Puts the studio on the screen."""

    def __init__(self, studio: Studio, state: QSettings | None = None) -> None:
        """Build the window.

        Args:
            studio: What it shows.
            state: Where its place on the screen is kept; None keeps nothing.
        """
        super().__init__()
        self.studio = studio
        self._state = state
        self._thinking_since = 0.0
        self._seed = 0
        self.actions_table = Actions(studio.store, self)
        self.workspace = SteerWorkspace(studio, self.actions_table)
        self.status = StatusBar()
        self._badge = badge()
        self.connections = Connections(studio, self)
        self.marks = Marks(self.actions_table["connections"])
        self.pages = Pages(studio.store, self.actions_table, self)
        self.pages.add(Page.STEER, self.workspace, self.workspace.instruction)
        self.lookback = ReviewWiring(
            studio, self.actions_table, self.pages, self.workspace.instruction, self
        )
        self._build()
        self.docks = Docks(self, self.workspace.panels())
        self.pages.follow(self.docks)
        self.menus = fill_menu_bar(self.menuBar(), self.actions_table, self.docks.toggles())
        self.menuBar().setCornerWidget(self.pages.switch, Qt.Corner.TopRightCorner)
        top, foot = self._bars
        set_tab_order([top, self.workspace, *self.docks.by_name.values(), foot])
        self.dialogs = Dialogs(
            studio, self.connections, self, self.pages.stack, self.lookback.chosen
        )
        self.guide = Guide(studio, self, self.pages.stack, state)
        workspace = self.workspace
        self.arm = ArmWiring(studio, self.actions_table, workspace.robot, workspace.scene, self)
        self._loading = Loading(studio)
        self._connect_actions()
        self._wire()
        view = self.workspace.canvas.view
        think = self.actions_table["think"]
        hand = SpaceHand(view.viewport(), hold=view.set_hand, tap=think.trigger)
        self._guard = KeyGuard(
            self, hand, self.actions_table.catch_up, first=self.arm.takes, wanted=WATCHED
        )
        QApplication.instance().installEventFilter(self._guard)  # type: ignore[union-attr]
        self.toasts = Toasts(studio.notifier, self, self.docks.by_name["answer"], studio.tasks)
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self.setWindowTitle(NAME)
        self._show_rig()
        self._show_phase()
        self._restore()
        if self.guide.is_new_here:
            # Its place is known only when the window has been laid out.
            QTimer.singleShot(0, self.guide, self.guide.open)

    def _build(self) -> None:
        header = QHBoxLayout()
        header.setContentsMargins(8, 8, 8, 8)
        header.setSpacing(8)
        header.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        header.addWidget(self.pages.head, 1)
        header.addWidget(self.marks, 0, Qt.AlignmentFlag.AlignTop)
        for name in ("messages", "theme", "settings", "help"):
            button = QToolButton()
            button.setDefaultAction(self.actions_table[name])
            button.setMinimumSize(32, 32)
            button.setAccessibleName(self.actions_table[name].text())
            header.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self._badge.setMinimumHeight(32)
        top = fixed_bar(self, "header", header, Qt.ToolBarArea.TopToolBarArea)
        bottom = QHBoxLayout()
        bottom.setContentsMargins(8, 8, 8, 8)
        bottom.addWidget(self.workspace.robot, 1)
        foot = fixed_bar(self, "arm", bottom, Qt.ToolBarArea.BottomToolBarArea)
        self.setCentralWidget(Boundary(self.pages.stack))
        self.setStatusBar(self.status)
        self.setMinimumSize(1024, 640)
        self.resize(1440, 900)
        self.workspace.instruction.set_instruction(self.studio.settings.instruction)
        only_by_tab(self)
        self.workspace.canvas.view.setFocus()
        self._bars = top, foot

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the share of the docks and the frame around everything."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            # The docks have their new sizes only after this event.
            QTimer.singleShot(0, self.docks, self.docks.fit_width)
        self.dialogs.restyle()

    def _connect_actions(self) -> None:
        studio, stack = self.studio, self.studio.undo_stack
        slots = {
            "think": studio.controller.think,
            "steer": studio.controller.steer,
            "auto": studio.auto.toggle,
            "live": studio.controller.go_live,
            "keep": studio.compare.keep,
            "compare": studio.compare.compare,
            "edit_candidate": self._edit_candidate,
            "drop_candidate": studio.compare.drop,
            **{f"plan_{kind.number}": partial(self._choose_plan, kind) for kind in PlanKind},
            "fit": self.workspace.canvas.view.fit,
            "run": studio.motion.run,
            "allow": studio.controller.allow,
            "stop": self._stop,
            "escape": self._escape,
            "release": studio.motion.release,
            "home": studio.motion.home,
            "reset": self._new_scene,
            "instruction": self._go_to_instruction,
            "episode_start": studio.episodes.start,
            "episode_success": studio.episodes.succeed,
            "episode_failure": studio.episodes.fail,
            "episode_discard": studio.episodes.discard,
            "episode_forward": studio.episodes.forward,
            "episode_back": studio.episodes.back,
            "episode_note": self._write_a_note,
            "episode_reset": studio.episodes.reset,
            "theme": self._change_theme,
            "messages": self.dialogs.show_history,
            "connections": self.dialogs.toggle_connections,
            "settings": self.dialogs.show_settings,
            "study": self.dialogs.open_study,
            "export": self.dialogs.show_export,
            "restart": studio.restart,
            "help": self.dialogs.show_help,
            "first_steps": self.guide.open,
            "log_file": self.connections.open_log,
            "fullscreen": self._full_screen,
            "reset_layout": self.docks.reset,
            "quit": self.close,
            "undo": self._undo,
            "redo": self._redo,
            **self.arm.slots(),
            **self.lookback.slots(),
            **self.workspace.scene.slots(),
            **draw_slots(self.workspace.canvas),
        }
        for name, slot in slots.items():
            self.actions_table[name].triggered.connect(slot)
        StepNames(self.actions_table, stack)
        stack.canUndoChanged.connect(self._hold_steps)
        stack.canRedoChanged.connect(self._hold_steps)
        self._hold_steps()
        self.actions_table["auto"].triggered.connect(self.actions_table.refresh)

    def _wire(self) -> None:
        store = self.studio.store
        self.studio.episodes.scene_wanted.connect(self._new_scene)
        store.page_changed.connect(self.guide.page.hide)
        store.phase_changed.connect(self._show_phase)
        store.rig_changed.connect(self._show_rig)
        store.auto_changed.connect(self._show_phase)
        store.plans_changed.connect(self._show_timings)
        self.connections.changed.connect(self._show_rungs)
        self.studio.preferences.changed.connect(self._apply)
        for name in ("hints", "line_width", "snap"):
            self._apply(name)
        self._show_rungs()

    def _choose_plan(self, kind: PlanKind, *_: object) -> None:
        self.studio.controller.select_plan(kind)

    def _edit_candidate(self) -> None:
        self.workspace.edit_candidate()

    def _stop(self) -> None:
        self.studio.motion.stop("operator (button)")

    def _escape(self) -> None:
        store = self.studio.store
        if self.arm.stop_key():
            return
        if (
            self.workspace.instruction.close_sheet()
            or self.workspace.scene.files.close_dialog()
            or self.dialogs.close_top()
            or self.arm.close_top()
            or self.workspace.canvas.tool.cancel()
            or self.studio.controller.cancel()
            or self.workspace.sight.close()
            or self.lookback.escape()
        ):
            return
        elif self.workspace.instruction.line.hasFocus():
            self.workspace.canvas.view.setFocus()
        elif self.guide.page.isVisible():
            self.guide.page.leave()
        elif store.looking:
            store.look_through("")
        elif self.actions_table["live"].isEnabled():
            self.studio.controller.go_live()

    def _undo(self) -> None:
        self._step_back(undo=True)

    def _redo(self) -> None:
        self._step_back(undo=False)

    def _step_back(self, *, undo: bool) -> None:
        if self.workspace.canvas.tool.drop():  # what the hand is about to do is taken back first
            return
        reason = self.studio.controller.begin_drawing()
        if reason:
            self.studio.notifier.warning(reason)
            return
        before, stack = self.studio.store.draft, self.studio.undo_stack
        (stack.undo if undo else stack.redo)()
        operation = "undo" if undo else "redo"
        self.studio.controller.log_edit(before, self.studio.store.draft, operation)

    def _new_scene(self) -> None:
        self._seed += 1
        self.studio.motion.reset_lab(self._seed)

    def _write_a_note(self) -> None:
        self.docks.show("episode")
        self.workspace.episodes.panel.write_a_note()

    def _go_to_instruction(self) -> None:
        self.workspace.instruction.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.workspace.instruction.line.selectAll()

    def _change_theme(self) -> None:
        name = "light" if theme.tokens().name == "dark" else "dark"
        self.studio.preferences.change("theme", name)

    @Slot(str)
    def _apply(self, name: str) -> None:
        """Let a setting hold that the window is responsible for."""
        settings, app = self.studio.settings, QApplication.instance()
        if name in ("theme", "font_scale"):
            theme.apply_theme(app, settings.theme, scale=settings.font_scale / 100)  # type: ignore[arg-type]
            self.dialogs.restyle()
        elif name == "line_width":
            theme.theme().set_line_scale(settings.line_width / 100)
            self.workspace.canvas.view.scene().update()
        elif name == "hints":
            self.workspace.canvas.set_hints(settings.hints)
        elif name == "snap" and self.actions_table["snap"].isChecked() != settings.snap:
            self.actions_table["snap"].trigger()

    @Slot()
    def _hold_steps(self, *_: object) -> None:
        stack = self.studio.undo_stack
        self.actions_table.hold("undo", "" if stack.canUndo() else "There is nothing to undo.")
        self.actions_table.hold("redo", "" if stack.canRedo() else "There is nothing to redo.")

    def _full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def changeEvent(self, event: QEvent) -> None:
        """Tick off full screen, however it was entered or left."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.actions_table["fullscreen"].setChecked(self.isFullScreen())

    @Slot()
    def _show_rig(self) -> None:
        rig = self.studio.store.rig
        real = rig is not None and rig.kind != "lab"
        words = "NO RIG" if rig is None else arm_name(rig.kind, rig.host)
        # in two lines it is said in full in a narrow window too
        self._badge.setText("\n".join(words.rsplit(" ", 1)) if rig is not None else words)
        role = "badge" if rig is None else "badge-fault" if real else "badge-ok"
        theme.set_role(self._badge, role)
        self._badge.setToolTip("" if rig is None else f"Arm at {rig.host}")

    @Slot()
    def _show_rungs(self) -> None:
        rungs = self.connections.rungs
        self.marks.set_rungs(rungs)
        missing = [rung for rung in rungs[:2] if rung.state != State.GOOD]
        if any(rung.state == State.BAD for rung in missing):
            names = " and ".join(rung.title.lower() for rung in missing if rung.state == State.BAD)
            words = f"No {names}. Ctrl+K says why and mends it."
        else:
            words = " ".join(f"{rung.title}: {rung.words}" for rung in missing)
        self.workspace.canvas.view.set_message(words or EMPTY)

    @Slot()
    def _show_phase(self, *_: object) -> None:
        store = self.studio.store
        words = f"auto {store.cycle} · {store.phase}" if store.auto else str(store.phase)
        fault = store.phase in (Phase.STOPPED, Phase.FAULT)
        busy = store.phase in BUSY or store.phase == Phase.RUNNING
        self.status.set_phase(words, busy=busy, fault=fault)
        if store.phase in BUSY:
            self._thinking_since = time.monotonic()
        self.status.write()

    @Slot()
    def _show_timings(self) -> None:
        plan = self.studio.store.plan
        if plan is not None:
            self.status.set_timings(plan.reasoning.timings)

    def _tick(self) -> None:
        store, feed = self.studio.store, self.studio.feed
        camera = self.workspace.canvas.camera
        self.status.set_frames(feed.age_ms(camera), feed.fps(camera))
        words, role = arm_words(store.motion, store.robot)
        self.status.set_robot(words.lower(), fault=role == "fault")
        if store.phase in BUSY:
            self.status.set_thinking(time.monotonic() - self._thinking_since)
        self.status.set_episode(status_text(store.episodes, time.monotonic_ns()))
        recording = store.recording
        if recording.path:
            seconds = (time.monotonic_ns() - recording.since_ns) / 1e9
            self.status.set_recording(seconds, recording.size, recording.dropped, recording.room_s)
        else:
            self.status.set_recording(None)

    def _restore(self) -> None:
        if self._state is None:
            return
        geometry = self._state.value("geometry")
        if geometry is not None:
            self.restoreGeometry(geometry)
        screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
        if not is_reachable(self.frameGeometry(), screens):
            self.setGeometry(brought_back(self.frameGeometry(), screens))
        self.docks.restore(self._state, WORKSPACE)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave in order; the window is gone from the screen at once."""
        self.pages.leave()
        if self._state is not None:
            self._state.setValue("geometry", self.saveGeometry())
            self.docks.save(self._state, WORKSPACE)
        self.hide()
        self._clock.stop()
        QApplication.instance().removeEventFilter(self._guard)  # type: ignore[union-attr]
        self.arm.shutdown()
        self.connections.shutdown()
        self.lookback.shutdown()
        self.workspace.shutdown()
        self.studio.shutdown()
        event.accept()
