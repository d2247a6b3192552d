"""Devices and streams that come, go, hang and come back."""

from __future__ import annotations

import http.server
import threading
import time

import cv2
import numpy as np
import pytest

from core.camera import CameraModel
from robot.base import CameraError
from robot.cameras import opencv
from robot.cameras.opencv import OpenCvCamera


class Device:
    """What the driver of a USB camera does; one for all that is opened."""

    def __init__(self):
        self.plugged = True
        self.delivers = threading.Event()
        self.delivers.set()
        self.grabbed = 0
        self.opened = []
        self.settings = {}
        self.pace = 0.001

    def capture(self, *arguments):
        self.opened.append(arguments)
        return Capture(self, self.plugged)


class Capture:
    def __init__(self, device, opened):
        self.device, self.is_open = device, opened

    def isOpened(self):
        return self.is_open

    def set(self, name, value):
        self.device.settings[name] = value
        return True

    def grab(self):
        self.device.delivers.wait(10)
        time.sleep(self.device.pace)
        self.device.grabbed += 1
        return self.device.plugged

    def retrieve(self):
        return True, np.full((4, 6, 3), (self.device.grabbed % 250, 0, 200), np.uint8)

    def release(self):
        self.is_open = False


@pytest.fixture
def device(monkeypatch):
    made = Device()
    monkeypatch.setattr(opencv.cv2, "VideoCapture", made.capture)
    monkeypatch.setattr(opencv, "REOPEN_SECONDS", 0.01)
    yield made
    made.delivers.set()


def eventually(check):
    deadline = time.monotonic() + 5
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def test_a_missing_device_is_a_sentence():
    with pytest.raises(CameraError, match="'wrist' cannot be opened"):
        OpenCvCamera("wrist", "/dev/no-such-camera")


def test_pictures_come_newest_first_and_once_each(device):
    camera = OpenCvCamera("front", "0")
    first = camera.read(5.0)
    eventually(lambda: device.grabbed > first.seq + 10)
    device.delivers.clear()
    time.sleep(0.02)
    second = camera.read(5.0)
    assert second.seq > first.seq + 5  # what came in between is gone, not late
    assert tuple(second.image[0, 0]) == (200, 0, (second.seq + 1) % 250)
    assert not second.image.flags.writeable
    assert camera.read(0.0) is None
    device.delivers.set()
    camera.close()
    assert device.opened == [(0,)]
    assert second.t_ns > first.t_ns


def test_a_device_that_hangs_holds_up_nobody(device):
    device.delivers.clear()
    camera = OpenCvCamera("front", "0")
    start = time.monotonic()
    assert camera.read(0.02) is None
    assert time.monotonic() - start < 5.0
    device.delivers.set()
    assert camera.read(5.0) is not None
    camera.close()


def test_an_unplugged_device_is_an_error_until_it_is_back(device):
    camera = OpenCvCamera("front", "0")
    assert camera.read(5.0) is not None
    device.plugged = False

    def lost():
        try:
            camera.read(0.05)
        except CameraError as error:
            return "front" in str(error)
        return False

    eventually(lost)
    with pytest.raises(CameraError):
        camera.read(0.0)
    device.plugged = True
    eventually(lambda: not lost())
    frame = camera.read(5.0)
    assert frame.seq > 0  # it counts on
    assert len(device.opened) > 1
    camera.close()


def test_a_device_is_asked_for_the_calibrated_size(device):
    model = CameraModel.from_fov(width=1280, height=720, fovy=1.0, pose=np.eye(4))
    OpenCvCamera("front", "0", model).close()
    assert device.settings[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert device.settings[cv2.CAP_PROP_FRAME_HEIGHT] == 720


def test_the_password_of_a_stream_is_not_told(device):
    device.plugged = False
    with pytest.raises(CameraError) as caught:
        OpenCvCamera("front", "rtsp://admin:secret@10.0.0.9/live")
    assert "secret" not in str(caught.value)
    assert "rtsp://10.0.0.9/live" in str(caught.value)


class Stream(http.server.BaseHTTPRequestHandler):
    """Motion JPEG, as network cameras send it."""

    lost = threading.Event()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        self.end_headers()
        picture = cv2.imencode(".jpg", np.full((48, 64, 3), (30, 30, 220), np.uint8))[1].tobytes()
        head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
        try:
            while not self.lost.is_set():
                self.wfile.write(head.encode() + picture + b"\r\n")
                time.sleep(0.02)
        except OSError:
            pass

    def log_message(self, format, *args):
        pass


def test_a_real_stream_is_read_lost_and_found_again(monkeypatch):
    monkeypatch.setattr(opencv, "REOPEN_SECONDS", 0.05)
    Stream.lost.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stream) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        camera = OpenCvCamera("front", f"http://127.0.0.1:{server.server_port}/stream")
        frame = camera.read(5.0)
        assert frame.image.shape == (48, 64, 3)
        assert np.abs(frame.image[20, 20].astype(int) - (220, 30, 30)).max() < 12
        Stream.lost.set()

        def lost():
            try:
                camera.read(0.05)
            except CameraError as error:
                return "no picture any more" in str(error) or "cannot be opened" in str(error)
            return False

        eventually(lost)
        Stream.lost.clear()
        eventually(lambda: not lost() and camera.read(0.5) is not None)
        camera.close()
        Stream.lost.set()
        server.shutdown()
