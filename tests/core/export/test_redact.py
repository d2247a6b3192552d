import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.export.redact import GONE, redact_event, redact_plain, redact_text, session_name
from core.export.request import Keep
from core.session import events
from core.session.episode_events import EpisodeNoted

NOTHING, ALL = Keep(), Keep(names=True, notes=True, paths=True)


def test_names_go_by_the_field_that_they_are_in():
    plain = {
        "operator": "Berta",
        "participant": "P7",
        "host_name": "lab-pc",
        "by": "operator",
        "policy": "embedded",
        "deep": [{"author": "Berta", "points": [1, 2.5, None, True]}],
    }
    clean = redact_plain(plain, NOTHING)
    assert "Berta" not in str(clean)
    assert clean["host_name"] == GONE
    assert (clean["by"], clean["policy"]) == ("operator", "embedded")
    assert clean["deep"][0]["points"] == [1, 2.5, None, True]
    assert redact_plain(plain, ALL) == plain


@pytest.mark.parametrize(
    "text",
    [
        "The disk of /home/berta/logs is full.",
        "see ~/berta/notes.txt",
        r"C:\Users\Berta\logs",
        "'/home/berta/my logs/a.mcap' is gone",
        "file:///home/berta/x",
        "in /home/Anna Berta/my logs, sorry",
    ],
)
def test_folders_go_wherever_they_are_written(text):
    assert "erta" not in redact_text(text, NOTHING)
    assert redact_text(text, ALL) == text


@pytest.mark.parametrize("text", ["lift the red/blue cube", "5 m/s", "steps 1/2", "a - b", ""])
def test_words_that_are_no_folders_stay(text):
    assert redact_text(text, NOTHING) == text


@given(st.recursive(st.text() | st.integers() | st.none(), st.lists, max_leaves=8))
def test_whatever_is_kept_stays_as_it_is(value):
    assert redact_plain(value, ALL) == value


def test_remarks_and_their_authors_go_but_not_what_programs_say():
    own = events.Note(text="automatic mode on", author="studio")
    assert redact_event(own, NOTHING) is own or redact_event(own, NOTHING).text == own.text
    person = redact_event(events.Note(text="hm", author="Berta"), NOTHING)
    assert (person.text, person.author) == (GONE, GONE)
    assert redact_event(EpisodeNoted(number=1, remark=1, text="hm"), NOTHING).text == GONE
    assert redact_event(EpisodeNoted(number=1, remark=1, text=""), NOTHING).text == ""
    assert redact_event(events.SessionStarted(host="10.0.0.7"), NOTHING).host == ""


def test_a_file_that_somebody_named_gets_a_neutral_name(tmp_path):
    assert session_name(tmp_path / "session-20261123-101112.mcap", NOTHING).endswith("101112")
    assert session_name(tmp_path / "session-20261123-101112-2.mcap.part", NOTHING).endswith("-2")
    assert "berta" not in session_name(tmp_path / "berta.mcap", NOTHING)
    assert session_name(tmp_path / "berta.mcap", ALL) == "berta"
