"""What an experimenter can do about one participant, by command."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from app.study.people import run_exclude, run_withdraw
from core.study.base import StudyBase, study_folder
from core.study.harvest import count, harvest
from core.types import StudioError
from tests.core.study.samples import enrolled, opened, play


def test_withdraw_and_exclude_by_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "s.yaml"
    with pytest.raises(StudioError, match="Nobody"):
        run_withdraw(Namespace(file=file, code="X"))
    base, study = opened(study_folder(file), votes=1)
    codes = [enrolled(base, study) for _ in range(3)]
    for code in codes:
        play(base, study, code)
    base.close()
    run_withdraw(Namespace(file=file, code=codes[0].lower()))
    assert "Erased 11 answers" in capsys.readouterr().out
    with pytest.raises(StudioError, match="reason"):
        run_exclude(Namespace(file=file, code=codes[1], reason=" "))
    run_exclude(Namespace(file=file, code=codes[1], reason="was a colleague"))
    with StudyBase(study_folder(file)) as again:
        assert count(again, study).withdrawn == 1
        found = harvest(again, study)
        assert {vote.participant for vote in found.votes} == {codes[2]}
        assert "was a colleague" in found.excluded[0].words
