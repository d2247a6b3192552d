"""The dialogs of the window: made when they are first wanted, and which one Esc closes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QWidget

from app.connect_dialog import ConnectDialog
from app.connections import Connections
from app.connections_panel import ConnectionsCard
from app.export_dialog import ExportDialog
from app.file_dialog import Ask, ask_file, close_front
from app.help_sheet import HelpSheet
from app.history import HistoryDialog
from app.settings_dialog import SettingsDialog, check_folder
from app.studio import Studio
from app.study.open_dialog import StudyDialog
from core.export.request import Chosen


class Dialogs(QObject):
    """Opens what lies over the window; nothing of it is modal, so that Esc always stops the arm.

    Attributes:
        card: The card of the connections.
        history: The list of messages, once it was opened; likewise ``help`` and ``settings``.
    """

    def __init__(
        self,
        studio: Studio,
        connections: Connections,
        window: QMainWindow,
        centre: QWidget,
        chosen: Callable[[], Sequence[Chosen]],
    ) -> None:
        """Open nothing yet.

        Args:
            studio: What stands behind the window.
            connections: How everything stands.
            window: What the dialogs lie over.
            centre: Its middle, below whose upper edge the card of the connections opens.
            chosen: Returns what an export is about, if something is chosen.
        """
        super().__init__(window)
        self._chosen = chosen
        self._studio, self._connections = studio, connections
        self._window, self._centre = window, centre
        self.history: HistoryDialog | None = None
        self.help: HelpSheet | None = None
        self.settings: SettingsDialog | None = None
        self.export: ExportDialog | None = None
        self.connect_dialog: ConnectDialog | None = None
        self.study: StudyDialog | None = None
        self.card = ConnectionsCard(window)
        self.card.mended.connect(connections.mend)
        connections.changed.connect(self._show_rungs)
        connections.address_wanted.connect(self.ask_address)
        connections.folder_wanted.connect(self.ask_folder)
        self._show_rungs()

    @Slot()
    def _show_rungs(self) -> None:
        self.card.set_rungs(self._connections.rungs)

    def show_history(self) -> None:
        """Show everything that was said."""
        if self.history is None:
            self.history = HistoryDialog(self._studio.notifier, self._window)
        _raise(self.history)

    def show_help(self) -> None:
        """Show all keys and gestures."""
        if self.help is None:
            self.help = HelpSheet(self._window)
        _raise(self.help)

    def show_settings(self) -> None:
        """Show the settings."""
        studio = self._studio
        if self.settings is None:
            self.settings = SettingsDialog(
                studio.preferences, studio.tasks, studio.notifier, self._window
            )
        _raise(self.settings)

    @Slot()
    def show_export(self) -> None:
        """Show what recorded sessions can become: what is chosen in Review, else the newest."""
        if self.export is None:
            self.export = ExportDialog(self._studio.tasks, self._window)
        _raise(self.export)
        if chosen := self._chosen():
            self.export.offer(chosen)
        else:
            self.export.look_into(self._studio.settings.sessions)

    def toggle_connections(self) -> None:
        """Show how everything stands, or hide it again."""
        if self.card.isVisible():
            self.card.hide()
        else:
            self.card.open_below(self._centre.geometry().top() + 8)

    @Slot(str)
    def ask_address(self, name: str) -> None:
        """Ask where another policy server or rig is."""
        address = self._studio.addresses.get(name, ("", None))[0]
        dialog = self.connect_dialog = ConnectDialog(name, address, self._window)
        dialog.wanted.connect(self._connect)
        _raise(dialog)

    @Slot(str, str, str, bool)
    def _connect(self, name: str, url: str, token: str, keep: bool) -> None:
        self._connections.connect_to(name, url, token, keep=keep)

    @Slot()
    def ask_folder(self) -> None:
        """Ask where session files go, and see whether that works before it is believed."""
        start = self._studio.settings.sessions
        ask_file(self._window, "Folder for session files", start, Ask.FOLDER, self._use_folder)

    @Slot(list)
    def _use_folder(self, chosen: list[str]) -> None:
        studio, folder = self._studio, chosen[0]
        studio.tasks.run(
            "Looking at the folder",
            lambda work: check_folder(folder, work),
            lambda _: self._connections.use_folder(folder),
            studio.notifier.error,
        )

    def open_study(self) -> None:
        """Ask for a study file and carry it out in a program of its own."""
        self.study = StudyDialog(self._studio.notifier, self._window)
        _raise(self.study)

    def close_top(self) -> bool:
        """Close what was opened over the window; false when there is nothing."""
        if (front := QApplication.activeWindow()) is not None and close_front(front):
            return True
        for widget in (
            self.study,
            self.connect_dialog,
            self.settings,
            self.export,
            self.help,
            self.history,
            self.card,
        ):
            if widget is not None and widget.isVisible():
                widget.hide()
                return True
        return False

    def restyle(self) -> None:
        """Take the new sizes of the letters into account."""
        if self.card.isVisible():
            self.card.fit()


def _raise(dialog: QDialog) -> None:
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
