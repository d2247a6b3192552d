"""Child processes: ready lines, order, death in a sentence, restart, and leaving."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.services import Services, ServiceSpec

CHILD = """
import json, sys, time
name, *rest = sys.argv[1:]
print("loading", file=sys.stderr, flush=True)
if "fail" in rest:
    print(json.dumps({"error": "port 8000 is in use."}), flush=True)
    sys.exit(1)
if "slow" in rest:
    print(json.dumps({"progress": "loading shard 1 of 2 … 0 %"}), flush=True)
if "hang" in rest:
    time.sleep(60)
if "die" in rest:
    sys.exit(3)
print("not json", flush=True)
print(json.dumps({"ready": f"ws://{name}", "got": rest}), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def script(tmp_path: Path) -> tuple[str, ...]:
    path = tmp_path / "child.py"
    path.write_text(CHILD)
    return sys.executable, str(path)


class Seen:
    def __init__(self, services: Services) -> None:
        self.ready: dict[str, Any] = {}
        self.failed: dict[str, str] = {}
        self.progress: list[tuple[str, str]] = []
        services.ready.connect(self.ready.__setitem__)
        services.failed.connect(self.failed.__setitem__)
        services.progress.connect(lambda name, words: self.progress.append((name, words)))


@pytest.fixture
def run(qtbot: Any, script: tuple[str, ...]) -> Iterator[Any]:
    made: list[Services] = []

    def start(*specs: ServiceSpec) -> tuple[Services, Seen]:
        services = Services(list(specs), script)
        made.append(services)
        seen = Seen(services)
        services.start()
        return services, seen

    yield start
    for services in made:
        services.shutdown()


def spec(name: str, *words: str, needs: tuple[str, ...] = ()) -> ServiceSpec:
    return ServiceSpec(
        name=name,
        title=f"The {name}",
        arguments=lambda ready: [name, *words, *(ready[n]["ready"] for n in needs)],
        needs=needs,
    )


def test_what_needs_another_waits_for_it_and_gets_its_address(qtbot: Any, run: Any) -> None:
    services, seen = run(spec("lab"), spec("rig", needs=("lab",)), spec("policy"))
    qtbot.waitUntil(lambda: len(seen.ready) == 3, timeout=20_000)
    assert seen.ready["rig"]["got"] == ["ws://lab"]
    assert ("rig", "waits for lab") in seen.progress
    assert list(seen.ready).index("lab") < list(seen.ready).index("rig")
    services.shutdown()
    assert not any(services.process_id(name) for name in services.names)
    assert not seen.failed


def test_an_error_line_is_told_once(qtbot: Any, run: Any) -> None:
    _, seen = run(spec("policy", "fail"))
    qtbot.waitUntil(lambda: bool(seen.failed), timeout=20_000)
    assert seen.failed == {"policy": "The policy could not start: port 8000 is in use."}


def test_progress_of_a_long_start_is_told(qtbot: Any, run: Any) -> None:
    spec = ServiceSpec(name="policy", title="The policy server", arguments=lambda _: ["p", "slow"])
    _, seen = run(spec)
    qtbot.waitUntil(lambda: "policy" in seen.ready, timeout=10_000)
    assert [words for _, words in seen.progress] == ["starting", "loading shard 1 of 2 … 0 %", ""]
    assert not seen.failed


def test_death_before_ready(qtbot: Any, run: Any) -> None:
    _, seen = run(spec("lab", "die"), spec("rig", needs=("lab",)))
    qtbot.waitUntil(lambda: bool(seen.failed), timeout=20_000)
    assert seen.failed["lab"].startswith("The lab ended with status 3 before it was ready.")
    assert "rig" not in seen.ready


def test_death_is_told_and_restart_brings_back_what_depends_on_it(qtbot: Any, run: Any) -> None:
    import os
    import signal

    services, seen = run(spec("lab"), spec("rig", needs=("lab",)), spec("policy"))
    qtbot.waitUntil(lambda: len(seen.ready) == 3, timeout=20_000)
    before = {name: services.process_id(name) for name in services.names}
    os.kill(before["lab"], signal.SIGKILL)
    qtbot.waitUntil(lambda: "lab" in seen.failed, timeout=20_000)
    assert "crashed" in seen.failed["lab"]
    seen.ready.clear()
    services.restart()
    qtbot.waitUntil(lambda: len(seen.ready) == 2, timeout=20_000)
    assert set(seen.ready) == {"lab", "rig"}
    assert services.process_id("policy") == before["policy"]
    assert services.process_id("rig") != before["rig"]


def test_a_program_that_does_not_exist(qtbot: Any) -> None:
    services = Services([spec("lab")], ("/no/such/program",))
    seen = Seen(services)
    services.start()
    qtbot.waitUntil(lambda: bool(seen.failed), timeout=20_000)
    assert "could not be started" in seen.failed["lab"]


def test_a_running_service_is_restarted_without_waiting(qtbot: Any, run: Any) -> None:
    services, seen = run(spec("lab"), spec("rig", needs=("lab",)), spec("policy"))
    qtbot.waitUntil(lambda: len(seen.ready) == 3, timeout=20_000)
    before = {name: services.process_id(name) for name in services.names}
    seen.ready.clear()
    services.restart("lab")
    assert not seen.ready  # it has returned before anything happened
    qtbot.waitUntil(lambda: len(seen.ready) == 2, timeout=20_000)
    after = {name: services.process_id(name) for name in services.names}
    assert after["policy"] == before["policy"]
    assert after["lab"] != before["lab"]
    assert after["rig"] != before["rig"]
    assert not seen.failed


def test_a_start_that_was_given_up_stays_so_until_a_restart(qtbot: Any, run: Any) -> None:
    services, seen = run(spec("lab", "hang"), spec("rig", needs=("lab",)), spec("policy"))
    qtbot.waitUntil(lambda: "policy" in seen.ready, timeout=20_000)
    services.stop("lab")
    qtbot.waitUntil(lambda: not services.process_id("lab"), timeout=20_000)
    assert seen.progress[-2:] == [("lab", "stopped"), ("rig", "stopped")]
    assert not seen.failed
    assert not services.process_id("rig")
    services.restart()
    qtbot.waitUntil(lambda: services.process_id("lab") > 0, timeout=20_000)
    assert seen.progress[-2:] == [("lab", "starting"), ("rig", "waits for lab")]
