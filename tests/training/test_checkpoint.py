from __future__ import annotations

import os

import pytest
import torch
from torch import nn

from training.checkpoint import load_state, save_state


def learner(seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    return module, torch.optim.AdamW(module.parameters(), lr=0.01, betas=(0.9, 0.98))


def train(module: nn.Module, optimiser: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        x = torch.randn(5, 3, generator=torch.Generator().manual_seed(step))
        loss = (module(x) - x.sum(1, keepdim=True)).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def assert_same(first: nn.Module, second: nn.Module) -> None:
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


@pytest.fixture
def saved(tmp_path):
    module, optimiser = learner(0)
    train(module, optimiser, range(3))
    save_state(tmp_path / "joint", module, optimiser, 3)
    return tmp_path / "joint", module, optimiser


def test_a_run_goes_on_as_if_it_had_not_stopped(saved):
    folder, module, optimiser = saved
    other, other_optimiser = learner(1)
    assert load_state(folder, other, other_optimiser) == 3
    assert_same(module, other)
    before, after = optimiser.state_dict(), other_optimiser.state_dict()
    assert before["param_groups"] == after["param_groups"]
    for index, state in before["state"].items():
        for name, value in state.items():
            assert torch.equal(value, after["state"][index][name])
    train(module, optimiser, range(3, 6))
    train(other, other_optimiser, range(3, 6))
    assert_same(module, other)


def test_without_a_checkpoint_nothing_changes(tmp_path):
    module, optimiser = learner(0)
    assert load_state(tmp_path / "joint", module, optimiser) == 0
    assert_same(module, learner(0)[0])


def test_a_later_state_replaces_the_earlier_one(saved):
    folder, module, optimiser = saved
    train(module, optimiser, range(3, 4))
    save_state(folder, module, optimiser, 4)
    other = learner(1)[0]
    assert load_state(folder, other) == 4
    assert_same(module, other)
    assert [path.name for path in folder.parent.iterdir()] == ["joint"]


def test_a_state_that_was_not_yet_renamed_is_taken_over(saved):
    folder, module, _ = saved
    os.replace(folder, folder.with_name("joint.part"))
    other = learner(1)[0]
    assert load_state(folder, other) == 3
    assert_same(module, other)
    assert folder.is_dir()


def test_half_a_state_is_left_alone(saved):
    folder, *_ = saved
    partial = folder.with_name("joint.part")
    os.replace(folder, partial)
    (partial / "state.json").unlink()
    assert load_state(folder, learner(1)[0]) == 0
