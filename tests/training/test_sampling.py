from __future__ import annotations

import numpy as np
import pytest
import torch

from core.stroke import deviation
from core.trace import to_model
from robot.sim.layout import SHAPES
from robot.sim.scene import FRAME_SIZE
from training.augment import drawn_trace
from training.pairs import PICK
from training.recording import IMAGE_SIZE
from training.sampling import MOST_POINTING, POINTING, REASONING, STEERED, TRACE, Sampler
from training.vision_heads import SPOTS, SpotHeads, join_cells, split_cells, spot_table


def test_a_batch_shows_every_frame_steered_and_some_of_them_clean(sampler, shards):
    batch = sampler.draw(frames=4, steered=2, reasoning=2)
    assert batch.front.shape == (4 * 2 + 2, IMAGE_SIZE[1], IMAGE_SIZE[0], 3)
    assert batch.wrist.shape == (4, IMAGE_SIZE[1], IMAGE_SIZE[0], 3)
    steered = [row for row in batch.rows if row.branches[0].kind == STEERED]
    asked = [row for row in batch.rows if row.branches[0].kind != STEERED]
    assert (len(steered), len(asked)) == (8, 2)
    for row in steered:
        assert len(row.branches) == 1
        assert np.isfinite(batch.goal[row.front]).all()
        clean = sampler.picture("front", int(batch.front_frame[row.front]))
        changed = (batch.front[row.front] != clean).any(-1)
        assert 0 < changed.sum() < 1500
        # cyan: the drawn line takes red away
        assert batch.front[row.front][changed][:, 0].mean() < clean[changed][:, 0].mean()
    for row in asked:
        frame = int(batch.front_frame[row.front])
        assert np.array_equal(batch.front[row.front], sampler.picture("front", frame))
        assert np.isnan(batch.goal[row.front]).all()
        kinds = [branch.kind for branch in row.branches]
        assert kinds.count(REASONING) == 1
        assert 1 <= kinds.count(TRACE) <= 2
        present = np.isfinite(shards[0].states["objects"][frame, :, 0]).sum()
        assert kinds.count(POINTING) == min(present, MOST_POINTING)
    for row in batch.rows:
        frame = int(batch.wrist_frame[row.wrist])
        assert frame == batch.front_frame[row.front]
        assert np.array_equal(batch.wrist[row.wrist], sampler.picture("wrist", frame))


def test_draws_repeat_after_the_same_reseed(sampler):
    batches = []
    for step in (3, 3, 4):
        sampler.reseed(step)
        batches.append(sampler.draw(frames=2, steered=1, reasoning=1))
    assert np.array_equal(batches[0].front, batches[1].front)
    first, second = (batch.rows[0].branches[0] for batch in batches[:2])
    assert np.array_equal(first.prompt, second.prompt)
    assert np.array_equal(first.answer.ids, second.answer.ids)
    assert not np.array_equal(batches[0].front, batches[2].front)


def test_without_depth_codes_there_are_no_full_answers(shards, labels, encoder, statistics):
    sampler = Sampler(
        shards=shards, labels=labels, codes={}, encoder=encoder, statistics=statistics, seed=0
    )
    batch = sampler.draw(frames=2, steered=1, reasoning=2)
    assert not any(b.kind == REASONING for row in batch.rows for b in row.branches)


def test_full_answers_are_asked_for_frames_with_depth_codes(sampler, codes):
    for _ in range(5):
        batch = sampler.draw(frames=3, steered=1, reasoning=3)
        assert set(batch.wrist_frame.tolist()) <= set(codes)


def test_only_labelled_frames_are_drawn(shards, labels, codes, encoder, statistics):
    keep = labels.frame % 2 == 0
    names = labels.__dataclass_fields__
    few = type(labels)(**{name: getattr(labels, name)[keep] for name in names})
    sampler = Sampler(
        shards=shards, labels=few, codes=codes, encoder=encoder, statistics=statistics, seed=0
    )
    for _ in range(5):
        batch = sampler.draw(frames=4, steered=1, reasoning=2)
        assert (batch.wrist_frame % 2 == 0).all()


def test_cells_and_offsets_are_points_again():
    points = torch.rand(200, 2, generator=torch.Generator().manual_seed(0)) * 255.0
    cell, offset = split_cells(points)
    assert cell.min() >= 0
    assert cell.max() < 64
    assert offset.abs().max() <= 1.0
    assert torch.allclose(join_cells(cell, offset), points, atol=1e-3)


def test_spots_are_where_things_are(shards, labels):
    table = spot_table(shards)
    states = shards[0].states
    count = len(states["tool"])
    assert table.front.shape == table.wrist.shape == (count, SPOTS, 2)
    assert np.isnan(table.front[:, 1]).all()
    assert np.isnan(table.wrist[:, :2]).all()
    for index in range(len(labels)):
        frame = labels.frame[index]
        colour = int(states["colour"][frame, labels.target[index]])
        if labels.kind[index] == PICK:
            assert np.allclose(table.front[frame, 2 + colour], labels.goal[index])
        assert np.allclose(table.front[frame, 0], labels.tool[index])
    present = np.isfinite(table.wrist[..., 0])
    assert 0 < present.sum() < present.size
    assert np.abs(table.scalars).max() < 2.0


def test_a_held_object_lies_before_the_fingers_in_the_wrist_picture(shards, labels):
    table = spot_table(shards)
    states = shards[0].states
    middle = to_model(np.array([FRAME_SIZE[0] / 2, 0.0]), FRAME_SIZE)[0]
    frames = labels.frame[labels.held]
    if not len(frames):
        pytest.skip("nothing was held in this shard")
    for frame in frames:
        colour = int(states["colour"][frame, states["held"][frame]])
        assert abs(table.wrist[frame, 2 + colour, 0] - middle) < 15.0


def test_heads_learn_from_what_is_there_only():
    torch.manual_seed(0)
    heads = SpotHeads()
    features = torch.randn(2, 64, 192)
    spots = torch.full((2, SPOTS, 2), torch.nan)
    spots[:, 0] = torch.tensor([[10.0, 20.0], [200.0, 100.0]])
    loss, errors = heads(features, spots, torch.zeros(2, 2), wrist=False)
    loss.backward()
    assert torch.isfinite(loss)
    assert set(errors) == {"front_gripper"}
    gradient = heads.front.weight.grad.view(SPOTS, 3, -1)
    assert gradient[0].abs().max() > 0
    assert gradient[1:].abs().max() == 0


def test_lines_lead_from_the_gripper_by_way_of_the_thing_to_its_destination(labels):
    rng = np.random.default_rng(0)
    for pair in range(len(labels)):
        for _ in range(3):
            points, goal = drawn_trace(rng, labels, pair)
            assert points.ndim == 2
            assert 2 <= len(points) <= 5
            assert points.min() >= 0.0
            assert points.max() <= 255.0
            assert np.array_equal(points[-1], goal)
    free = ~labels.held & ~labels.placed & ~labels.empty & (labels.distance > 0.05)
    rows = np.nonzero(free & (labels.kind != PICK))[0]
    assert len(rows) > 10
    ends, vias = [], []
    for pair in rows:
        points, goal = drawn_trace(rng, labels, pair)
        ends.append(np.linalg.norm(goal - labels.end[pair]))
        vias.append(deviation(labels.goal[pair : pair + 1], points))
    assert np.median(ends) < 8.0
    assert np.median(vias) < 12.0


def test_each_kind_of_task_is_drawn_as_often(sampler, labels):
    frame = int(np.bincount(labels.frame[~labels.held]).argmax())
    pairs = np.nonzero(labels.frame == frame)[0]
    assert set(labels.kind[pairs].tolist()) == {0, 1, 2}
    drawn = [labels.kind[sampler._targets(pairs, 1)[0]] for _ in range(300)]
    assert (np.bincount(drawn) > 60).all()


def test_what_cannot_be_taken_is_pointed_at_without_a_plan(sampler, shards, labels):
    shape = shards[0].states["shape"]
    frame, index = (int(rows[0]) for rows in np.nonzero(shape == SHAPES.index("plate")))
    pairs = np.nonzero(labels.frame == frame)[0]
    branch = sampler._pointing(frame, index, pairs)
    assert branch.plan[2:].tolist() == [-1, -1, -1]
    assert np.allclose(branch.plan[:2], labels.tool[pairs[0]], atol=0.5)
    assert branch.colour == shards[0].states["colour"][frame, index]
