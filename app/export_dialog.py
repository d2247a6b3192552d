"""Turns recorded sessions into something else: which, into what, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QStandardItemModel
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app import export_job, theme
from app.export_job import NAMES, WORDS, Offer
from app.file_dialog import Ask, ask_file
from app.task import Task, Tasks
from app.toasts import wrapped
from core.export.request import Chosen, ExportRequest, ExportResult, Format, Keep

_MARGIN, _GAP = 24, 12
_CHECKED, _UNCHECKED = Qt.CheckState.Checked, Qt.CheckState.Unchecked


class ExportDialog(QDialog):
    """Asks, shows how far it is, and says where the result lies; it does not block the window."""

    def __init__(self, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(parent)
        self._tasks, self._task = tasks, None
        self._result: ExportResult | None = None
        self._folder = ""
        self.setWindowTitle("Export sessions")
        self.resize(560, 600)
        self.sessions = QListWidget()
        self.sessions.setAccessibleName("Sessions")
        self.sessions.setSpacing(4)
        self.sessions.itemChanged.connect(self._changed)
        self.add = QPushButton("Add files…")
        self.add.clicked.connect(self._add_files)
        self.format = QComboBox()
        self.format.setAccessibleName("Format")
        self._fill_formats()
        self.format.currentIndexChanged.connect(self._format_chosen)
        self._words = wrapped(self)
        theme.set_role(self._words, "caption")
        self.discarded = QCheckBox("Also episodes that were discarded")
        self.cut = QCheckBox("Leave out the time in which the arm waited for a plan")
        self.private = QCheckBox("Keep names, notes and folders")
        self.private.setToolTip("They are removed unless you need them; instructions always stay.")
        self.place = QLineEdit()
        self.place.setAccessibleName("Folder of the result")
        self.place.textEdited.connect(self._place_typed)
        self.browse = QPushButton("Choose…")
        self.browse.clicked.connect(self._choose_place)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Progress")
        self.bar.setTextVisible(False)
        self.said = wrapped(self)
        self.go = QPushButton("Export")
        theme.set_role(self.go, "primary")
        self.go.clicked.connect(self._start)
        self.leave = QPushButton("Close")
        self.leave.clicked.connect(self._leave)
        self.show_result = QPushButton("Open folder")
        self.show_result.clicked.connect(self._open)
        for button in (self.add, self.browse, self.leave, self.show_result):
            button.setAutoDefault(False)
        self._own_place = False
        self._lay_out()
        self.sessions.setFocus()
        self._changed()
        self._show_task()

    def look_into(self, folder: str) -> None:
        """Offer the sessions of a folder; the newest one is chosen."""
        if self._task is not None:
            return
        self._folder = folder
        self._tasks.run(
            "Looking for sessions",
            lambda work: export_job.offers_in(folder, work),
            self._list,
            self._say_fault,
        )

    def offer(self, chosen: Sequence[Chosen]) -> None:
        """Offer sessions and episodes that were chosen elsewhere; all of them are chosen."""
        if self._task is None:
            offers = [export_job.offer(item) for item in chosen]
            self._folder = str(chosen[0].path.parent) if chosen else self._folder
            self._list(offers, all_of_them=True)

    @property
    def chosen(self) -> tuple[Chosen, ...]:
        """What is ticked."""
        rows = (self.sessions.item(row) for row in range(self.sessions.count()))
        return tuple(
            item.data(Qt.ItemDataRole.UserRole) for item in rows if item.checkState() == _CHECKED
        )

    @property
    def kind(self) -> Format:
        """The format that is chosen."""
        return Format(self.format.currentData())

    def request(self) -> ExportRequest:
        """Return what is asked for."""
        keep = self.private.isChecked()
        return ExportRequest(
            chosen=self.chosen,
            format=self.kind,
            out=Path(self.place.text()).expanduser(),
            keep=Keep(names=keep, notes=keep, paths=keep),
            discarded=self.discarded.isChecked(),
            cut_pauses=self.cut.isChecked(),
        )

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(QLabel("Sessions"), 1)
        top.addWidget(self.add)
        where = QHBoxLayout()
        where.addWidget(self.place, 1)
        where.addWidget(self.browse)
        form = QFormLayout()
        form.setSpacing(8)
        kind = QVBoxLayout()
        kind.setSpacing(4)
        kind.addWidget(self.format)
        kind.addWidget(self._words)
        form.addRow("Format", kind)
        for box in (self.discarded, self.cut, self.private):
            form.addRow("", box)
        form.addRow("Folder", where)
        foot = QHBoxLayout()
        foot.addWidget(self.show_result)
        foot.addStretch(1)
        foot.addWidget(self.leave)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 16, _MARGIN, 16)
        column.setSpacing(_GAP)
        column.addLayout(top)
        column.addWidget(self.sessions, 1)
        column.addLayout(form)
        column.addWidget(self.bar)
        column.addWidget(self.said)
        column.addLayout(foot)

    def _fill_formats(self) -> None:
        for kind, name in NAMES.items():
            self.format.addItem(name, str(kind))
            if reason := export_job.held_back(kind):
                row = self.format.count() - 1
                model = self.format.model()
                assert isinstance(model, QStandardItemModel)
                model.item(row).setEnabled(False)
                model.item(row).setToolTip(reason)

    def _list(self, offers: list[Offer], all_of_them: bool = False) -> None:
        self.sessions.clear()
        for number, offer in enumerate(offers):
            self._put(offer, ticked=all_of_them or number == 0)
        self._changed()

    def _put(self, offer: Offer, *, ticked: bool) -> None:
        item = QListWidgetItem(offer.words)
        item.setData(Qt.ItemDataRole.UserRole, offer.chosen)
        item.setCheckState(_CHECKED if ticked else _UNCHECKED)
        item.setToolTip(str(offer.chosen.path))
        self.sessions.addItem(item)

    @Slot()
    def _add_files(self) -> None:
        kinds = "Sessions (*.mcap *.mcap.part)"
        ask_file(self, "Sessions to export", self._folder, Ask.OPEN_SEVERAL, self._put_files, kinds)

    @Slot(list)
    def _put_files(self, names: list[str]) -> None:
        for name in names:
            self._put(export_job.offer(Chosen(path=Path(name))), ticked=True)
        self._changed()

    @Slot()
    def _choose_place(self) -> None:
        start = str(Path(self.place.text()).parent)
        ask_file(self, "Where the folder of the result goes", start, Ask.FOLDER, self._put_place)

    @Slot(list)
    def _put_place(self, folders: list[str]) -> None:
        self._own_place = True
        name = export_job.folder_name(self.chosen, self.kind)
        self.place.setText(str(Path(folders[0]) / name))

    @Slot()
    def _place_typed(self) -> None:
        self._own_place = True

    @Slot()
    def _format_chosen(self) -> None:
        # how fast a policy thinks must not show in a blind pair, unless a person wants that
        self.cut.setChecked(self.kind is Format.BLIND)
        self._changed()

    @Slot()
    def _changed(self) -> None:
        """Follow the choice: what the format is, where the result goes, what is still missing."""
        self._words.setText(WORDS[self.kind])
        film = self.kind in (Format.MP4, Format.BLIND)
        self.cut.setEnabled(film)
        if not self._own_place and self._folder:
            name = export_job.folder_name(self.chosen, self.kind)
            self.place.setText(str(Path(self._folder) / "exports" / name))
        missing = ""
        if not self.sessions.count():
            missing = "There is no session here yet. Record one, or add files."
        elif not self.chosen:
            missing = "Tick at least one session."
        if self._task is None:
            self.go.setEnabled(not missing)
            self.go.setToolTip(missing)
            self._say(missing, "caption")

    @Slot()
    def _start(self) -> None:
        request = self.request()
        self._result = None
        task = self._tasks.run(
            f"Exporting: {NAMES[self.kind]}",
            lambda work: export_job.carry_out(request, work),
            self._done,
            self._failed,
        )
        self._task = task
        task.changed.connect(self._show_task)
        task.ended.connect(self._ended)
        self._say("", "caption")
        self._show_task()

    @Slot()
    def _leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:
            self.close()

    @Slot()
    def _ended(self) -> None:
        """It is over; the result or the fault comes right behind this, unless it was given up."""
        self._task = None
        self._show_task()
        self._say(
            "Given up. Exporting to the same folder goes on with what is finished.", "caption"
        )

    def _done(self, result: ExportResult) -> None:
        self._result = result
        self._show_task()
        self._say(export_job.outcome(result), "caption")

    def _failed(self, sentence: str) -> None:
        self._show_task()
        self._say_fault(sentence)

    def _say_fault(self, sentence: str) -> None:
        self._say(sentence, "fault")

    def _say(self, words: str, role: str) -> None:
        theme.set_role(self.said, role)
        self.said.setText(words)
        self.said.setVisible(bool(words))

    @Slot()
    def _show_task(self) -> None:
        task: Task | None = self._task
        busy = task is not None
        self.bar.setVisible(busy)
        self.leave.setText("Cancel" if busy else "Close")
        self.show_result.setVisible(self._result is not None and not busy)
        for widget in (self.sessions, self.add, self.format, self.place, self.browse, self.go):
            widget.setEnabled(not busy)
        for box in (self.discarded, self.private):
            box.setEnabled(not busy)
        self.cut.setEnabled(not busy and self.kind in (Format.MP4, Format.BLIND))
        self.bar.setRange(0, 0 if task is not None and task.fraction is None else 1000)
        if task is not None:
            self.bar.setValue(round(1000 * (task.fraction or 0.0)))
            if task.words:
                self._say(f"{task.words} …", "caption")

    @Slot()
    def _open(self) -> None:
        if self._result is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._result.folder)))
