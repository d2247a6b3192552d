"""Rules of the repository that a reader would otherwise have to check by eye."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "core", "robot", "training")
LINE_LIMIT = 400

MAY_IMPORT = {
    "core": {"core"},
    "robot": {"core", "robot"},
    "training": {"core", "training", "robot"},
    "app": {"app", "core", "robot"},
}
QT = {"PySide6", "shiboken6", "pyqtgraph", "qtawesome", "qtpy", "superqt"}
UNSAFE = {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
CATCHES = {"pickle.UnpicklingError"}
"""What may be imported of those modules: the fault that `torch.load(weights_only=True)` raises."""

HEAVY = {"torch", "transformers", "mujoco", "franky", "franky_sim"}
"""What the studio's process must not load when it starts."""


def _files(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _top(name: str) -> str:
    return name.split(".")[0]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_in_the_agreed_direction(package):
    faults = [
        f"{_name(path)} imports {name}"
        for path in _files(package)
        for name in _imports(_tree(path))
        if _top(name) in PACKAGES and _top(name) not in MAY_IMPORT[package]
    ]
    assert not faults


def test_training_takes_only_the_simulation_from_robot():
    faults = [
        f"{_name(path)} imports {name}"
        for path in _files("training")
        for name in _imports(_tree(path))
        if _top(name) == "robot" and not name.startswith("robot.sim")
    ]
    assert not faults


def test_pools_get_functions_not_runnables():
    """A pool deletes a finished QRunnable; when that happens before ``QThreadPool.start`` is back,
    PySide 6.11 keeps its Python object for ever, with the pictures in it, or crashes."""
    faults = [
        _name(path) for path in _files("app") if "PySide6.QtCore.QRunnable" in _imports(_tree(path))
    ]
    assert not faults


def test_only_app_imports_qt():
    faults = [
        f"{_name(path)} imports {name}"
        for path in _files("core", "robot", "training")
        for name in _imports(_tree(path))
        if _top(name) in QT
    ]
    assert not faults


def test_the_window_never_imports_model_or_physics():
    faults = [
        f"{_name(path)} imports {name}"
        for path in _files("app")
        for name in _imports(_tree(path))
        if _top(name) in HEAVY
    ]
    assert not faults


def test_nothing_reads_formats_that_can_run_code():
    faults = [
        f"{_name(path)} imports {name}"
        for path in [*_files(*PACKAGES), ROOT / "main.py"]
        for name in _imports(_tree(path))
        if _top(name) in UNSAFE and name not in CATCHES
    ]
    assert not faults


def _call_faults(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{_name(path)}:{node.lineno} bare except"
        if not isinstance(node, ast.Call):
            continue
        function, where = ast.unparse(node.func), f"{_name(path)}:{node.lineno}"
        given = {word.arg: word.value for word in node.keywords}
        if function in {"eval", "exec"}:
            yield f"{where} {function}()"
        if function == "torch.load" and not _is_true(given.get("weights_only")):
            yield f"{where} torch.load without weights_only=True"
        if function.endswith("np.load") and _is_true(given.get("allow_pickle")):
            yield f"{where} allow_pickle"
        for word in ("trust_remote_code", "shell"):
            if word in given and not _is_false(given[word]):
                yield f"{where} {word}"


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_no_call_runs_foreign_input():
    assert not [fault for path in _files(*PACKAGES) for fault in _call_faults(path)]


def test_files_stay_readable():
    lengths = {
        _name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*_files(*PACKAGES), *_files("tests"), ROOT / "main.py"]
    }
    assert not {name: n for name, n in lengths.items() if n > LINE_LIMIT}


def test_libraries_do_not_print():
    """Only services' ready line and command line reports print; they say so by a `file` or `flush`.

    A bare ``print(x)`` in a library is a left-over.
    """
    faults = [
        f"{_name(path)}:{node.lineno}"
        for path in _files("core", "robot", "app")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and not node.keywords
    ]
    assert not faults


def test_every_package_says_what_it_is():
    silent = [
        _name(path)
        for path in _files(*PACKAGES)
        if path.stat().st_size and not ast.get_docstring(_tree(path))
    ]
    assert not silent
