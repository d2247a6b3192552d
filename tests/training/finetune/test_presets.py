from __future__ import annotations

import pytest

from training.finetune.preset import EMBEDDED, preset_names, preset_values, read_preset
from training.finetune.reading import PresetError, with_words


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_read(name):
    values = preset_values(name)
    if values.get("recipe") == EMBEDDED:
        return
    preset = read_preset(name, model=None if values.get("model") or "build" in values else "folder")
    assert preset.steps > 0


def test_the_adapter_preset_has_the_papers_numbers():
    preset = read_preset("posttrain-7b-lora")
    assert preset.lora is not None
    assert (preset.lora.rank, preset.lora.alpha, preset.lora.dropout) == (32, 16, 0.0)
    own = preset.optimiser
    assert {own.vision, own.connector, own.llm} == {5e-4}
    assert (own.warm_up, own.final, own.beta1, own.beta2) == (200, 0.1, 0.9, 0.95)
    assert (own.eps, own.weight_decay, own.clip) == (1e-6, 0.0, 1.0)
    assert (preset.batch, preset.images, preset.chunk, preset.z_loss) == (64, 2, 8, 1e-4)


def test_the_pretraining_mixture_has_the_papers_rates():
    groups = read_preset("pretrain-7b", model="folder").mixture
    assert [group.rate for group in groups] == [0.40, 0.25, 0.15, 0.15]


def test_words_change_single_values():
    preset = read_preset("tiny-smoke", ("steps=7", "optimiser.llm=5e-4", "lora={rank: 2}"))
    assert preset.steps == 7
    assert preset.optimiser.llm == 5e-4
    assert preset.optimiser.warm_up == 4
    assert preset.lora is not None
    assert preset.lora.rank == 2


def test_words_leave_the_given_values_alone():
    values = {"a": {"b": 1}}
    assert with_words(values, ["a.b=2"]) == {"a": {"b": 2}}
    assert values == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("stepz=7",), "no key 'stepz'; did you mean 'steps'"),
        (("optimiser.lmm=1",), "no key 'optimiser.lmm'"),
        (("steps=many",), "steps is 'many'; expected a whole number"),
        (("steps=0",), "expected at least 1"),
        (("steps",), "expected key=value"),
        (("precision=fp8",), "choose one of bf16, fp32"),
        (("image_size=[1, 2, 3]",), "expected a list of 2 values"),
        (("optimiser=3",), "expected names with values"),
        (("held_out=1.5",), "expected a share"),
        (("augment.crop_least=0",), "expected 0 < a <= b"),
        (("ema=1.0",), "expected a decay"),
        (("build=null",), "give --model"),
        (("steps=[",), "cannot be read"),
    ],
)
def test_a_wrong_setting_is_told(words, sentence):
    with pytest.raises(PresetError) as error:
        read_preset("tiny-smoke", words)
    assert sentence in str(error.value)


@pytest.mark.parametrize("name", ["nothing", "../presets/tiny", "no/such.yaml"])
def test_an_unknown_preset_is_told(name):
    with pytest.raises(PresetError, match="there is no preset"):
        read_preset(name)


def test_a_preset_of_ones_own_is_read_from_its_path(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("steps: 3\n")
    with pytest.raises(PresetError, match="lacks 'description'"):
        read_preset(str(path))
