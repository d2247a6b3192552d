import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import StudioError
from training.data.pointing import HttpPointer, load_pointer, question_for, read_point

PICTURE = np.zeros((24, 32, 3), np.uint8)


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ('<point x="50.0" y="20" alt="gripper">gripper</point>', (127.5, 51)),
        (' <point y="100" x="0" alt="">', (0, 255)),
        ('<points x1="10" y1="20" x2="90" y2="90" alt="a">a</points>', (25.5, 51)),
        ('<points coords="1 1 500 200">gripper</points>', (127.5, 51)),
        ('<points coords="1 1 250 1000 2 300 300"/>', (63.75, 255)),
        ("<points coords='2.0\t1 1 100 100'/>", (25.5, 25.5)),
        ('<point x="101" y="20">', None),
        ("There is no gripper in this picture.", None),
        ('<point x="50">', None),
        ("", None),
    ],
)
def test_answers_are_read(answer, place):
    found = read_point(answer)
    assert (found is None) if place is None else np.allclose(found, place)


@given(x=st.integers(0, 1000), y=st.integers(0, 1000))
def test_percent_and_thousandths_mean_the_same(x, y):
    percent = read_point(f'<point x="{x / 10}" y="{y / 10}" alt="it">it</point>')
    assert np.allclose(percent, read_point(f'<points coords="1 1 {x} {y}"/>'))


@given(st.text(max_size=60))
def test_any_text_gives_a_place_within_the_picture_or_none(text):
    found = read_point(text)
    assert found is None or (found.shape == (2,) and (found >= 0).all() and (found <= 255).all())


def test_the_question_is_the_papers():
    assert question_for("right", ["right"]) == "point to the robot gripper"
    assert question_for("left", ["left", "right"]) == "point to the robot gripper on the left"


@pytest.fixture
def endpoint():
    """An OpenAI-compatible server that answers what it is told to."""
    seen, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._send(200, {"data": [{"id": "allenai/Molmo2-8B"}]})

        def do_POST(self):
            seen.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(*(answers.pop(0) if answers else (200, said('<point x="20" y="40">'))))

        def _send(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", seen, answers
    server.shutdown()
    server.server_close()
    thread.join()


def said(text):
    return {"choices": [{"message": {"content": text}}]}


def test_an_endpoint_is_asked_with_the_picture(endpoint):
    url, seen, _ = endpoint
    place = HttpPointer(url).point(PICTURE, "point to the robot gripper")
    assert np.allclose(place, [51, 102])
    assert seen[0]["model"] == "allenai/Molmo2-8B"
    assert seen[0]["temperature"] == 0
    image, words = seen[0]["messages"][0]["content"]
    assert image["image_url"]["url"].startswith("data:image/png;base64,iVBOR")
    assert words["text"] == "point to the robot gripper"


def test_a_server_that_stumbles_is_asked_again(endpoint):
    url, seen, answers = endpoint
    answers += [(503, {"error": "busy"}), (200, said("no gripper here"))]
    assert HttpPointer(url, wait_s=0.0).point(PICTURE, "point") is None
    assert len(seen) == 2


def test_a_request_that_is_refused_is_not_repeated(endpoint):
    url, seen, answers = endpoint
    answers.append((400, {"error": "image too large"}))
    with pytest.raises(StudioError, match=r"400 .*image too large"):
        HttpPointer(url, wait_s=0.0).point(PICTURE, "point")
    assert len(seen) == 1


def test_what_cannot_be_had_is_said():
    with pytest.raises(StudioError, match="does not answer"):
        HttpPointer("http://127.0.0.1:9", "model", wait_s=0.0).point(PICTURE, "point")
    with pytest.raises(StudioError, match="is no address"):
        HttpPointer("file:///etc/passwd")
    with pytest.raises(StudioError, match="--pointing-url"):
        load_pointer("", "")
