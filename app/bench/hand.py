"""A studio that another program drives: ``python -m app.bench.hand`` and the options of ``run``.

It is the real window with its real links; only the hand on it is a program. Each line on standard
input is a deed, ``{"do": name, ...}``; each line on standard output is something that happened,
with the monotonic time ``t`` [ns]. A measurement that kills windows starts one after the other.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app import main as studio_main
from app.bench.player import Player
from app.bench.probes import focus_window
from app.demo_hands import drag
from app.store import Plan, PlanKind
from core.types import ActionChunk, Reasoning

DEED = QEvent.Type(QEvent.registerEventType())


class Deed(QEvent):
    """A line of standard input, on its way to the event loop."""

    def __init__(self, words: dict[str, Any]) -> None:
        super().__init__(DEED)
        self.words = words


class Hand(QObject):
    """Does what is asked of the window and tells what happens to it."""

    def __init__(self, studio: Any, window: Any) -> None:
        super().__init__(window)
        self._studio, self._window = studio, window
        self._asked = 0
        self._stroke: Player | None = None
        self._told_recorder: tuple[object, str] | None = None
        store = studio.store
        store.phase_changed.connect(lambda phase: say(phase=str(phase)))
        store.auto_changed.connect(lambda: say(auto=store.auto))
        store.services_changed.connect(self._tell_state)
        store.recording_changed.connect(self._tell_recorder)
        studio.notifier.posted.connect(lambda notice: say(notice=notice.text))
        studio.controller.plan_ready.connect(lambda _: self._tell_verdict())
        studio.controller.plan_failed.connect(lambda sentence: say(verdict=sentence))

    def event(self, event: QEvent) -> bool:
        """Do a deed."""
        if isinstance(event, Deed):
            do = getattr(self, f"do_{event.words['do']}")
            do(event.words)
            return True
        return super().event(event)

    def do_plan(self, words: dict[str, Any]) -> None:
        """Put a plan before the person as if the policy had answered, so that all are alike."""
        if not self._studio.controller.pin_now():
            return
        self._asked += 1
        request = 1_000_000 + self._asked
        chunk = ActionChunk(actions=words["actions"], rate_hz=words["rate"])
        store = self._studio.store
        answer = Reasoning(request_id=request, text="a path that was measured out", chunk=chunk)
        plan = Plan(kind=PlanKind.MODEL, reasoning=answer, instruction=store.instruction)
        store.set_plan(plan)
        store.settle()
        self._studio.controller.preview(PlanKind.MODEL, chunk, request)

    def do_trigger(self, words: dict[str, Any]) -> None:
        """Do what an action does, if it is possible; the reason says why not."""
        name = str(words["action"])
        action = self._window.actions_table[name]
        possible = bool(action.isEnabled())
        say(triggered=name, reason="" if possible else self._window.actions_table.reason(name))
        if possible:
            action.trigger()

    def do_key(self, words: dict[str, Any]) -> None:
        """Press a key, or press or release it, wherever the focus is."""
        key = Qt.Key[f"Key_{words['key']}"]
        target = QApplication.focusWidget() or self._window
        press = {"press": QTest.keyPress, "release": QTest.keyRelease, "click": QTest.keyClick}
        press[words.get("how", "click")](target, key)
        say(key=words["key"], posted=words["posted"])

    def do_draw(self, words: dict[str, Any]) -> None:
        """Draw a stroke with the mouse through places given as fractions of the picture."""
        view = self._window.workspace.canvas.view
        width, height = view.image_size
        path = [view.to_viewport(QPointF(x * width, y * height)) for x, y in words["through"]]
        smooth = [a + (b - a) * (k / 8) for a, b in pairwise(path) for k in range(9)]
        self._stroke = Player(drag(view.viewport(), smooth), self)
        self._stroke.finished.connect(self._drawn)
        self._stroke.start()

    def _drawn(self, sentence: str) -> None:
        draft = self._studio.store.draft
        say(drawn=0 if draft is None else len(draft), sentence=sentence)

    def do_renew(self, words: dict[str, Any]) -> None:
        """Connect anew to a service that was started again."""
        self._studio.renew(str(words["service"]))

    def do_quit(self, _words: dict[str, Any]) -> None:
        """Close the window."""
        self._window.close()

    def _tell_state(self) -> None:
        say(services=dict(self._studio.store.services))

    def _tell_verdict(self) -> None:
        plan = self._studio.store.plan
        if plan is not None and plan.preview is not None:
            verdict = plan.preview.verdict
            say(verdict="" if verdict.ok else verdict.reason or "rejected")

    def _tell_recorder(self) -> None:
        client = self._studio.recorder._client
        told = (client.pid if client is not None else None, self._studio.store.recording.path)
        if told != self._told_recorder:
            self._told_recorder = told
            say(recorder=told[0], path=told[1])


def say(**values: Any) -> None:
    """Tell the program that drives this one."""
    sys.stdout.write(json.dumps({"t": time.monotonic_ns(), **values}) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Open the studio and do what is asked until the window is closed or standard input ends."""
    parser = argparse.ArgumentParser()
    studio_main.add_arguments(parser)
    arguments = parser.parse_args()
    app = studio_main.make_application()
    from app.notify import excepthooks

    studio, window = studio_main.build_studio(app, arguments)
    hand = Hand(studio, window)

    def listen() -> None:
        for line in sys.stdin:
            words = json.loads(line)
            words["posted"] = time.monotonic_ns()  # a key is pressed whatever the window does
            QCoreApplication.postEvent(hand, Deed(words))
        QCoreApplication.postEvent(hand, Deed({"do": "quit"}))

    with excepthooks(studio.notifier):
        window.show()
        studio.start()
        focus_window(window)
        threading.Thread(target=listen, name="hand", daemon=True).start()
        say(ready=True)
        return int(app.exec())


if __name__ == "__main__":
    sys.exit(main())
