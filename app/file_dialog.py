"""Asks for a file or a folder without holding anything up: not modal, and in our own colours.

The desktop's own dialogs are modal, or windows of another program; either would take the stop key
and the STOP button away from a moving arm.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget


class Ask(Enum):
    """What is asked for."""

    OPEN = "open"
    OPEN_SEVERAL = "open several"
    SAVE = "save"
    FOLDER = "folder"


_MODES = {
    Ask.OPEN: QFileDialog.FileMode.ExistingFile,
    Ask.OPEN_SEVERAL: QFileDialog.FileMode.ExistingFiles,
    Ask.SAVE: QFileDialog.FileMode.AnyFile,
    Ask.FOLDER: QFileDialog.FileMode.Directory,
}


def ask_file(
    parent: QWidget,
    title: str,
    start: str,
    what: Ask,
    done: Callable[[list[str]], None],
    kinds: str = "",
) -> QFileDialog:
    """Open a question and return at once.

    Args:
        parent: The window in front of which it lies.
        title: Its title.
        start: Folder, or file, that is proposed.
        what: What is asked for.
        done: Gets the chosen paths, one or more; not called when nothing was chosen.
        kinds: Filter such as "PNG (*.png)"; several are separated by ";;".

    Returns:
        The dialog; it deletes itself when it is closed.
    """
    dialog = QFileDialog(parent, title)
    dialog.setModal(False)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    # a question about overwriting would be modal; whoever saves keeps what is there
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(_MODES[what])
    if what == Ask.FOLDER:
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    if what == Ask.SAVE:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    if kinds:
        dialog.setNameFilters(kinds.split(";;"))
    path = Path(start).expanduser()
    folder = path if path.is_dir() else path.parent
    dialog.setDirectory(str(folder if folder.is_dir() else Path.home()))
    if what == Ask.SAVE:
        dialog.selectFile(path.name)
    dialog.filesSelected.connect(done)
    dialog.show()
    return dialog


def close_front(window: QWidget) -> bool:
    """Close the question that has the keyboard; false when that is something else."""
    front = window if isinstance(window, QFileDialog) else None
    if front is None or not front.isVisible():
        return False
    front.reject()
    return True


def free_path(path: Path) -> Path:
    """Return a path where nothing is yet: the given one, or the same with a number."""
    number, free = 1, path
    while free.exists() and not free.is_dir():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
