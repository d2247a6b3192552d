"""Other wordings of an instruction, to see whether a policy cares about words or about meaning.

Every wording is made by one small rule and says what the rule changes, so that a difference between
two plans can be put down to it. The same instruction always gives the same wordings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.policy.base import MAX_INSTRUCTION

COLOURS = (
    *("red", "green", "blue", "yellow", "purple", "orange", "black", "white", "grey", "gray"),
    *("brown", "pink", "cyan", "beige", "silver", "golden", "dark", "light"),
)

NOUNS = {
    "cube": "block",
    "block": "cube",
    "box": "block",
    "cylinder": "can",
    "can": "cylinder",
    "bowl": "dish",
    "cup": "mug",
    "mug": "cup",
}
"""Another everyday word for the same thing."""

_VERBS: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        ("pick up", "picked up"),
        ("grab", "grabbed"),
        ("lift", "lifted"),
        ("take", "taken"),
        ("grasp", "grasped"),
        ("fetch", "fetched"),
        ("raise", "raised"),
        ("get", "got"),
        ("pick", "picked"),
    ),
    (("put", "put"), ("place", "placed"), ("set", "set"), ("lay", "laid")),
    (("push", "pushed"), ("shove", "shoved"), ("nudge", "nudged"), ("slide", "slid")),
    (("move", "moved"), ("bring", "brought"), ("carry", "carried")),
    (("close", "closed"), ("shut", "shut")),
    (("open", "opened"), ("pull open", "pulled open")),
    (("turn", "turned"), ("rotate", "rotated")),
    (("stack", "stacked"), ("pile", "piled")),
    (("wipe", "wiped"), ("clean", "cleaned")),
)
"""Verbs that mean the same, with the form that goes with "should be"."""

_OTHER_VERBS = 2
_COURTESY = re.compile(r"^(please|kindly|(could|can|would|will) you( please)?)[\s,]+", re.I)
_PLACE = re.compile(
    r"\s+(on|onto|in|into|to|towards|from|next to|beside|behind|under|near|with|and|then|by|off)\s",
    re.I,
)
_ARTICLE = re.compile(r"\b(the|an|a)\s+(?=\S)", re.I)
_COLOUR = re.compile(rf"\b({'|'.join(COLOURS)})\s+(?=\w)", re.I)
_NOUN = re.compile(rf"\b({'|'.join(NOUNS)})\b", re.I)
_DETERMINER = re.compile(r"^(the|an?|one|some|any|that|this|all|both|my|your|its?)\b", re.I)
_LONG_WORD = re.compile(r"[A-Za-z]{4,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """An instruction said in another way.

    Attributes:
        text: The new instruction.
        change: What is different, as a few words.
    """

    text: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """An instruction that begins with a known verb: "put" + "the bowl" + "on the plate"."""

    verb: str
    participle: str
    others: tuple[str, ...]
    thing: str
    rest: str


def wordings(instruction: str) -> tuple[Wording, ...]:
    """Say an instruction in other words.

    Args:
        instruction: What the person typed.

    Returns:
        Wordings that differ from the instruction and from each other in more than case and space,
        none of them empty or longer than an instruction may be; nothing for an empty instruction.
    """
    text = " ".join(instruction.split())
    if not text:
        return ()
    found: dict[str, Wording] = {}
    for rule in _RULES:
        for wording in rule(text):
            tidy = " ".join(wording.text.split())
            key = tidy.casefold()
            if tidy and key != text.casefold() and len(tidy) <= MAX_INSTRUCTION:
                found.setdefault(key, Wording(text=tidy, change=wording.change))
    return tuple(found.values())


def _parts(text: str) -> _Parts | None:
    """Take an instruction apart; None when it does not begin with a known verb and a thing."""
    bare = _COURTESY.sub("", text).rstrip(" .!?")
    best: tuple[str, str, tuple[str, ...]] | None = None
    for group in _VERBS:
        for verb, participle in group:
            if re.match(rf"{verb}\s", bare, re.I) and (best is None or len(verb) > len(best[0])):
                others = tuple(other for other, _ in group if other != verb)
                best = verb, participle, others
    if best is None:
        return None
    verb, participle, others = best
    behind = bare[len(verb) :].strip()
    cut = _PLACE.search(f" {behind} ")
    thing = f" {behind} "[: cut.start()].strip() if cut else behind
    rest = behind[len(thing) :].strip()
    if not thing:
        return None
    return _Parts(verb=verb, participle=participle, others=others, thing=thing, rest=rest)


def _other_verb(text: str) -> Iterator[Wording]:
    parts = _parts(text)
    if parts is not None:
        for verb in parts.others[:_OTHER_VERBS]:
            again = f"{verb} {parts.thing} {parts.rest}"
            yield Wording(text=again, change=f"“{verb}” for “{parts.verb}”")


def _other_noun(text: str) -> Iterator[Wording]:
    found = _NOUN.search(text)
    if found:
        noun = NOUNS[found[0].lower()]
        again = text[: found.start()] + noun + text[found.end() :]
        yield Wording(text=again, change=f"“{noun}” for “{found[0]}”")


def _no_colour(text: str) -> Iterator[Wording]:
    yield Wording(text=_COLOUR.sub("", text), change="without the colour")


def _no_article(text: str) -> Iterator[Wording]:
    yield Wording(text=_ARTICLE.sub("", text), change="without articles")


def _courtesy(text: str) -> Iterator[Wording]:
    blunt = _COURTESY.sub("", text)
    if blunt != text:
        yield Wording(text=blunt.rstrip(" ?"), change="without courtesy")
    else:
        yield Wording(text=f"please {text}", change="politely")


def _passive(text: str) -> Iterator[Wording]:
    parts = _parts(text)
    if parts is not None:
        again = f"{parts.thing} should be {parts.participle} {parts.rest}"
        yield Wording(text=again, change="as a passive")


def _vague(text: str) -> Iterator[Wording]:
    parts = _parts(text)
    if parts is not None and _DETERMINER.match(parts.thing):
        again = f"{parts.verb} the thing {parts.rest}"
        yield Wording(text=again, change="vague: “the thing”")


def _slip(text: str) -> Iterator[Wording]:
    """Swap two letters in the middle of the last of the longest words, as quick fingers do."""
    words = sorted(_LONG_WORD.finditer(text), key=lambda found: (-len(found[0]), -found.start()))
    for found in words:
        middle = found.start() + len(found[0]) // 2
        first, second = text[middle - 1], text[middle]
        if first.casefold() != second.casefold():
            again = text[: middle - 1] + second + first + text[middle + 1 :]
            yield Wording(text=again, change="with a typing slip")
            return


_RULES: tuple[Callable[[str], Iterator[Wording]], ...] = (
    _other_verb,
    _other_noun,
    _no_colour,
    _no_article,
    _courtesy,
    _passive,
    _vague,
    _slip,
)
