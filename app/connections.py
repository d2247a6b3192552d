"""Gathers what the ladder needs to know, and does what its buttons promise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from app.ladder import Facts, Mend, Rung, ladder
from app.store import Phase
from app.studio import PROGRAMS, Studio
from app.tokens import load_token, save_token

LOOK_MS = 500
LOG_NAME = "studio.log"


class Connections(QObject):
    """The four rungs of a studio, and their mends.

    Attributes:
        rungs: How everything stands now.
        age_ms: Says how old the newest picture is [ms]; None before the first.
    """

    changed = Signal()
    address_wanted = Signal(str)
    """A person wants to use another "policy" or "rig"; somebody has to ask where it is."""
    folder_wanted = Signal()

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._troubles: dict[str, str] = {}
        self.age_ms: Callable[[], float | None] = self._age
        self.rungs: tuple[Rung, ...] = ()
        self._listen()
        self._clock = QTimer(self, interval=LOOK_MS)
        self._clock.timeout.connect(self.look)
        self._clock.start()
        self.look()

    def _listen(self) -> None:
        studio, store = self._studio, self._studio.store
        if studio.services is not None:
            studio.services.failed.connect(self._note)
            studio.services.ready.connect(self._forget)
        studio.policy.lost.connect(self._policy_lost)
        studio.rig.lost.connect(self._rig_lost)
        studio.feed.connection_lost.connect(self._connection_lost)
        studio.rig.connected.connect(self._rig_connected)
        studio.policy.connected.connect(self._policy_connected)
        studio.recorder.failed.connect(self._recorder_failed)
        studio.preferences.changed.connect(self._setting_changed)
        for signal in (
            store.services_changed,
            store.capabilities_changed,
            store.rig_changed,
            store.phase_changed,
        ):
            signal.connect(self.look)

    def rung(self, name: str) -> Rung:
        """Return one rung by its name."""
        return next(rung for rung in self.rungs if rung.name == name)

    def shutdown(self) -> None:
        """Look no more."""
        self._clock.stop()

    @Slot()
    def look(self, *_: object) -> None:
        """See how everything stands."""
        rungs = ladder(self._facts())
        if rungs != self.rungs:
            self.rungs = rungs
            self.changed.emit()

    def _facts(self) -> Facts:
        studio, store = self._studio, self._studio.store
        if store.recording.path:
            self._troubles.pop("recorder", None)
        return Facts(
            services=store.services,
            troubles=self._troubles,
            elsewhere={name: url for name, (url, _) in studio.addresses.items()},
            owned=frozenset(studio.services.names if studio.services is not None else ()),
            capabilities=store.capabilities,
            rig=store.rig,
            robot=store.robot,
            phase=store.phase,
            frame_age_ms=self.age_ms(),
            recording=store.recording,
            record=studio.settings.record,
            folder=studio.settings.sessions,
        )

    def _age(self) -> float | None:
        feed = self._studio.feed
        ages = [age for name in feed.frames if (age := feed.age_ms(name)) is not None]
        return min(ages, default=None)

    # -- mends -------------------------------------------------------------------------------

    def reason(self, name: str, mend: Mend) -> str:
        """Say what holds a mend back; nothing when it is possible."""
        store = self._studio.store
        moving = store.phase == Phase.RUNNING or store.auto
        if moving and name == "rig" and mend in (Mend.RESTART, Mend.CONNECT, Mend.OWN):
            return "The arm is moving; stop it first (Esc)."
        return ""

    def mend(self, name: str, mend: Mend) -> None:
        """Do what a button of a rung promises."""
        studio = self._studio
        if reason := self.reason(name, mend):
            studio.notifier.warning(reason)
            return
        match mend:
            case Mend.RESTART:
                self._troubles.pop(name, None)
                studio.renew(name)
            case Mend.CANCEL if studio.services is not None:
                for program in PROGRAMS[name][:1]:
                    studio.services.stop(program)
            case Mend.CONNECT:
                self.address_wanted.emit(name)
            case Mend.OWN:
                studio.preferences.change(name, "")
            case Mend.RELEASE:
                studio.motion.release()
            case Mend.RECORD:
                self._troubles.pop("recorder", None)
                studio.preferences.change("record", True)
                studio.recorder.start()
            case Mend.FOLDER:
                self.folder_wanted.emit()
            case Mend.LOG:
                self.open_log()
        self.look()

    def connect_to(self, name: str, url: str, token: str, *, keep: bool) -> None:
        """Use the "policy" or "rig" at another address.

        Args:
            name: Which.
            url: Where.
            token: Its secret; empty for none.
            keep: Whether the secret is kept for the next start, readable by its owner only.
        """
        studio = self._studio
        self._troubles.pop(name, None)
        studio.connect_to(name, url, token or None)
        studio.preferences.change(name, url)
        if keep:
            studio.tasks.run(
                "Keeping the token",
                lambda work: save_token(name, token),
                lambda _: None,
                studio.notifier.warning,
                cancellable=False,
            )

    def use_folder(self, folder: str) -> None:
        """Keep session files in another folder, beginning with a new file if there is none now."""
        self._studio.preferences.change("sessions", folder)
        if not self._studio.recorder.running:
            self.mend("recorder", Mend.RECORD)

    def open_log(self) -> None:
        """Open the log file in the program that the desktop has for it, or say where it is."""
        path = self.log_path()
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self._studio.notifier.info(f"The log of all programs is in {path}.")

    def log_path(self) -> Path:
        """Return the file that all programs log to."""
        return (Path(self._studio.settings.sessions) / LOG_NAME).absolute()

    # -- what is heard -----------------------------------------------------------------------

    @Slot(str)
    def _setting_changed(self, name: str) -> None:
        studio = self._studio
        if name in PROGRAMS:
            url = getattr(studio.settings, name)
            if not url:
                studio.use_own(name)
            elif studio.addresses.get(name, ("", None))[0] != url:
                studio.tasks.run(
                    "Looking for the token",
                    lambda work: load_token(name),
                    lambda token: studio.connect_to(name, url, token),
                    studio.notifier.warning,
                )
        self.look()

    @Slot(str, str)
    def _note(self, name: str, sentence: str) -> None:
        self._troubles[name] = sentence
        self.look()

    @Slot(str, object)
    def _forget(self, name: str, _facts: object) -> None:
        self._troubles.pop(name, None)

    @Slot(str)
    def _policy_lost(self, sentence: str) -> None:
        self._note("policy", sentence)

    @Slot(str)
    def _rig_lost(self, sentence: str) -> None:
        self._note("rig", sentence)

    @Slot()
    def _connection_lost(self) -> None:
        self._note("rig", "The connection to the rig was lost; connect again.")

    @Slot(str)
    def _recorder_failed(self, sentence: str) -> None:
        self._note("recorder", sentence)

    @Slot(object)
    def _rig_connected(self, _client: object) -> None:
        self._forget("rig", None)

    @Slot(object)
    def _policy_connected(self, _capabilities: object) -> None:
        self._forget("policy", None)
