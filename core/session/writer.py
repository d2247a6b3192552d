"""Writes events into a session file."""

from __future__ import annotations

import json
import logging
import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from core.camera import CameraModel
from core.session.events import (
    EVENTS,
    Attached,
    Event,
    FrameSeen,
    Observed,
    Reasoned,
    SessionStarted,
)
from core.session.foxglove_space import Sight
from core.session.foxglove_views import (
    FoxgloveMessage,
    depth_picture,
    jpeg_picture,
    png_picture,
    video_picture,
    views,
)
from core.session.frame_encoder import H264, EncodedFrame, FrameEncoder
from core.session.mcap_file import McapFile
from core.session.pictures import encode_png, is_map, is_picture
from core.session.plain import event_to_plain, json_schema
from core.types import DepthMap, Frame, Reasoning, StudioError

logger = logging.getLogger(__name__)

FLUSH_EVERY_S = 0.25
"""Longest time that an event waits in memory; a killed recorder loses no more."""

EVENT_TOPIC = "/events/"
CAMERA_TOPIC = "/camera/"
SYNC_EVERY_S = 2.0
"""Longest time that anything waits for the disk, which matters when the power goes."""

PICTURE_KEY, SEQUENCE_KEY = "$picture", "sequence"
"""Stand for a picture in an event's JSON: the topic and the sequence number where it is."""


_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


class SessionWriter:
    """Appends events to one MCAP file; call :meth:`tick` often, :meth:`finish` at the end."""

    def __init__(
        self, path: Path, metadata: dict[str, str], *, video: bool = False, wait: bool = True
    ) -> None:
        """Create the file.

        Args:
            path: Where the finished file shall be; nothing may be there yet.
            metadata: Facts about the programs, stored first.
            video: Whether to keep live pictures as H.264 instead of JPEG.
            wait: Whether to wait for the disk; without, everything is handed to the operating
                system as early, and the owner of this sees to the disk.

        Raises:
            OSError: If the file exists or cannot be created.
        """
        self.file = McapFile(path)
        self.events = 0
        self._wait = wait
        self._sequences: Counter[str] = Counter()
        self._sight = Sight()
        self._cameras: Mapping[str, CameraModel | None] = {}
        self._encoder = FrameEncoder(video=video)
        self._flushed = self._synced = time.monotonic()
        self.file.add_metadata("session", metadata)
        self.file.flush(sync=True)

    def put(self, event: Event) -> None:
        """Append an event; a decisive one is on the disk when this returns, if we wait for it.

        Raises:
            OSError: If the disk is full or gone.
        """
        if isinstance(event, FrameSeen):
            self.put_picture(self._encoder.encode(event))
            return
        self._put_event(event)
        self.events += 1
        if event.decisive:
            self._flush(sync=True)
        else:
            self.tick()

    def put_picture(self, seen: EncodedFrame) -> None:
        """Append a live picture that is encoded already.

        Raises:
            OSError: If the disk is full or gone.
        """
        wrap = video_picture if seen.kind == H264 else jpeg_picture
        message = wrap(seen.data, seen.camera, seen.wall_ns)
        self._add_view(f"{CAMERA_TOPIC}{seen.camera}", message, seen, sequence=seen.seq)
        self.events += 1
        self.tick()

    def tick(self) -> None:
        """Flush what has waited long enough."""
        now = time.monotonic()
        if self._wait and now - self._synced >= SYNC_EVERY_S:
            self._flush(sync=True)
        elif now - self._flushed >= FLUSH_EVERY_S:
            self._flush(sync=False)

    def finish(self) -> Path:
        """Complete the file and return its final path."""
        return self.file.finish()

    def abandon(self) -> None:
        """Leave the file as it is, to be repaired later."""
        self.file.abandon()

    def _put_event(self, event: Event) -> None:
        self._look(event)
        if isinstance(event, Attached):
            self.file.attach(
                event.name, event.media_type, event.text.encode(), wall_ns=event.wall_ns
            )
        if isinstance(event, SessionStarted):
            self.file.add_metadata("started", _started(event))

        def keep(array: NDArray[Any], owner: Any) -> Any:
            return self._keep(array, owner, event)

        plain = event_to_plain(event, keep)
        name = type(event).__name__
        channel = self.file.channel(
            f"{EVENT_TOPIC}{name}", "json", f"steering_studio.{name}", "jsonschema", _schema(name)
        )
        self._add(channel, _json(plain), event, self._next(name))
        try:
            for topic, message in views(event, self._sight):
                self._add_view(topic, message, event)
        except (StudioError, ValueError) as error:  # the event itself is written by now
            logger.warning("%s cannot be shown to viewers: %s", name, error)

    def _look(self, event: Event) -> None:
        """Remember what later events refer to."""
        match event:
            case SessionStarted():
                self._cameras = event.cameras
            case Observed():
                first = event.observation.frames[0]
                camera = self._cameras.get(first.camera)
                fixed = camera if camera is not None and not camera.mounted_on_hand else None
                same = self._sight.image is not None and self._sight.camera is fixed
                depth = self._sight.depth if same else None
                self._sight = Sight(image=first.image, camera=fixed, depth=depth)
            case Reasoned() if event.reasoning.depth_map is not None:
                self._sight = replace(self._sight, depth=event.reasoning.depth_map)
            case _:
                pass

    def _keep(self, array: NDArray[Any], owner: Any, event: Event) -> Any:
        """Store a picture as a message of its own and return its place, or return numbers."""
        if is_picture(array):
            topic = _picture_topic(owner)
            frame_id = owner.camera if isinstance(owner, Frame) else "model"
            message: FoxgloveMessage = png_picture(encode_png(array), frame_id, event.wall_ns)
        elif is_map(array):
            topic = "/model/depth" if isinstance(owner, DepthMap) else "/maps"
            message = depth_picture(array, event.wall_ns)
        else:
            return array.tolist()
        sequence = self._next(topic)
        self._add_view(topic, message, event, sequence=sequence)
        return {PICTURE_KEY: topic, SEQUENCE_KEY: sequence}

    def _add_view(
        self,
        topic: str,
        message: FoxgloveMessage,
        event: Event | EncodedFrame,
        *,
        sequence: int | None = None,
    ) -> None:
        schema = message.get_schema()
        channel = self.file.channel(topic, "protobuf", schema.name, schema.encoding, schema.data)
        number = self._next(topic) if sequence is None else sequence
        self._add(channel, message.encode(), event, number)

    def _add(self, channel: int, data: bytes, event: Event | EncodedFrame, sequence: int) -> None:
        self.file.add(channel, data, wall_ns=event.wall_ns, t_ns=event.t_ns, sequence=sequence)

    def _next(self, topic: str) -> int:
        self._sequences[topic] += 1
        return self._sequences[topic] - 1

    def _flush(self, *, sync: bool) -> None:
        self.file.flush(sync=sync and self._wait)
        self._flushed = time.monotonic()
        if sync:
            self._synced = self._flushed


def _picture_topic(owner: Any) -> str:
    if isinstance(owner, Frame):
        return f"/observed/{owner.camera}"
    return "/model/input" if isinstance(owner, Reasoning) else "/studio/input"


@cache
def _schema(name: str) -> bytes:
    return json.dumps(json_schema(EVENTS[name])).encode()


def _started(event: SessionStarted) -> dict[str, str]:
    cameras = {
        name: None if camera is None else camera.to_message()
        for name, camera in event.cameras.items()
    }
    return {
        "configuration": json.dumps(event.configuration, default=str),
        "policy": event.policy,
        "checkpoint": event.checkpoint,
        "robot": event.robot,
        "host": event.host,
        "cameras": json.dumps(cameras),
    }


def _json(plain: Any) -> bytes:
    try:
        return _ENCODER.encode(plain).encode()
    except ValueError:  # it holds NaN or infinity, which is rare
        return _ENCODER.encode(_finite(plain)).encode()


def _finite(value: Any) -> Any:
    """Write NaN and infinity, which JSON lacks, as words that ``float`` reads."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, list):
        return [_finite(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in cast("dict[str, Any]", value).items()}
    return value
