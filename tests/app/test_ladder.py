"""What every rung says, and that a mend is offered whenever something is wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from app.ladder import Facts, Mend, Rung, State, ladder
from app.store import Phase, Recording, RigInfo
from core.types import Capabilities, RobotState

GOOD = Facts(
    services={"lab": "", "rig": "", "policy": ""},
    owned=frozenset({"lab", "rig", "policy"}),
    capabilities=Capabilities(name="molmoact", checkpoint="allenai/MolmoAct-7B"),
    rig=RigInfo(kind="lab", host="127.0.0.1", cameras={"front": None, "wrist": None}),
    robot=RobotState(q=np.zeros(7), ee_pose=np.eye(4), gripper=1.0, t_ns=0, mode="idle"),
    phase=Phase.READY,
    frame_age_ms=20.0,
    recording=Recording(path="/data/s1.mcap.part", size=2_000_000),
    folder="/data",
)


def rung(name: str, **changes: object) -> Rung:
    return next(r for r in ladder(replace(GOOD, **changes)) if r.name == name)


def test_all_is_well() -> None:
    assert [r.state for r in ladder(GOOD)] == [State.GOOD] * 4
    assert [r.title for r in ladder(GOOD)] == ["Policy", "Rig", "Robot", "Recorder"]
    assert rung("policy").words == "allenai/MolmoAct-7B answers."
    assert "2 cameras" in rung("rig").words
    assert "s1.mcap.part" in rung("recorder").words


def test_a_model_that_loads_says_how_far_and_can_be_given_up() -> None:
    loading = rung("policy", services={"policy": "loading shard 1 of 2 … 40 %"}, capabilities=None)
    assert loading.state == State.WAITING
    assert "40 %" in loading.words
    assert loading.mends[0] == Mend.CANCEL


def test_a_dead_service_says_what_happened_and_offers_the_restart() -> None:
    dead = rung(
        "policy",
        services={"policy": "failed"},
        troubles={"policy": "The policy server crashed."},
        capabilities=None,
    )
    assert (dead.state, dead.words) == (State.BAD, "The policy server crashed.")
    assert dead.mends[0] == Mend.RESTART
    assert Mend.CONNECT in dead.mends
    assert Mend.LOG in dead.mends


def test_the_rig_blames_the_lab_when_that_is_dead() -> None:
    dead = rung(
        "rig",
        services={"lab": "failed", "rig": "not connected"},
        troubles={"lab": "The simulated lab crashed."},
        rig=None,
    )
    assert dead.words == "The simulated lab crashed."


def test_another_machine_is_named_and_the_own_one_offered() -> None:
    away = rung("policy", elsewhere={"policy": "ws://gpu:8000"})
    assert "ws://gpu:8000" in away.words
    assert Mend.OWN in away.mends
    assert Mend.OWN not in rung("policy", elsewhere={"policy": "ws://x:1"}, owned=frozenset()).mends


def test_a_frozen_picture_is_odd() -> None:
    assert rung("rig", frame_age_ms=5000.0).state == State.ODD
    assert "5 s old" in rung("rig", frame_age_ms=5000.0).words
    assert rung("rig", frame_age_ms=None).state == State.WAITING


def test_a_stop_and_a_fault_are_released_here() -> None:
    assert rung("robot", phase=Phase.STOPPED).mends == (Mend.RELEASE,)
    assert rung("robot", phase=Phase.FAULT).state == State.BAD
    assert Mend.RELEASE in rung("robot", phase=Phase.FAULT).mends
    assert rung("robot", rig=None).state == State.WAITING


def test_the_recorder_says_why_it_does_not_record() -> None:
    none = Recording()
    off = rung("recorder", recording=none, record=False)
    assert (off.state, off.mends) == (State.ODD, (Mend.RECORD,))
    full = rung("recorder", recording=none, troubles={"recorder": "The disk is full."})
    assert (full.state, full.words) == (State.BAD, "The disk is full.")
    assert Mend.FOLDER in full.mends
    assert rung("recorder", recording=none).state == State.WAITING
    ample = rung("recorder", recording=Recording(path="s.mcap", room_s=18_000.0))
    assert ample.state == State.GOOD
    assert "room for 5 h more" in ample.words
    endless = rung("recorder", recording=Recording(path="s.mcap", room_s=1e9))
    assert "room" not in endless.words
    short = rung("recorder", recording=Recording(path="s.mcap", room_s=900.0))
    assert short.state == State.ODD
    assert "room for 15 min more. Make room" in short.words
    assert short.mends[0] == Mend.FOLDER
    slow = rung("recorder", recording=Recording(path="s.mcap", dropped=3))
    assert "3 pictures" in slow.words


STATUSES = ["", "starting", "waits for lab", "connecting", "failed", "not connected", "stopped"]


@pytest.mark.parametrize("away", [False, True])
def test_whatever_is_bad_can_be_mended_and_every_state_is_a_sentence(away: bool) -> None:
    for policy, lab, rig in product(STATUSES, repeat=3):
        facts = replace(
            GOOD,
            services={"policy": policy, "lab": lab, "rig": rig},
            elsewhere={"policy": "ws://a:1", "rig": "ws://b:2"} if away else {},
            capabilities=None if policy else GOOD.capabilities,
            rig=None if lab or rig else GOOD.rig,
        )
        for each in ladder(facts):
            assert each.words.endswith("."), each
            assert each.words[0].isupper() or each.words.startswith("allenai"), each
            if each.state == State.BAD:
                assert each.mends, each
