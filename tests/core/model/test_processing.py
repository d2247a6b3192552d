from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.model.image_processing import MolmoActImageProcessor
from core.model.processing import MolmoActProcessor, PromptError, join_images, wrap_prompt
from core.model.tokens import TokenizerError, load_tokenizer, token_ids

GOLDEN = Path(__file__).parents[2] / "data" / "golden" / "model_a"
GENERATION = {"bos_token_id": 1024, "eos_token_id": 1024, "pad_token_id": 1024}


def picture(height: int = 240, width: int = 320, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def processor() -> MolmoActProcessor:
    tokenizer = load_tokenizer(GOLDEN / "tokenizer.json", None, GENERATION)
    return MolmoActProcessor(MolmoActImageProcessor(), tokenizer)


def test_ids_come_from_the_tokenizer(processor: MolmoActProcessor) -> None:
    ids = processor.ids
    assert (ids.bos, ids.eos, ids.pad) == (1024, 1024, 1024)
    assert ids.image_patch == 1282
    assert ids.depth_codes == tuple(range(ids.depth_codes[0], ids.depth_codes[0] + 128))
    assert processor.tokenizer.decode([ids.depth_start]) == "<DEPTH_START>"


def test_single_picture_is_not_numbered(processor: MolmoActProcessor) -> None:
    batch = processor("go", [picture()])
    ids = batch["input_ids"][0].tolist()
    assert ids[:3] == [processor.ids.bos, processor.ids.image_start, processor.ids.image_patch]
    assert ids.count(processor.ids.image_patch) == 392 == len(batch["pooled_patches_idx"][0])
    assert processor.tokenizer.decode(ids[425:]) == wrap_prompt("go")
    assert batch["images"].shape == (1, 2, 729, 588)
    assert batch["images"].dtype == torch.float32


def test_two_pictures_are_numbered_from_one(processor: MolmoActProcessor) -> None:
    ids = processor("go", [picture(), picture()])["input_ids"][0].tolist()
    first = ids[1 : ids.index(processor.ids.image_start)]
    assert processor.tokenizer.decode(first) == "Image 1"
    assert "Image 2" in processor.tokenizer.decode(ids)


def test_quirk_changes_only_the_border_tokens_of_later_pictures(
    processor: MolmoActProcessor,
) -> None:
    images = [processor.images(picture(seed=i)) for i in range(2)]
    plain, shifted = (join_images(images, quirk=quirk)[2] for quirk in (False, True))
    changed = np.flatnonzero((plain != shifted).any(axis=1)) - 392
    rows, columns = np.divmod(changed % 196, 14)
    assert len(changed) == 2 * 27
    assert changed.min() >= 0
    assert ((rows == 13) | (columns == 13)).all()
    assert (shifted[plain != shifted] == 2 * 729 - 1).all()


def test_batches_are_padded_on_the_left(processor: MolmoActProcessor) -> None:
    batch = processor(["go", "go there"], [[picture(480, 640)], [picture()]])
    alone = processor("go there", [picture()])
    length = alone["input_ids"].shape[1]
    assert torch.equal(batch["input_ids"][1, -length:], alone["input_ids"][0])
    assert batch["attention_mask"][1].sum() == length
    assert (batch["input_ids"][1, :-length] == processor.ids.pad).all()
    for name in ("images", "image_masks", "pooled_patches_idx"):
        count = alone[name].shape[1]
        assert torch.equal(batch[name][1, :count], alone[name][0])
        assert (batch[name][1, count:] == -1).all()


def test_columns_can_be_left_out(processor: MolmoActProcessor) -> None:
    small = MolmoActImageProcessor(crop_mode="resize", image_pooling_h=1, image_pooling_w=1)
    own = MolmoActProcessor(small, processor.tokenizer, use_col_tokens=False)
    ids = own("go", [picture()])["input_ids"][0].tolist()
    assert ids[1 : 1 + 731] == [
        own.ids.image_start,
        *[own.ids.image_patch] * 729,
        own.ids.image_end,
    ]


def test_text_alone_has_no_pictures(processor: MolmoActProcessor) -> None:
    assert set(processor("go")) == {"input_ids", "attention_mask"}


@pytest.mark.parametrize("word", ["<im_patch>", "<im_end>", "<|endoftext|>"])
def test_reserved_words_are_refused(processor: MolmoActProcessor, word: str) -> None:
    with pytest.raises(PromptError, match="reserved"):
        processor(f"pick {word}", [picture()])


def test_texts_and_pictures_must_match(processor: MolmoActProcessor) -> None:
    with pytest.raises(PromptError, match="2 prompts"):
        processor(["a", "b"], [[picture()]])
    with pytest.raises(PromptError, match="others have none"):
        processor(["a", "b"], [[picture()], []])
    with pytest.raises(PromptError, match="0 prompts"):
        processor([])


def test_tokenizers_of_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="missing"):
        load_tokenizer(tmp_path / "tokenizer.json")
    bad = tmp_path / "tokenizer.json"
    bad.write_text("{}")
    with pytest.raises(TokenizerError, match="no tokenizer"):
        load_tokenizer(bad)
    text = (GOLDEN / "tokenizer.json").read_text(encoding="utf-8")
    bad.write_text(text.replace("<DEPTH_7>", "<OTHER_7>"), encoding="utf-8")
    with pytest.raises(TokenizerError, match="<DEPTH_7>"):
        token_ids(load_tokenizer(bad))


def test_names_of_special_tokens_may_be_objects() -> None:
    settings = {"eos_token": {"content": "<|im_end|>"}, "pad_token": "<|im_start|>"}
    tokenizer = load_tokenizer(GOLDEN / "tokenizer.json", settings)
    ids = token_ids(tokenizer)
    assert (ids.bos, ids.eos, ids.pad) == (1026, 1026, 1025)
