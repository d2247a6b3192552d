"""The table in docs/safety.md names code and tests that exist, and leaves no guarantee alone."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\|\s*G\d+", line)
]
PLACE = re.compile(r"`([\w./]+\.py)::?([\w.]+)`")

PLACES = {place for row in ROWS for cell in row[2:] for place in PLACE.findall(cell)}


@cache
def _names(path: str) -> frozenset[str]:
    """Names that a file defines: functions, classes, constants, and Class.method."""
    names: set[str] = set()

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names.add(prefix + node.name)
            elif isinstance(node, ast.ClassDef):
                names.add(prefix + node.name)
                collect(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.Assign):
                names.update(prefix + t.id for t in node.targets if isinstance(t, ast.Name))
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names.add(prefix + node.target.id)

    collect(ast.parse((ROOT / path).read_text(encoding="utf-8")).body, "")
    return frozenset(names)


def test_every_guarantee_has_code_and_a_test():
    assert len(ROWS) >= 15
    for number, guarantee, code, tests in ROWS:
        assert guarantee, number
        assert PLACE.findall(code), f"{number} names no code"
        found = PLACE.findall(tests)
        assert found, f"{number} names no test"
        assert all(path.startswith("tests/") for path, _ in found), number


def test_the_numbers_run_on():
    assert [row[0] for row in ROWS] == [f"G{n}" for n in range(1, len(ROWS) + 1)]


@pytest.mark.parametrize(
    ("path", "name"),
    sorted({place for row in ROWS for cell in row[2:] for place in PLACE.findall(cell)}),
)
def test_what_the_table_names_exists(path, name):
    assert (ROOT / path).is_file(), f"there is no {path}"
    assert name in _names(path), f"{path} has no {name}"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", TEXT))))
def test_links_lead_somewhere(target):
    assert (ROOT / "docs" / target).exists()
