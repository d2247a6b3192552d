"""Live pictures on their way to the file: JPEG, or H.264 for long sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.session.events import FrameSeen
from core.session.pictures import encode_jpeg

if TYPE_CHECKING:
    from core.session.video import VideoEncoder

JPEG, H264 = "jpeg", "h264"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedFrame:
    """A live picture that is encoded by now.

    Attributes:
        camera: Name of the camera.
        kind: "jpeg", or "h264" for the next picture of the camera's stream.
        data: The encoded picture.
        t_ns: Capture time [ns, monotonic].
        wall_ns: When it was noted [ns since 1970].
        seq: Running number of the camera.
    """

    camera: str
    kind: str
    data: bytes
    t_ns: int
    wall_ns: int
    seq: int


class FrameEncoder:
    """Encodes the live pictures of a session, in order."""

    def __init__(self, *, video: bool = False) -> None:
        """Encode as H.264 instead of JPEG if ``video``."""
        self._streams: dict[str, VideoEncoder] | None = {} if video else None

    def encode(self, event: FrameSeen) -> EncodedFrame:
        """Encode the next picture.

        Raises:
            StudioError: If it cannot be encoded.
        """
        frame = event.frame
        film = self._streams is not None
        return EncodedFrame(
            camera=frame.camera,
            kind=H264 if film else JPEG,
            data=self._film(event) if film else encode_jpeg(frame.image),
            t_ns=event.t_ns,
            wall_ns=event.wall_ns,
            seq=frame.seq,
        )

    def _film(self, event: FrameSeen) -> bytes:
        from core.session.video import VideoEncoder  # a large library, for few sessions

        frame, streams = event.frame, self._streams or {}
        if frame.camera not in streams:
            streams = self._streams = {**streams, frame.camera: VideoEncoder()}
        return streams[frame.camera].encode(frame.image, frame.t_ns)
