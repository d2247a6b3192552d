"""The database: locked, append-only, audited, migrated, copied."""

from __future__ import annotations

import sqlite3

import pytest

from core.study import audit, people, schema
from core.study.base import StudyBase
from core.types import StudioError
from tests.core.study.samples import enrolled, opened, play, text


def test_a_changed_file_needs_a_reason_once_somebody_took_part(tmp_path):
    base = StudyBase(tmp_path)
    assert base.lock(text()) == 1
    assert base.lock(text()) == 1
    assert base.lock(text(votes=21)) == 2, "nobody took part yet"
    enrolled(base, base.plan())
    with pytest.raises(StudioError, match="--revise"):
        base.lock(text(votes=5))
    assert base.plan().votes == 21
    assert base.lock(text(votes=30), "more people came") == 3
    assert base.plan().votes == 30
    base.close()


def test_the_disk_has_it_when_a_write_returns(tmp_path):
    with StudyBase(tmp_path) as base:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        found = [base.rows(f"PRAGMA {name}")[0][0] for name in pragmas]
    assert found == ["wal", 2, 1, 1]


@pytest.mark.parametrize(
    "sentence",
    [
        "UPDATE answer SET outcome = 'b'",
        "DELETE FROM answer",
        "DELETE FROM participant",
        "UPDATE audit SET what = 'nothing'",
        "UPDATE item SET left_alias = 'zinc'",
        "UPDATE view SET complete = 0",
        "DELETE FROM rollout",
    ],
)
def test_what_was_said_cannot_be_changed(tmp_path, sentence: str):
    base, study = opened(tmp_path)
    play(base, study, enrolled(base, study), 3)
    with pytest.raises(sqlite3.IntegrityError, match="never"), base.write() as connection:
        connection.execute(sentence)
    assert audit.first_fault(base.connection) == ""
    base.close()


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("UPDATE answer SET outcome = 'both_bad' WHERE id = 2", "Answer 2 was changed"),
        ("DELETE FROM answer WHERE id = 3", "Answer 3 is in the audit"),
        ("UPDATE audit SET actor = 'x' WHERE seq = 4", "Entry 4"),
        ("DELETE FROM audit WHERE seq = 5", "Entry 5 of the audit is missing"),
    ],
)
def test_the_audit_notices_who_gets_around_the_triggers(tmp_path, sentence: str, words: str):
    base, study = opened(tmp_path)
    play(base, study, enrolled(base, study), 4)
    for row in base.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        base.connection.execute(f"DROP TRIGGER {row['name']}")
    base.connection.execute("PRAGMA foreign_keys = OFF")
    base.connection.execute(sentence)
    assert words in audit.first_fault(base.connection)
    base.close()


def test_an_older_database_is_copied_and_brought_up_to_date(tmp_path):
    file = tmp_path / "study.db"
    old = sqlite3.connect(file, isolation_level=None)
    schema.migrate(old, schema.MIGRATIONS[:1])
    old.execute("INSERT INTO study VALUES(1, 'x', 'y', '', 0.0)")
    old.close()
    with StudyBase(tmp_path) as base:
        assert base.rows("PRAGMA user_version")[0][0] == len(schema.MIGRATIONS)
        assert base.one("SELECT text FROM study")["text"] == "y"  # type: ignore[index]
        assert base.one("SELECT 1 FROM sqlite_master WHERE type = 'trigger'") is not None
    copies = list((tmp_path / "backups").glob("*.db"))
    assert len(copies) == 1
    with sqlite3.connect(copies[0]) as copy:
        assert copy.execute("PRAGMA user_version").fetchone()[0] == 1
    copy.close()


def test_a_newer_or_damaged_database_is_a_sentence(tmp_path):
    newer = sqlite3.connect(tmp_path / "study.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StudioError, match="newer program"):
        StudyBase(tmp_path)
    (tmp_path / "study.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StudioError, match="backups"):
        StudyBase(tmp_path)


def test_copies_are_whole_and_the_oldest_go(tmp_path):
    base, study = opened(tmp_path)
    play(base, study, enrolled(base, study), 2)
    for _ in range(12):
        last = base.backup()
    assert len(list((tmp_path / "backups").glob("*.db"))) == 10
    copy = sqlite3.connect(last)
    assert copy.execute("SELECT count(*) FROM answer").fetchone()[0] == 2
    assert copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    copy.close()
    base.close()


def test_codes_say_nothing_and_are_read_well(tmp_path):
    base, _ = opened(tmp_path)
    codes = {people.enrol(base).code for _ in range(30)}
    assert len(codes) == 30
    assert all(set(code) <= set(people.LETTERS) and len(code) == 6 for code in codes)
    code = next(iter(codes))
    assert people.find(base, f" {code[:3].lower()}-{code[3:]} ").code == code
    with pytest.raises(StudioError, match="no participant"):
        people.find(base, "AAAAAA")
    base.close()
