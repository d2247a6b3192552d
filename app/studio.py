"""The studio without its window: state, links, controller, services, and the order of leaving."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QUndoStack

from app.arming import Arming
from app.auto import AutoMode
from app.compare import Compare
from app.controller import Controller
from app.episodes import EpisodeKeeper
from app.instructions import Instructions
from app.live import LiveFeed
from app.motion import Motion
from app.motion_info import MotionInfo
from app.notify import Notifier
from app.policy_link import PolicyLink
from app.preferences import Preferences
from app.pulse import Pulse
from app.recording import Recorder
from app.services import Services
from app.session_log import SessionLog
from app.settings import Settings, settings_folder
from app.store import Phase, RigInfo, Store
from app.task import Tasks
from app.watch import Watch
from app.watchdogs import Watchdogs
from app.workers import RigLink

logger = logging.getLogger(__name__)

PROGRAMS = {"policy": ("policy",), "rig": ("lab", "rig")}
"""The programs that make a service when it runs here, in starting order."""

SAFETY = ("study_mode", "clamp", "stop_unfocused", "answer_seconds")
"""Settings that say when the arm may move and when it stops."""

ClientFactory = Callable[[str, str | None], Any]
"""Gets address and token and returns a client."""


class Studio(QObject):
    """Owns everything but the widgets.

    Attributes:
        store: State of the window.
        controller: Asking and drawing.
        compare: Candidates, and asking for several plans.
        motion: Running and stopping.
        arming: What is armed, and whether something is held.
        pulse: The window's heartbeat to the rig.
        watchdogs: What must not go missing while the arm may move.
        instructions: Earlier instructions, templates and changes of mind.
        episodes: Attempts at a task.
        auto: The automatic mode.
        tasks: Long work with progress.
        preferences: The settings and what changes them.
        addresses: Services that run elsewhere: (address, token) by "policy" and "rig".
    """

    def __init__(
        self,
        *,
        settings: Settings,
        saved: Settings | None = None,
        make_policy: ClientFactory,
        make_rig: ClientFactory,
        make_recorder: Callable[[], Any] | None = None,
        services: Services | None = None,
        addresses: dict[str, tuple[str, str | None]] | None = None,
    ) -> None:
        """Build everything; :meth:`start` begins.

        Args:
            settings: Preferences.
            saved: What the settings file says, if the command line says something else.
            make_policy: Makes a connected policy client; called in its thread.
            make_rig: Makes a rig client that is not connected yet; called in its thread.
            make_recorder: Starts a recorder client; None records nothing.
            services: Child processes to start, or None for none.
            addresses: Services that run elsewhere: (address, token) by "policy" and "rig".
        """
        super().__init__()
        self.tasks = Tasks(self)
        self.preferences = Preferences(settings, self.tasks, saved=saved, parent=self)
        self.store = Store(self)
        self.notifier = Notifier(self)
        self.undo_stack = QUndoStack(self)
        self.log = SessionLog()
        self.feed = LiveFeed(self)
        self.policy = PolicyLink(make_policy, self)
        self.rig = RigLink(make_rig, self)
        self.recorder = Recorder(make_recorder, self.store, self.log, self)
        self.services = services
        self.addresses = addresses or {}
        self._leave_out()
        parts: dict[str, Any] = {"store": self.store, "notifier": self.notifier, "log": self.log}
        self.watch = Watch(self)
        self.controller = Controller(
            policy=self.policy,
            rig=self.rig,
            feed=self.feed,
            watch=self.watch,
            parent=self,
            **parts,
        )
        self.compare = Compare(controller=self.controller, parent=self, **parts)
        self.motion = Motion(rig=self.rig, parent=self, **parts)
        self.arming = Arming(motion=self.motion, rig=self.rig, parent=self, **parts)
        self.auto = AutoMode(
            controller=self.controller,
            motion=self.motion,
            arming=self.arming,
            rig=self.rig,
            feed=self.feed,
            max_cycles=settings.max_cycles,
            parent=self,
            **parts,
        )
        self.pulse = Pulse(
            store=self.store,
            rig=self.rig,
            motion=self.motion,
            arming=self.arming,
            auto=self.auto,
            parent=self,
        )
        self.watchdogs = Watchdogs(
            controller=self.controller,
            motion=self.motion,
            recorder=self.recorder,
            policy_alive=lambda policy=self.policy: policy.alive,
            parent=self,
            **parts,
        )
        self.instructions = Instructions(
            rig=self.rig, folder=settings_folder(), parent=self, **parts
        )
        self.episodes = EpisodeKeeper(rig=self.rig, motion=self.motion, parent=self, **parts)
        self._announced = False
        self._left = False
        for name in SAFETY:
            self._setting_changed(name)
        self._wire()

    @property
    def settings(self) -> Settings:
        """The settings that hold now."""
        return self.preferences.settings

    def _wire(self) -> None:
        self.preferences.save_failed.connect(self.notifier.warning)
        self.preferences.changed.connect(self._setting_changed)
        self.motion.stopping.connect(self._cancel_request)
        self.controller.draft_replaced.connect(self.undo_stack.clear)
        self.motion.scene_changed.connect(self.undo_stack.clear)
        self.motion.scene_changed.connect(self.compare.clear)
        self.motion.scene_changed.connect(self.watch.forget)
        self.motion.scene_changed.connect(self.instructions.look_at_table)
        self.policy.connected.connect(self.watch.forget)
        self.rig.connected.connect(self.watch.forget)
        self.feed.frame_arrived.connect(self.log.frame)
        self.feed.state_arrived.connect(self._take_state)
        self.feed.event_arrived.connect(self.watch.take_event)
        self.feed.event_arrived.connect(self.motion.take_event)
        self.feed.connection_lost.connect(self._connection_lost)
        self.rig.connected.connect(self._rig_connected)
        self.rig.lost.connect(self._rig_lost)
        self.policy.connected.connect(self._look_ready)
        self.recorder.failed.connect(self.notifier.error)
        if self.services is not None:
            self.services.progress.connect(self.store.set_service)
            self.services.ready.connect(self._service_ready)
            self.services.failed.connect(self._service_failed)

    def start(self) -> None:
        """Start the services, connect to those that run already, and record from now on."""
        for problem in (*self.instructions.problems, *self.episodes.problems):
            self.notifier.warning(problem)
        if self.settings.record:
            self.recorder.start()
        for name, (url, token) in self.addresses.items():
            self._open(name, url, token)
        if self.services is not None:
            self.services.start()

    def restart(self, *_: object) -> None:
        """Start what has died again, and connect anew to what is not connected."""
        if self.settings.record:
            self.recorder.start()
        for name, (url, token) in self.addresses.items():
            if self.store.services.get(name):
                self._open(name, url, token)
        if self.services is not None:
            self.services.restart()

    def renew(self, name: str) -> None:
        """Start "policy" or "rig" again, or connect to it anew, even if it seems to be well."""
        self._let_go(name)
        if name in self.addresses:
            self._open(name, *self.addresses[name])
        elif self.services is not None:
            self.services.restart(name)

    def connect_to(self, name: str, url: str, token: str | None) -> None:
        """Use the "policy" or "rig" at another address, instead of the one that runs here."""
        self._let_go(name)
        self.addresses[name] = (url, token)
        self._leave_out()
        if self.services is not None and PROGRAMS[name][0] in self.services.names:
            self.services.stop(PROGRAMS[name][0])
        self._open(name, url, token)

    def use_own(self, name: str) -> None:
        """Use the "policy" or "rig" that this studio starts itself."""
        self._let_go(name)
        self.addresses.pop(name, None)
        self._leave_out()
        if self.services is not None:
            self.services.restart(PROGRAMS[name][0])

    def _let_go(self, name: str) -> None:
        """Forget a connection that is about to be replaced."""
        if name == "policy":
            self.controller.policy_died("The connection to the policy was replaced.")
        elif self.store.rig is not None:
            self._drop_rig()

    def space_changed(self, low: list[float], high: list[float]) -> None:
        """The rig judges by another box from now on; what it said of plans before is void.

        Args:
            low: Smallest x, y, z [m].
            high: Largest x, y, z [m].
        """
        if self.store.rig is not None:
            self.store.set_rig(replace(self.store.rig, workspace=(low, high)))
        self.controller.preview_again()

    def _leave_out(self) -> None:
        if self.services is not None:
            names = (program for name in self.addresses for program in PROGRAMS[name])
            self.services.unused = frozenset(names)

    @Slot(str)
    def _setting_changed(self, name: str) -> None:
        if name == "max_cycles":
            self.auto.max_cycles = self.settings.max_cycles
        elif name in SAFETY:
            self.store.study_mode = self.settings.study_mode
            self.store.clamp = self.settings.clamp
            self.pulse.in_the_lab = self.settings.stop_unfocused
            self.watchdogs.answer_s = self.settings.answer_seconds
            self.store.motion_changed.emit()
            if name == "clamp":
                self.arming.disarm("what happens at the limits is another choice")
                self.controller.preview_again()
        elif name == "record" and self.settings.record:
            self.recorder.start()
        elif name == "record" and (client := self.recorder.stop()) is not None:
            self.tasks.run(
                "Finishing the session file",
                lambda work: client.close(),
                lambda status: self.notifier.info(f"The session is kept in {status.path}."),
                self.notifier.error,
                cancellable=False,
            )

    def _open(self, name: str, url: str, token: str | None) -> None:
        self.store.set_service(name, "connecting")
        link = self.policy if name == "policy" else self.rig
        link.open(url, token)

    @Slot(str, object)
    def _service_ready(self, name: str, facts: dict[str, Any]) -> None:
        if name in ("policy", "rig"):
            self._open(name, str(facts["ready"]), facts.get("token"))

    @Slot(str, str)
    def _service_failed(self, name: str, sentence: str) -> None:
        self.store.set_service(name, "failed")
        self.log.fault(sentence, name)
        self.notifier.error(sentence)
        if name in ("rig", "lab"):
            self._drop_rig()
        elif name == "policy":
            self.controller.policy_died(sentence)

    @Slot(object)
    def _rig_connected(self, client: Any) -> None:
        cameras = dict(client.cameras)
        self.store.set_rig(
            RigInfo(kind=client.kind, host=client.host, cameras=cameras, workspace=client.workspace)
        )
        self.store.set_service("rig", "")
        if self.store.phase == Phase.FAULT:
            self.store.set_phase(Phase.READY)
        self.motion.meet(client)
        if client.stopped_by:
            self.store.set_phase(Phase.STOPPED)
        self.feed.attach(client)
        self.instructions.look_at_table()
        self._look_ready()

    @Slot(str)
    def _rig_lost(self, sentence: str) -> None:
        self.store.set_service("rig", "not connected")
        self.log.fault(sentence, "rig")
        self.notifier.error(sentence)
        self._drop_rig()

    @Slot()
    def _connection_lost(self) -> None:
        self.store.set_service("rig", "not connected")
        self._drop_rig()

    def _drop_rig(self) -> None:
        if self.store.rig is None and self.store.phase != Phase.STARTING:
            return
        self.feed.attach(None)
        self.rig.drop()
        self.auto.finish("the rig is gone")
        self.controller.cancel()
        self.store.set_robot(None)
        self.store.motion = MotionInfo()
        self.store.motion_changed.emit()
        self.store.set_rig(None)
        self.store.pin(None)
        self.store.set_phase(Phase.FAULT)

    @Slot(object)
    def _take_state(self, state: Any) -> None:
        self.log.state(state)
        self.store.set_robot(state)

    @Slot()
    def _look_ready(self, *_: object) -> None:
        if self.store.rig is None or self.store.capabilities is None:
            return
        if self.store.phase == Phase.STARTING:
            self.store.set_phase(Phase.READY)
        if not self._announced:
            self._announced = True
            self.log.started(self.store.capabilities, self.store.rig, asdict(self.settings))

    @Slot(str)
    def _cancel_request(self, _by: str) -> None:
        self.controller.cancel()

    def shutdown(self) -> None:
        """Leave in order: stop the robot, cancel the request, policy, rig, log, services."""
        if self._left:
            return
        self._left = True
        # Steps that are left to the garbage collector can be freed after what owns them.
        self.undo_stack.clear()
        if self.store.phase == Phase.RUNNING or self.store.auto:
            self.motion.stop("studio is closing")
        self.pulse.shutdown()
        self.feed.attach(None)
        self.instructions.shutdown()
        self.episodes.shutdown()
        self.policy.shutdown()
        self.rig.shutdown()
        self.recorder.shutdown()
        self.tasks.shutdown()
        self.preferences.flush()
        if self.services is not None:
            self.services.shutdown()
        # One that still runs when the collector takes this, in whatever thread, ends the program.
        for timer in self.findChildren(QTimer):
            timer.stop()
