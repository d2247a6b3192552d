"""The episodes of the session with their notes; a note is rewritten where it stands."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QBrush, QColor
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QMenu,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app import theme
from app.episode_words import ROLES, line_text, time_text
from core.episode import Episode, Episodes, Outcome

PLACE = Qt.ItemDataRole.UserRole
"""Where an item keeps its episode, and a note its number: (number, remark), remark 0 for none."""


class EpisodeList(QTreeWidget):
    """Newest episode first, its notes under it.

    A click on a note that is selected, a double click or F2 edits it; the menu key or the right
    button gives an ended episode another outcome.
    """

    note_rewritten = Signal(int, int, str)
    outcome_revised = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHeaderHidden(True)
        self.setColumnCount(1)
        self.setIndentation(16)
        self.setUniformRowHeights(False)
        self.setWordWrap(True)
        self.setAccessibleName("Episodes of this session")
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(
            triggers.SelectedClicked | triggers.DoubleClicked | triggers.EditKeyPressed
        )
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.itemChanged.connect(self._changed)
        theme.theme().changed.connect(self._again)
        self._episodes = Episodes()
        self._waiting: Episodes | None = None
        self._now_ns = 0

    def set_episodes(self, episodes: Episodes, now_ns: int) -> None:
        """Show these episodes; while a note is being edited they wait."""
        self._now_ns = now_ns
        if self.state() == QAbstractItemView.State.EditingState:
            self._waiting = episodes
            return
        self._waiting = None
        if episodes.episodes == self._episodes.episodes:
            self._show_time()
            return
        self._replace_changed(episodes)

    def texts(self) -> list[str]:
        """Return every line from above, those of notes indented."""
        lines: list[str] = []
        for index in range(self.topLevelItemCount()):
            item = self.topLevelItem(index)
            if item is None:
                continue
            lines.append(item.text(0))
            children = [item.child(place) for place in range(item.childCount())]
            lines += [f"  {child.text(0)}" for child in children if child is not None]
        return lines

    def outcome_menu(self, number: int) -> QMenu:
        """Return a menu that gives an episode another outcome."""
        menu = QMenu(self)
        episode = self._episodes.numbered(number)
        for outcome in (Outcome.SUCCESS, Outcome.FAILURE, Outcome.DISCARDED):
            action = QAction(f"Change episode {number} to {outcome}", menu)
            action.setEnabled(not episode.is_open and episode.outcome != outcome)
            action.setData((number, outcome))
            menu.addAction(action)
        menu.triggered.connect(self._revise)
        return menu

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Show what has waited for the end of the editing."""
        super().closeEditor(editor, hint)
        if self._waiting is not None:
            QTimer.singleShot(0, self, self._show_waiting)

    def _replace_changed(self, episodes: Episodes) -> None:
        """Write only those lines anew that are different; a long session has many."""
        old, new = self._episodes.episodes, episodes.episodes
        self._episodes = episodes
        self.blockSignals(True)
        for place, episode in enumerate(new):
            if place < len(old) and old[place] == episode:
                continue
            row = len(old) - 1 - place if place < len(old) else 0
            if place < len(old):
                self.takeTopLevelItem(row)
            item = self._item(episode)
            self.insertTopLevelItem(row, item)
            item.setExpanded(True)
        self.blockSignals(False)

    def _show_waiting(self) -> None:
        if self._waiting is not None:
            self.set_episodes(self._waiting, self._now_ns)

    def _again(self, *_: object) -> None:
        self.blockSignals(True)
        self.clear()
        for episode in reversed(self._episodes.episodes):
            self.addTopLevelItem(self._item(episode))
        self.expandAll()
        self.blockSignals(False)

    def _item(self, episode: Episode) -> QTreeWidgetItem:
        item = QTreeWidgetItem([line_text(episode, self._now_ns)])
        item.setData(0, PLACE, (episode.number, 0))
        item.setToolTip(0, f"{escape(episode.instruction)}<br>Right-click changes the outcome.")
        role = ROLES.get(episode.outcome) if episode.outcome is not None else None
        if role is not None:
            item.setForeground(0, QBrush(QColor(getattr(theme.tokens(), role))))
        for remark in episode.remarks:
            child = QTreeWidgetItem([remark.text])
            child.setData(0, PLACE, (episode.number, remark.number))
            child.setFlags(child.flags() | Qt.ItemFlag.ItemIsEditable)
            when = time_text((remark.t_ns - episode.started_ns) / 1e9)
            child.setToolTip(
                0,
                f"{escape(remark.text)}<br><br>Written at {when} from the start. Click twice or "
                "press F2 to write it anew; the former words stay in the session file.",
            )
            child.setForeground(0, QBrush(QColor(theme.tokens().muted)))
            item.addChild(child)
        return item

    def _show_time(self) -> None:
        """Only the open episode's line changes by itself."""
        current, first = self._episodes.current, self.topLevelItem(0)
        if current is not None and first is not None:
            words = line_text(current, self._now_ns)
            if words != first.text(0):
                self.blockSignals(True)
                first.setText(0, words)
                self.blockSignals(False)

    def _changed(self, item: QTreeWidgetItem, _column: int) -> None:
        number, remark = item.data(0, PLACE)
        words = item.text(0).strip()
        newest = self._waiting or self._episodes
        before = {n.number: n.text for n in newest.numbered(number).remarks}
        if remark and words != before.get(remark):
            self.note_rewritten.emit(number, remark, words)

    def _open_menu(self, place: QPoint) -> None:
        item = self.itemAt(place) or self.currentItem()
        if item is not None:
            menu = self.outcome_menu(item.data(0, PLACE)[0])
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.viewport().mapToGlobal(place))

    def _revise(self, action: QAction) -> None:
        number, outcome = action.data()
        self.outcome_revised.emit(number, outcome)
