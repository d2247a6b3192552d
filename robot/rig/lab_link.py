"""The rig's connection to the simulated lab: pictures, and what only a simulation can be asked."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from core.types import Frame, StudioError
from robot.sim.lab_client import LabClient, LabError, LabHello
from robot.sim.layout import Layout


class LabLink:
    """A lab client that can be opened anew; its methods may be called from any thread."""

    def __init__(self, url: str) -> None:
        """Connect.

        Raises:
            LabError: If no lab answers there.
        """
        self._url = url
        self._client = LabClient(url)
        self._lock = threading.Lock()

    @property
    def is_alive(self) -> bool:
        """Whether the lab is there and its simulation advances."""
        return self._client.is_alive

    def hello(self) -> LabHello:
        """Return what the lab is."""
        return self._client.hello()

    def frames(self) -> dict[str, Frame]:
        """Return the newest picture per camera."""
        return self._client.frames()

    def reopen(self) -> None:
        """Connect anew if the lab is gone.

        Raises:
            LabError: If it is still gone.
        """
        with self._lock:
            if not self._client.is_alive:
                fresh = LabClient(self._url)
                self._client.close()
                self._client = fresh

    def perform(self, op: str, arguments: dict[str, Any]) -> Any:
        """Do what a client of the rig asks of the lab.

        * ``reset(seed=)`` or ``reset(layout=message)``: lay the table again; returns the layout.
        * ``objects()``: {name: (7,) position [m] and quaternion (w first)}.
        * ``lifted(name=)``: whether an object hangs clear of the table.
        * ``status()``: simulated time [s], physics steps per second, pictures per camera, and what
          a real arm would have refused (:class:`robot.sim.lab_answers.LabStatus`).

        Raises:
            StudioError: If the lab refuses or is gone, or there is no such operation.
        """
        try:
            return self._perform(op, arguments)
        except (TypeError, KeyError, ValueError) as error:
            raise StudioError(
                f"the lab cannot do '{op}' with {sorted(arguments)}: {error}"
            ) from error

    def close(self) -> None:
        """Leave the lab."""
        self._client.close()

    def _perform(self, op: str, arguments: dict[str, Any]) -> Any:
        client = self._client
        match op:
            case "reset":
                layout = arguments.get("layout")
                layout = Layout.from_message(layout) if layout is not None else None
                return client.reset(arguments.get("seed"), layout=layout).to_message()
            case "objects":
                return {
                    item.name: np.concatenate([item.position, item.quaternion])
                    for item in client.objects()
                }
            case "lifted":
                return client.lifted(str(arguments["name"]))
            case "status":
                status = client.status()
                return {
                    "sim_time": status.sim_time,
                    "physics_hz": status.physics_hz,
                    "pictures": status.pictures,
                    "fci_count": status.fci_count,
                    "fci_violations": status.fci_violations,
                    "fci_peaks": status.fci_peaks,
                }
        raise LabError(f"the lab cannot '{op}'; it can: reset, objects, lifted, status")
