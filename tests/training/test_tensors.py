from __future__ import annotations

import numpy as np
import torch

from core.model.image_processing import MolmoActImageProcessor
from core.model.processing import MolmoActProcessor
from training.embedded import GRID, PATCH, PATCHES, PREPROCESSOR, WIDTH
from training.encoding import asking_positions
from training.sampling import STEERED
from training.tensors import PACKED_MULTIPLE, STEERED_MULTIPLE, pack_rows, patches_of


def serve(tokenizer, images):
    settings = MolmoActImageProcessor.from_dict(PREPROCESSOR)
    processor = MolmoActProcessor(
        settings, tokenizer, use_col_tokens=False, multi_image_quirk=False
    )
    return processor("What?", list(images))


def two_pictures(shards):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (120, 160, 3), dtype=np.uint8)
    return [(shards[0].front[5], shards[0].wrist[5]), (noise, noise[::-1].copy())]


def test_training_cuts_the_same_patches_as_serving(tokenizer, shards):
    for pair in two_pictures(shards):
        ours = patches_of(np.stack(pair))
        assert ours.shape == (2, 1, PATCHES, 3 * PATCH * PATCH)
        theirs = serve(tokenizer, pair)["images"]
        assert torch.allclose(ours[:, 0], theirs[0], rtol=0.0, atol=1e-6)


def test_training_encodes_pictures_as_serving_does(model, tokenizer, shards):
    pair = two_pictures(shards)[0]
    made = serve(tokenizer, pair)
    slots = torch.arange(PATCHES).view(1, PATCHES, 1).expand(2, -1, -1)
    with torch.inference_mode():
        theirs = model.encode_images(made["images"], made["pooled_patches_idx"])
        ours = model.encode_images(patches_of(np.stack(pair)), slots)
    assert ours.shape == (2 * GRID * GRID, WIDTH)
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=5e-5)


def test_pictures_are_encoded_each_for_itself(model, shards):
    pictures = np.stack(two_pictures(shards)[0])
    slots = torch.arange(PATCHES).view(1, PATCHES, 1).expand(2, -1, -1)
    with torch.inference_mode():
        both = model.encode_images(patches_of(pictures), slots)
        alone = model.encode_images(patches_of(pictures[1:]), slots[1:])
    assert torch.allclose(both[PATCHES:], alone, atol=1e-5)


def packed_rows(sampler, encoder):
    batch = sampler.draw(frames=2, steered=1, reasoning=2)
    rows = [row for row in batch.rows if row.branches[0].kind != STEERED]
    assert all(len(row.branches) > 2 for row in rows)
    return rows, pack_rows(rows, sampler, encoder.prefix(PATCHES), encoder)


def test_a_branch_sees_the_pictures_and_itself_only(model, sampler, encoder):
    """Its logits in a packed row are those of the branch alone."""
    prefix = encoder.prefix(PATCHES)
    rows, packed = packed_rows(sampler, encoder)
    features = torch.randn(
        len(rows), 2 * PATCHES, WIDTH, generator=torch.Generator().manual_seed(1)
    )
    with torch.inference_mode():
        together = model(
            input_ids=packed.ids,
            attention_mask=packed.mask,
            position_ids=packed.positions,
            image_features=features,
        ).logits
        for index, row in enumerate(rows):
            cursor = len(prefix)
            for branch in row.branches:
                end = cursor + len(branch.prompt) + len(branch.answer.ids)
                ids = torch.cat([packed.ids[index, : len(prefix)], packed.ids[index, cursor:end]])
                alone = model(
                    input_ids=ids[None], image_features=features[index : index + 1]
                ).logits[0, len(prefix) :]
                assert torch.allclose(together[index, cursor:end], alone, atol=1e-4)
                cursor = end
    assert torch.isfinite(together).all()


def test_targets_are_the_clean_answers_at_the_positions_before_them(sampler, encoder):
    rows, packed = packed_rows(sampler, encoder)
    prefix = encoder.prefix(PATCHES)
    length = packed.ids.shape[1]
    assert length % PACKED_MULTIPLE == 0
    branches = [branch for row in rows for branch in row.branches]
    assert packed.target.tolist() == np.concatenate([b.answer.ids for b in branches]).tolist()
    assert len(packed.ask) == len(packed.spot) == len(packed.plan) == len(packed.colour)
    asking = set(packed.ask.tolist())
    assert (packed.ids[:, : len(prefix)] == torch.from_numpy(prefix)).all()
    flat = packed.ids.flatten()
    cursor = 0
    for branch in branches:
        count = len(branch.answer.ids)
        ask = int(packed.at[cursor])
        assert flat[ask - len(branch.prompt) + 1 : ask + 1].tolist() == branch.prompt.tolist()
        own = set((ask + asking_positions(branch.answer)).tolist())
        assert own == asking & set(range(ask, ask + count))
        assert packed.at[cursor : cursor + count].tolist() == list(range(ask, ask + count))
        # what is read differs from what is wanted in noisy values only
        read = flat[ask + 1 : ask + 1 + count]
        noisy = torch.from_numpy(branch.answer.group >= 0)
        assert (read == packed.target[cursor : cursor + count])[~noisy].all()
        cursor += count


def test_every_asking_token_knows_its_own_object(sampler, encoder):
    rows, packed = packed_rows(sampler, encoder)
    start = {}
    cursor = 0
    for branch in [branch for row in rows for branch in row.branches]:
        first = int(packed.at[cursor])
        cursor += len(branch.answer.ids)
        start |= dict.fromkeys(range(first, first + len(branch.answer.ids)), branch)
    for ask, spot, plan in zip(packed.ask.tolist(), packed.spot, packed.plan, strict=True):
        assert spot.tolist() == start[ask].spot.tolist()
        assert plan.tolist() == start[ask].plan.tolist()


def test_steered_rows_need_no_mask(sampler, encoder):
    batch = sampler.draw(frames=2, steered=2, reasoning=1)
    rows = [row for row in batch.rows if row.branches[0].kind == STEERED]
    packed = pack_rows(rows, sampler, encoder.prefix(PATCHES), encoder)
    assert packed.mask is None
    assert packed.positions is None
    assert packed.ids.shape[1] % STEERED_MULTIPLE == 0
    assert packed.pictures.tolist() == [[row.front, row.wrist] for row in rows]
    assert (packed.kind == STEERED).all()
