from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from robot.sim.direct import DirectLab
from robot.sim.expert import HandState, expert_action
from robot.sim.kinematics import down_pose, home_joints, joints_for
from robot.sim.layout import (
    COLOURS,
    HELD_OUT_SEED,
    SHAPES,
    SLOTS,
    Layout,
    ObjectSpec,
    random_layout,
)
from robot.sim.scene import (
    FRAME_SIZE,
    FRONT_JITTER,
    HOME_POSITION,
    camera_models,
    jittered_front,
    picture_points,
    rest_height,
)
from robot.sim.task_layout import task_layout
from robot.sim.tasks import (
    TaskKind,
    destination,
    draw_task,
    is_done,
    is_lifted,
    nearest_object,
    progress,
)

ASIDE = np.array([0.42, 0.16, 0.30])
"""A place of the hand where it hides nothing in the front picture."""


@pytest.fixture(scope="module")
def lab() -> Iterator[DirectLab]:
    lab = DirectLab()
    yield lab
    lab.close()


def table(*names: str) -> Layout:
    """Put named objects apart from each other."""
    places = [(0.50, -0.12), (0.58, -0.02), (0.47, 0.02), (0.56, 0.10)]
    used = dict.fromkeys(SHAPES, 0)
    objects = []
    for name, (x, y) in zip(names, places, strict=False):
        colour, shape = name.split()
        slot = f"{shape}_{used[shape]}"
        used[shape] += 1
        objects.append(ObjectSpec(slot=slot, colour=colour, shape=shape, x=x, y=y))
    return Layout(objects=tuple(objects))


def colour_at(image: np.ndarray, pixel: np.ndarray) -> str:
    """Name the colour whose direction a small patch of the picture has."""
    x, y = np.floor(pixel).astype(int)
    seen = image[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(0)
    names = list(COLOURS)
    known = np.array([COLOURS[name] for name in names])
    known = known / np.linalg.norm(known, axis=1, keepdims=True)
    return names[int(np.argmax(known @ (seen / np.linalg.norm(seen))))]


def test_the_scene_holds_arm_objects_and_cameras(lab):
    model = lab.model
    assert model.nq == 9 + 7 * len(SLOTS)
    assert {model.camera(index).name for index in range(model.ncam)} >= {"front", "wrist"}
    for slot in SLOTS:
        assert model.geom(f"{slot}_geom").id >= 0


@pytest.mark.parametrize(
    "names",
    [
        ("red cube", "green cylinder", "blue cube"),
        ("yellow cylinder", "purple cube", "orange cylinder"),
        ("blue brick", "orange plate", "green cube", "red plate"),
    ],
)
def test_objects_appear_where_the_front_camera_projects_them(lab, names):
    layout = table(*names)
    lab.reset(layout, ASIDE)
    image, camera = lab.frames()[0].image, camera_models()["front"]
    assert image.shape == (FRAME_SIZE[1], FRAME_SIZE[0], 3)
    depth = lab.renderer.depth(lab.data, "front")
    for item in layout.objects:
        centre = lab.object_position(item.slot)
        pixel = camera.project(centre)
        assert colour_at(image, pixel) == item.colour
        x, y = np.floor(pixel).astype(int)
        surface = camera.back_project(pixel, depth[y, x])
        assert np.linalg.norm(surface - centre) < 0.035


def test_objects_appear_where_the_wrist_camera_projects_them(lab):
    layout = table("red cube", "green cylinder", "blue cube")
    camera = camera_models()["wrist"]
    assert camera.mounted_on_hand
    for item in layout.objects:
        lab.reset(layout, np.array([item.x - 0.03, item.y, 0.17]))
        pose = lab.state().ee_pose
        place = lab.object_position(item.slot)
        pixel = camera.project((place - pose[:3, 3]) @ pose[:3, :3])
        assert colour_at(lab.frames()[1].image, pixel) == item.colour


def test_reset_places_hand_and_objects(lab):
    layout = random_layout(4)
    lab.reset(layout)
    # position servos sag under the arm's weight
    assert np.allclose(lab.tool, HOME_POSITION, atol=0.008)
    assert lab.width > 0.07
    for item in layout.objects:
        place = lab.object_position(item.slot)
        assert np.allclose(place[:2], (item.x, item.y), atol=0.003)
        assert place[2] == pytest.approx(rest_height(item.shape), abs=0.003)
        assert not lab.lifted(item.slot)
    state = lab.state()
    assert np.allclose(state.ee_pose[:3, :3], down_pose(np.zeros(3))[:3, :3], atol=0.02)
    assert state.gripper > 0.9


def test_a_start_out_of_reach_is_refused(lab):
    with pytest.raises(ValueError, match="out of the arm's reach"):
        lab.reset(random_layout(0), np.array([2.0, 0.0, 0.2]))


def test_a_step_moves_the_tool_by_its_delta(lab):
    lab.reset(random_layout(0))
    before = lab.tool
    lab.step(np.array([0.02, -0.01, 0.015, 0, 0, 0, 1.0]))
    assert np.allclose(lab.tool - before, [0.02, -0.01, 0.015], atol=0.003)


def test_a_step_out_of_reach_leaves_the_hand(lab):
    lab.reset(random_layout(0))
    before = lab.command.copy()
    lab.step(np.array([3.0, 0, 0, 0, 0, 0, 1.0]))
    assert np.array_equal(lab.command, before)


def test_the_gripper_closes_on_nothing_and_opens_again(lab):
    lab.reset(random_layout(0))
    lab.step(np.zeros(7))
    assert lab.width < 0.02
    lab.step(np.array([0, 0, 0, 0, 0, 0, 1.0]))
    assert lab.width > 0.06


@pytest.mark.parametrize("seed", range(HELD_OUT_SEED, HELD_OUT_SEED + 5))
def test_the_expert_lifts_an_object(lab, seed):
    layout = random_layout(seed)
    lab.reset(layout)
    slot = layout.objects[-1].slot
    closed = False
    for _ in range(24):
        state = HandState(position=lab.tool[None], width=np.array([lab.width]))
        action = expert_action(state, lab.object_position(slot)[None])[0]
        closed = closed or action[6] < 0.5
        lab.step(action)
        if lab.lifted(slot):
            break
    assert closed
    assert lab.lifted(slot)
    assert lab.grasped(slot)
    assert not any(lab.lifted(item.slot) for item in layout.objects if item.slot != slot)


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("seed", range(HELD_OUT_SEED, HELD_OUT_SEED + 3))
def test_the_expert_does_every_kind_of_task(lab, seed, kind):
    layout = task_layout(seed)
    task = draw_task(np.random.default_rng(seed), layout, kind)
    lab.reset(layout)
    target = layout.named(task.target).slot
    before = lab.places()
    for _ in range(45):
        places = lab.places()
        goal = destination(task, layout, places)
        state = HandState(position=lab.tool[None], width=np.array([lab.width]))
        goals = None if goal is None else goal[None]
        lab.step(expert_action(state, places[target][None], goals)[0])
        if is_done(task, layout, lab.places(), lab.tool, lab.width):
            break
    assert is_done(task, layout, lab.places(), lab.tool, lab.width)
    for slot, place in lab.places().items():
        if slot != target:
            assert np.linalg.norm(place - before[slot]) < 0.02


def test_parked_bodies_stay_and_touch_nothing(lab):
    lab.reset(random_layout(4))
    used = {item.slot for item in lab.layout.objects}
    before = {slot: lab.object_position(slot) for slot in SLOTS if slot not in used}
    lab.reset(task_layout(4))  # others are parked now, and these may be used
    lab.reset(random_layout(4))
    for _ in range(3):
        lab.step(np.array([0, 0, -0.01, 0, 0, 0, 1.0]))
    for slot, place in before.items():
        assert np.allclose(lab.object_position(slot), place, atol=1e-6)
    for item in lab.layout.objects:
        height = lab.object_position(item.slot)[2]
        assert height == pytest.approx(rest_height(item.shape), abs=0.003)


def test_what_lies_still_costs_nothing_until_it_is_touched(lab):
    layout = task_layout(HELD_OUT_SEED)
    lab.reset(layout)
    for _ in range(3):
        lab.step(np.array([0, 0, 0, 0, 0, 0, 1.0]))
    assert lab.data.ntree_awake == 1  # the arm
    lab.reset(random_layout(HELD_OUT_SEED))  # and all of it wakes for the next table
    for item in lab.layout.objects:
        assert np.allclose(lab.object_position(item.slot)[:2], (item.x, item.y), atol=0.003)


@pytest.mark.parametrize("size", list(FRONT_JITTER))
def test_labels_follow_a_front_camera_that_was_moved(lab, size):
    layout = table("red cube", "green cylinder", "blue plate")
    usual = camera_models()["front"]
    for seed in range(4):
        front = jittered_front(np.random.default_rng(seed), size)
        lab.reset(layout, ASIDE, front=front)
        assert lab.front is front
        moved = np.linalg.norm(front.pose[:3, 3] - usual.pose[:3, 3])
        assert 0.0 < moved <= 2.0 * FRONT_JITTER[size][0]
        image = lab.frames()[0].image
        for item in layout.objects:
            place = lab.object_position(item.slot)
            pixel = front.project(place)
            if (pixel > 4).all() and (pixel < np.array(FRAME_SIZE) - 4).all():
                assert colour_at(image, pixel) == item.colour
            assert np.allclose(
                picture_points(place, front) * (np.array(FRAME_SIZE) - 1) / 255.0,
                np.clip(pixel - 0.5, 0, np.array(FRAME_SIZE) - 1),
            )
    lab.reset(layout, ASIDE)
    assert np.array_equal(lab.front.pose, usual.pose)
    for item in layout.objects:
        pixel = usual.project(lab.object_position(item.slot))
        assert colour_at(lab.frames()[0].image, pixel) == item.colour


def test_the_same_actions_give_the_same_end(lab):
    ends = []
    for _ in range(2):
        lab.reset(random_layout(5))
        for _ in range(4):
            lab.step(np.array([0.01, 0.01, -0.02, 0, 0, 0, 1.0]))
        ends.append(lab.data.qpos.copy())
    assert np.array_equal(*ends)


def test_joints_put_the_tool_where_it_is_wanted():
    assert joints_for(np.array([0.5, 0.1, 0.1])) is not None
    assert joints_for(np.array([3.0, 0.0, 0.1])) is None
    assert home_joints().shape == (7,)


def test_progress_follows_the_papers_rubric():
    assert progress(moved_towards=False, grasped=False, lifted=False) == 0.0
    assert progress(moved_towards=True, grasped=False, lifted=False) == 0.5
    assert progress(moved_towards=True, grasped=True, lifted=False) == 0.85
    assert progress(moved_towards=True, grasped=True, lifted=True) == 1.0
    assert is_lifted("cube", rest_height("cube") + 0.061)
    assert not is_lifted("cube", rest_height("cube") + 0.059)
    assert nearest_object(np.zeros(2), np.array([[3.0, 0.0], [1.0, 1.0]])) == 1
