from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from core.doctor import packages
from core.doctor.finding import Status
from core.doctor.packages import Wanted, judge_packages, judge_python, read_wanted

WANTED = Wanted(
    python=">=3.11",
    needed=(Requirement("numpy>=2.4,<3"), Requirement("torch>=2.13,<2.14")),
    extras=(("rerun", Requirement("rerun-sdk>=0.41,<0.42")),),
)
GOOD = {"numpy": "2.4.1", "torch": "2.13.0+cpu"}


def judged(**changed):
    versions = {**GOOD, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return judge_packages(WANTED, versions.get)


@pytest.mark.parametrize(
    ("version", "status", "part"),
    [
        ((3, 11, 7), Status.OK, "Python 3.11.7."),
        ((3, 10, 2), Status.PROBLEM, "the studio needs >=3.11"),
        ((3, 14, 0), Status.WARNING, "expects 3.13 at most"),
    ],
)
def test_python(version, status, part):
    finding = judge_python(version, ">=3.11")
    assert finding.status == status
    assert part in finding.found


def test_tested_packages_are_summed_up():
    (finding,) = judged()
    assert finding.status == Status.OK
    assert finding.found == "2 of 2 packages are in their tested ranges."


def test_a_missing_package_is_a_problem():
    finding = judged(torch=None)[1]
    assert finding.status == Status.PROBLEM
    assert finding.found == "torch is not installed."
    assert "torch<2.14,>=2.13" in finding.advice


def test_an_untested_version_is_a_warning():
    finding = judged(numpy="3.0.0")[1]
    assert finding.status == Status.WARNING
    assert finding.found == "numpy 3.0.0 is outside its tested range <3,>=2.4."


def test_an_optional_package_matters_only_when_it_is_there():
    assert len(judged(rerun_sdk="0.41.2")) == 1
    finding = judged(rerun_sdk="0.50.0")[1]
    assert finding.status == Status.WARNING
    assert "(optional part 'rerun')" in finding.found


def test_the_wrong_opencv_is_named():
    finding = judged(opencv_python="5.0.0")[1]
    assert "a Qt of its own" in finding.found
    assert "pip uninstall opencv-python" in finding.advice


def test_a_requirement_for_another_system_is_left_out():
    wanted = Wanted(python=">=3.11", needed=(Requirement("winonly; sys_platform == 'win32'"),))
    assert judge_packages(wanted, {}.get) == []


def test_the_projects_own_ranges_are_read():
    wanted = read_wanted()
    names = {requirement.name for requirement in wanted.needed}
    assert wanted.python == ">=3.11"
    assert {"torch", "mujoco", "PySide6-Essentials", "packaging"} <= names
    assert ("train", "peft") in {(extra, line.name) for extra, line in wanted.extras}


def test_without_the_file_the_installed_record_is_read(tmp_path):
    if packages.installed_version(packages.DISTRIBUTION) is None:
        pytest.skip("the project is not installed here")
    wanted = read_wanted(tmp_path / "pyproject.toml")
    assert "torch" in {requirement.name for requirement in wanted.needed}
    assert "pytest" not in {requirement.name for requirement in wanted.needed}


def test_this_installation_is_looked_at():
    findings = packages.look_at_packages((3, 11, 7))
    assert [finding.subject for finding in findings[:2]] == ["Python", "packages"]
