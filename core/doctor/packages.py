"""The interpreter and the installed packages against the ranges that were tested together."""

from __future__ import annotations

import importlib.metadata
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from core.doctor.finding import Finding, ok, problem, warning

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
DISTRIBUTION = "steering-studio"
TESTED_PYTHON = (3, 13)
"""Newest Python that the set-up looks for."""

HARMFUL = {
    "opencv-python": "it brings a Qt of its own, which collides with the window's",
    "opencv-contrib-python": "it brings a Qt of its own, which collides with the window's",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the project asks for.

    Attributes:
        python: Versions of Python, such as ">=3.11".
        needed: Requirements without which a program does not work.
        extras: Requirements of optional parts, each with the name of its extra.
    """

    python: str
    needed: tuple[Requirement, ...]
    extras: tuple[tuple[str, Requirement], ...] = ()


def read_wanted(pyproject: Path = PYPROJECT) -> Wanted:
    """Read the tested ranges from pyproject.toml, or from the installed package's own record."""
    if pyproject.is_file():
        project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
        extras: dict[str, list[str]] = project.get("optional-dependencies", {})
        return Wanted(
            python=project["requires-python"],
            needed=tuple(Requirement(line) for line in project["dependencies"]),
            extras=tuple((n, Requirement(line)) for n, lines in extras.items() for line in lines),
        )
    record = importlib.metadata.metadata(DISTRIBUTION)
    lines = [Requirement(line) for line in record.get_all("Requires-Dist") or ()]
    return Wanted(
        python=str(record["Requires-Python"]),
        needed=tuple(line for line in lines if "extra ==" not in str(line.marker)),
    )


def judge_python(version: tuple[int, int, int], wanted: str) -> Finding:
    """Judge the interpreter.

    Args:
        version: Major, minor and micro version.
        wanted: Tested versions, such as ">=3.11".
    """
    text = ".".join(map(str, version))
    if not SpecifierSet(wanted).contains(text):
        return problem(
            "Python",
            f"This is Python {text}; the studio needs {wanted}.",
            "Install a newer Python, remove .venv and run 'make setup'.",
        )
    if version[:2] > TESTED_PYTHON:
        newest = ".".join(map(str, TESTED_PYTHON))
        return warning(
            "Python",
            f"This is Python {text}; the set-up expects {newest} at most.",
            f"If a package cannot be installed or crashes, use Python {newest} or older.",
        )
    return ok("Python", f"Python {text}.")


def installed_version(name: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def judge_packages(
    wanted: Wanted, version_of: Callable[[str], str | None] = installed_version
) -> list[Finding]:
    """Compare what is installed with what was tested.

    Args:
        wanted: The tested ranges.
        version_of: Looks up an installed version; None when there is none.
    """
    findings: list[Finding] = []
    needed = [line for line in wanted.needed if line.marker is None or line.marker.evaluate()]
    good = 0
    for requirement in needed:
        version = version_of(requirement.name)
        if version is None:
            findings.append(
                problem(
                    "packages",
                    f"{requirement.name} is not installed.",
                    f"Run 'make setup', or: pip install '{requirement}'",
                )
            )
        elif not _fits(requirement, version):
            findings.append(_untested(requirement, version))
        else:
            good += 1
    for extra, requirement in wanted.extras:
        version = version_of(requirement.name)
        if version is not None and not _fits(requirement, version):
            findings.append(_untested(requirement, version, f" (optional part '{extra}')"))
    for name, why in HARMFUL.items():
        if (version := version_of(name)) is not None:
            findings.append(
                warning(
                    "packages",
                    f"{name} {version} is installed: {why}.",
                    f"pip uninstall {name}, then pip install --force-reinstall --no-deps "
                    "opencv-python-headless",
                )
            )
    summary = f"{good} of {len(needed)} packages are in their tested ranges."
    return [ok("packages", summary), *findings] if good else findings


def look_at_packages(version: tuple[int, int, int]) -> Sequence[Finding]:
    """Look at the interpreter and everything installed in it."""
    wanted = read_wanted()
    return [judge_python(version, wanted.python), *judge_packages(wanted)]


def _fits(requirement: Requirement, version: str) -> bool:
    return requirement.specifier.contains(version, prereleases=True)


def _untested(requirement: Requirement, version: str, part: str = "") -> Finding:
    return warning(
        "packages",
        f"{requirement.name} {version}{part} is outside its tested range {requirement.specifier}.",
        f"Should it misbehave: pip install '{requirement}'",
    )
