import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.camera import CameraModel
from core.episode import Outcome
from core.overlay import draw_trace, prepare_frame
from core.session import events
from core.trace import to_model
from core.types import Frame, Observation, Reasoning, StudioError, Trace, TraceSource
from tests.core.export.sessions import SIZE, Story, write
from training.data.dataset import open_dataset
from training.data.from_sessions import from_sessions
from training.data.types import trace_points

MODEL_SIZE = (16, 12)
DRAWN = [[200.0, 40.0], [140.0, 90.0], [60.0, 200.0]]


def camera():
    """Look down from 1 m above the place at which the story's arm begins."""
    pose = np.eye(4)
    pose[:3, :3] = np.diag([1.0, -1.0, -1.0])
    pose[:3, 3] = (0.45, 0.0, 1.2)
    return CameraModel.from_fov(width=SIZE[0], height=SIZE[1], fovy=0.6, pose=pose)


class SteeredStory(Story):
    """A story whose questions carry other pictures than the live ones, and I+."""

    def begin(self, calibrated=True):
        self.tell(
            events.SessionStarted,
            policy="embedded",
            checkpoint="ab" * 32,
            robot="lab",
            cameras={"front": camera() if calibrated else None, "wrist": None},
        )
        self.wait(0.5)

    def picture(self, value):
        return super().picture(value % 200)  # this story is longer

    def question(self, request_id):
        rng = np.random.default_rng(request_id)
        return rng.integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8)

    def plan(self, request_id, instruction, drawn=None, spoil=False):
        image = self.question(request_id)
        frames = tuple(
            Frame(camera=name, image=image if name == "front" else image[::-1], t_ns=self.mono())
            for name in ("front", "wrist")
        )
        observation = Observation(frames=frames, instruction=instruction, state=self.state())
        self.tell(events.Observed, request_id=request_id, observation=observation)
        if drawn is not None:
            line = Trace(points=np.array(drawn), source=TraceSource.USER)
            shown = draw_trace(prepare_frame(image, MODEL_SIZE), line.points)
            if spoil:
                shown[0, 0] ^= 1
            self.tell(events.Steered, request_id=request_id, trace=line, model_image=shown)
        self.wait(0.5)
        trace = Trace(points=np.array([[10.0, 20.0], [30.0, 40.0]]))
        answer = Reasoning(request_id=request_id, text="…", traces=(trace,))
        self.tell(events.Reasoned, reasoning=answer)

    def episode(self, number, outcome, requests, steps=3, **options):
        words = f"lift cube {number}"
        self.tell(events.EpisodeStarted, number=number, instruction=words, rubric="Lift")
        for request, drawn in requests:
            self.plan(request, words, drawn, **options)
            self.run(request, steps)
        if outcome is not None:
            self.tell(events.EpisodeEnded, number=number, outcome=outcome, progress=90)
        self.wait(0.3)


def steered(calibrated=True):
    story = SteeredStory()
    story.begin(calibrated)
    story.episode(1, Outcome.SUCCESS, [(1, None), (2, DRAWN), (3, DRAWN[1:])])
    story.episode(2, Outcome.FAILURE, [(4, DRAWN)])
    story.episode(3, Outcome.DISCARDED, [(5, DRAWN)])
    story.episode(4, Outcome.SUCCESS, [(6, DRAWN)])
    story.episode(5, Outcome.SUCCESS, [(7, DRAWN)], steps=1)
    return story.events


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("sessions")
    path = write(place / "session-20261123-101112.mcap", steered())
    return from_sessions([path], place / "out")


def test_only_successes_are_learned_from_and_the_rest_is_counted(made):
    folder, counts = made
    dataset = open_dataset(folder)
    assert [episode.length for episode in dataset.episodes] == [9, 3]
    assert dataset.about["left_out"] == {
        "fewer than two steps were executed": 1,
        "the episode failed": 1,
        "the episode was discarded": 1,
    }
    assert (counts.rows, counts.steered) == (12, 9)
    assert [e.about["session_episode"] for e in dataset.episodes] == [1, 4]
    assert all(episode.about["success"] for episode in dataset.episodes)


def test_a_row_is_an_executed_step_and_says_who_steered(made):
    dataset = open_dataset(made[0])
    rows = dataset.rows(dataset.episodes[0])
    assert np.allclose(rows["action"][4], np.arange(7, 14) / 1000 + 2, atol=1e-6)
    assert rows["intervention"].tolist() == [False] * 3 + [True] * 6
    assert rows["trace_user"].tolist() == rows["intervention"].tolist()
    assert rows["asked"].tolist() == [True, False, False] * 3
    assert dataset.tasks[int(rows["task_index"][0])] == "lift cube 1"
    assert np.allclose(rows["timestamp"], np.arange(9) / 5)


def test_i_plus_comes_out_exactly_as_the_policy_saw_it(made):
    folder, counts = made
    dataset = open_dataset(folder)
    assert (counts.asked, counts.rebuilt) == (3, 3)
    assert dataset.about["model_image_size"] == list(MODEL_SIZE)
    front = dataset.about["cameras"][0]
    story = SteeredStory()
    for episode, row, request in ((0, 3, 2), (0, 6, 3), (1, 0, 6)):
        rows = dataset.rows(dataset.episodes[episode])
        points = trace_points(rows["trace"][row], rows["trace_length"][row])
        picture = dataset.picture(dataset.episodes[episode], front, row)
        assert np.array_equal(picture, story.question(request))
        shown = draw_trace(prepare_frame(story.question(request), MODEL_SIZE), points)
        wanted = DRAWN[1:] if request == 3 else DRAWN
        assert np.array_equal(
            shown, draw_trace(prepare_frame(story.question(request), MODEL_SIZE), wanted)
        )


def test_an_i_plus_that_is_another_is_not_counted_as_rebuilt(tmp_path):
    story = SteeredStory()
    story.begin()
    story.episode(1, Outcome.SUCCESS, [(1, DRAWN)], spoil=True)
    path = write(tmp_path / "session-20261123-101112.mcap", story.events)
    _, counts = from_sessions([path], tmp_path / "out")
    assert (counts.asked, counts.rebuilt) == (1, 0)


def test_later_in_a_plan_the_rest_of_the_line_begins_at_the_gripper(made):
    dataset = open_dataset(made[0])
    rows = dataset.rows(dataset.episodes[0])
    for row in (4, 5):
        place = rows["observation.state"][row][:3].astype(float)
        here = to_model(camera().project(place) - 0.5, SIZE)
        line = trace_points(rows["trace"][row], rows["trace_length"][row])
        assert np.allclose(line[0], here, atol=0.01)
        assert np.allclose(line[-1], DRAWN[-1], atol=0.01)


def test_without_a_drawing_the_trace_is_the_way_that_was_taken(made):
    dataset = open_dataset(made[0])
    rows = dataset.rows(dataset.episodes[0])
    places = rows["observation.state"][:, :3].astype(float)
    way = to_model(camera().project(places) - 0.5, SIZE)
    line = trace_points(rows["trace"][0], rows["trace_length"][0])
    assert np.allclose(line, way[np.linspace(0, 8, 5).astype(int)], atol=0.05)


def test_without_a_calibration_the_policys_own_trace_stands_in(tmp_path):
    path = write(tmp_path / "session-20261123-101112.mcap", steered(calibrated=False))
    dataset = open_dataset(from_sessions([path], tmp_path / "out")[0])
    rows = dataset.rows(dataset.episodes[0])
    assert np.allclose(rows["trace"][1][:4], [10, 20, 30, 40])
    assert np.allclose(rows["trace"][4][:6], np.ravel(DRAWN))


def test_the_drawn_trace_is_an_event_as_lerobot_has_it(made):
    table = pq.read_table(made[0] / "data/chunk-000/file-000.parquet").to_pylist()
    (event,) = table[3]["language_events"]
    assert (event["role"], event["style"]) == ("user", "trace")
    assert event["camera"] == "observation.images.front"
    assert json.loads(event["content"])["points"] == DRAWN
    assert table[0]["language_events"][0]["role"] == "assistant"
    assert table[4]["language_events"] == []


def test_what_cannot_be_learned_from_is_said(tmp_path):
    story = SteeredStory()
    story.begin()
    story.episode(1, Outcome.FAILURE, [(1, DRAWN)])
    path = write(tmp_path / "session-20261123-101112.mcap", story.events)
    with pytest.raises(StudioError, match=r"no successful episode .*the episode failed \(1\)"):
        from_sessions([path], tmp_path / "out")
    good = write(tmp_path / "session-20261123-101113.mcap", steered())
    with pytest.raises(StudioError, match="do not share the camera 'top'; they share: front"):
        from_sessions([good], tmp_path / "out", cameras=["top"])
    story = SteeredStory()
    story.begin()
    story.plan(1, "lift")
    story.run(1, 3)
    loose = write(tmp_path / "session-20261123-101114.mcap", story.events)
    with pytest.raises(StudioError, match="nobody said how it ended"):
        from_sessions([loose], tmp_path / "out")
    folder, counts = from_sessions([loose], tmp_path / "out", unmarked=True)
    assert counts.rows == 3
    assert open_dataset(folder).episodes[0].about["success"] is None
