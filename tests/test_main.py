from __future__ import annotations

import sys
from types import ModuleType

import pytest

import main
from core.types import StudioError


@pytest.fixture
def command(monkeypatch):
    """Offer a module with one function as the command `probe`."""

    def offer(run, add_arguments=None):
        module = ModuleType("probe_module")
        module.run = run
        if add_arguments is not None:
            module.add_arguments = add_arguments
        monkeypatch.setitem(sys.modules, "probe_module", module)
        monkeypatch.setitem(main.COMMANDS, "probe", ("probe_module:run", "a probe"))
        monkeypatch.setitem(main.COMMANDS, "two probe", ("probe_module:run", "a probe"))

    return offer


def test_function_gets_the_parsed_arguments_and_sets_the_exit_status(command):
    seen = []

    def run(arguments):
        seen.append(arguments.port)
        return 3

    command(run, lambda parser: parser.add_argument("--port", type=int))

    assert main.main(["probe", "--port", "7"]) == 3
    assert main.main(["two", "probe", "--port", "8"]) == 3
    assert seen == [7, 8]


def test_studio_error_is_one_sentence_without_a_traceback(command, capsys):
    def run(_arguments):
        raise StudioError("port 7 is taken; choose another")

    command(run)

    assert main.main(["probe"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "port 7 is taken; choose another\n"
    assert captured.out == ""


def test_a_child_reports_its_error_as_one_json_line(command, capsys):
    def run(_arguments):
        raise StudioError("no camera")

    command(run, lambda parser: parser.add_argument("--child", action="store_true"))

    assert main.main(["probe", "--child"]) == 1
    assert capsys.readouterr().out == '{"error": "no camera"}\n'


def test_unknown_command_lists_the_commands(capsys):
    assert main.main(["fly"]) == 2
    assert "eval steer" in capsys.readouterr().err
    assert main.main(["eval", "fly"]) == 2


def test_help_needs_no_heavy_import(capsys):
    assert main.main(["--help"]) == 0
    assert "record" in capsys.readouterr().out


def test_no_command_means_run():
    assert main._take_command([]) == "run"
    assert main._take_command(["--theme", "dark"]) == "run"
