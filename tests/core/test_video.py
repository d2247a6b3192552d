import av
import numpy as np
import pytest

from core.types import StudioError
from core.video import VideoFile, even, shaper
from tests.core.export.videos import look_into, moving_square


def write(path, count=12, fps=10, **more):
    file = VideoFile(path, size=(64, 48), fps=fps, **more)
    for k in range(count):
        file.add(moving_square(3 * k))
    return file.finish()


def test_a_video_holds_every_picture_at_its_time_and_looks_like_them(tmp_path):
    seen = look_into(write(tmp_path / "a.mp4"))
    assert len(seen["pictures"]) == 12
    assert seen["rate"] == 10
    assert seen["seconds"] == pytest.approx(1.2)
    assert seen["codec"][0] == "h264"
    for k, picture in enumerate(seen["pictures"]):
        difference = np.abs(picture.astype(int) - moving_square(3 * k).astype(int))
        assert difference.mean() < 6
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_video_has_no_date_and_names_no_program(tmp_path):
    tags = look_into(write(tmp_path / "a.mp4"))["tags"]
    assert "encoder" not in tags
    assert "creation_time" not in tags


def test_there_is_a_keyframe_as_often_as_asked(tmp_path):
    path = write(tmp_path / "a.mp4", count=9, keyframe_every=2)
    with av.open(str(path)) as file:
        keys = [frame.key_frame for frame in file.decode(video=0)]
    assert keys == [True, False] * 4 + [True]


def test_a_video_that_is_given_up_or_empty_leaves_nothing(tmp_path):
    file = VideoFile(tmp_path / "a.mp4", size=(64, 48), fps=10)
    file.add(moving_square(1))
    file.abandon()
    with pytest.raises(StudioError, match="no picture"):
        VideoFile(tmp_path / "b.mp4", size=(64, 48), fps=10).finish()
    assert not list(tmp_path.iterdir())


def test_a_wrong_picture_and_a_missing_folder_are_said(tmp_path):
    with pytest.raises(StudioError, match="could not be written"):
        VideoFile(tmp_path / "none" / "a.mp4", size=(64, 48), fps=10)
    file = VideoFile(tmp_path / "a.mp4", size=(64, 48), fps=10)
    with pytest.raises(StudioError, match="this video is"):
        file.add(np.zeros((48, 66, 3), np.uint8))
    file.abandon()


def test_pictures_are_cut_around_the_centre_and_scaled():
    image = np.zeros((40, 100, 3), np.uint8)
    image[:, 30:70] = 255
    shaped = shaper((100, 40), (20, 20))(image)
    assert shaped.shape == (20, 20, 3)
    assert shaped.min() == 255
    assert even((65, 3)) == (64, 2)
