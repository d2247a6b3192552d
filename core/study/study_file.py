"""Reads a study file: YAML that is refused with a sentence unless all of it is understood."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from core.ratings.recipe import Recipe, parse_recipe
from core.study.plan import (
    BAD_CHECK,
    FILES,
    GOOD_CHECK,
    Ask,
    Consent,
    ExclusionRules,
    ExistingVideo,
    Guide,
    Kind,
    Pace,
    Playback,
    PolicySource,
    Reason,
    Scene,
    StudyPlan,
    all_pairs,
)
from core.study.reading import Fields
from core.types import StudioError

MAX_BYTES = 200_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def digest_of(text: str) -> str:
    """Return the SHA-256 that a study is locked by; line ends do not matter, all else does."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def read_study(path: Path) -> tuple[StudyPlan, str]:
    """Read a study file.

    Returns:
        The study and the file's text, which it is locked by.

    Raises:
        StudioError: If it cannot be read or understood; the sentence names the line's place.
    """
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudioError(f"The study file {path} cannot be read: {error}.") from error
    if len(raw) > MAX_BYTES:
        raise StudioError(f"{path} has {len(raw)} bytes; a study file has at most {MAX_BYTES}.")
    return parse_study(text, path.name), text


def parse_study(text: str, where: str) -> StudyPlan:
    """Turn the text of a study file into a study.

    Args:
        text: YAML.
        where: Name of the file, for messages.

    Raises:
        StudioError: If something in it is missing, unknown or out of range.
    """
    try:
        loaded: Any = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise StudioError(f"{where} is not valid YAML: {' '.join(str(error).split())}") from error
    fields = Fields(loaded, where)
    kind = fields.choice("kind", Kind)
    policies = _policies(fields.items("policies", most=20), where)
    scenes = _scenes(fields.items("scenes", most=500), where, kind)
    aliases = tuple(policy.alias for policy in policies)
    seed = fields.whole("seed", 0, 2**31 - 1)
    plan = StudyPlan(
        name=(name := fields.text("name", most=80)),
        title=fields.text("title", name, most=80),
        kind=kind,
        hypotheses=fields.texts("hypotheses"),
        policies=policies,
        scenes=scenes,
        pairs=_pairs(fields.take("pairs", "all"), aliases, where),
        votes=fields.whole("votes", 1, 100_000),
        consent=_consent(fields.inner("consent")),
        ask=fields.choice("ask", Ask, Ask.INSTRUCTION),
        ask_words=fields.text("ask_words", "What should the robot do here?"),
        question=fields.text("question", "Which one did the task better?"),
        playback=fields.choice("playback", Playback, Playback.TOGETHER),
        reason=fields.choice("reason", Reason, Reason.OPTIONAL),
        rubric=fields.text("rubric", "", empty=True, most=40),
        seconds=fields.number("seconds", 1.0, 120.0, 8.0),
        pace=_pace(fields.inner("pace", {})),
        exclude=_exclusions(fields.inner("exclude", {})),
        recipe=_recipe(fields.inner("rating", {}), aliases, seed),
        videos=_videos(fields.items("videos", ()), where, policies, scenes),
        seed=seed,
    )
    fields.close()
    if plan.kind == Kind.LIVE and plan.ask == Ask.INSTRUCTION:
        for policy in policies:
            if policy.guide == Guide.TRACE:
                raise StudioError(
                    f"In {where} the policy '{policy.alias}' is guided by a trace, but nobody is "
                    "asked for one; write 'ask: both' or 'ask: trace'."
                )
    return plan


def _policies(entries: Sequence[Any], where: str) -> tuple[PolicySource, ...]:
    found: list[PolicySource] = []
    for number, entry in enumerate(entries, 1):
        fields = Fields(entry, f"{where}, policy {number}")
        found.append(
            PolicySource(
                alias=_name(fields, "alias"),
                use=fields.text("use"),
                guide=fields.choice("guided_by", Guide, Guide.INSTRUCTION),
                noise=fields.number("noise", 0.0, 5.0, 0.0),
            )
        )
        fields.close()
    if len(found) < 2:
        raise StudioError(f"{where} names {len(found)} policies; a comparison needs two or more.")
    _unique([policy.alias for policy in found], "alias", where)
    if reserved := {GOOD_CHECK, BAD_CHECK}.intersection(policy.alias for policy in found):
        raise StudioError(f"In {where} the alias '{min(reserved)}' is taken; choose another.")
    return tuple(found)


def _scenes(entries: Sequence[Any], where: str, kind: Kind) -> tuple[Scene, ...]:
    found: list[Scene] = []
    for number, entry in enumerate(entries, 1):
        fields = Fields(entry, f"{where}, scene {number}")
        default: dict[str, Any] = {} if kind == Kind.RECORDED else {"default": ""}
        found.append(
            Scene(
                name=_name(fields, "name"),
                layout=fields.whole("layout", 0, 2**31 - 1, 0),
                target=fields.text("target", "", empty=True, most=40),
                instruction=fields.text("instruction", empty=kind == Kind.LIVE, **default),
            )
        )
        fields.close()
    if not found:
        raise StudioError(f"{where} names no scene; a study needs at least one.")
    _unique([scene.name for scene in found], "scene", where)
    return tuple(found)


def _pairs(value: Any, aliases: tuple[str, ...], where: str) -> tuple[tuple[str, str], ...]:
    if value == "all":
        return all_pairs(aliases)
    if not isinstance(value, list) or not value:
        raise StudioError(f"In {where}, 'pairs' must be 'all' or a list like [[a, b], [a, c]].")
    found: list[tuple[str, str]] = []
    for entry in cast("list[Any]", value):
        pair: list[Any] = cast("list[Any]", entry) if isinstance(entry, list) else []
        if len(pair) != 2 or pair[0] == pair[1] or not all(one in aliases for one in pair):
            raise StudioError(
                f"In {where}, the pair {entry!r} must be two different ones of: "
                f"{', '.join(aliases)}."
            )
        found.append((str(pair[0]), str(pair[1])))
    _unique(["/".join(sorted(pair)) for pair in found], "pair", where)
    return tuple(found)


def _consent(fields: Fields) -> Consent:
    consent = Consent(
        version=fields.text("version", most=40), text=fields.text("text", most=20_000)
    )
    fields.close()
    return consent


def _pace(fields: Fields) -> Pace:
    usual = Pace()
    pace = Pace(
        comparisons=fields.whole("comparisons", 1, 500, usual.comparisons),
        practice=fields.whole("practice", 0, 10, usual.practice),
        attention=fields.whole("attention", 0, 20, usual.attention),
        repeats=fields.number("repeats", 0.0, 0.5, usual.repeats),
        shared=fields.number("shared", 0.0, 1.0, usual.shared),
        break_every=fields.whole("break_every", 0, 500, usual.break_every),
    )
    fields.close()
    special = pace.attention + round(pace.comparisons * (2 * pace.repeats + pace.shared))
    if special > pace.comparisons:
        raise StudioError(
            f"{fields.where}: {pace.comparisons} comparisons have no room for {pace.attention} "
            f"attention checks, {pace.repeats:.0%} repeats with what they repeat and "
            f"{pace.shared:.0%} shared ones; ask for more comparisons or fewer of those."
        )
    return pace


def _exclusions(fields: Fields) -> ExclusionRules:
    usual = ExclusionRules()
    unfinished = fields.take("unfinished", usual.unfinished)
    rules = ExclusionRules(
        attention_failures=fields.whole("attention_failures", 0, 20, usual.attention_failures),
        decision_under_s=fields.number("decision_under_s", 0.0, 60.0, usual.decision_under_s),
        one_side_share=fields.number("one_side_share", 0.5, 1.0, usual.one_side_share),
        unfinished=unfinished is True,
    )
    if not isinstance(unfinished, bool):
        raise StudioError(f"In {fields.where}, 'unfinished' must be true or false.")
    fields.close()
    return rules


def _recipe(fields: Fields, aliases: tuple[str, ...], seed: int) -> Recipe:
    recipe = parse_recipe({"seed": seed} | fields.rest(), fields.where)
    if recipe.anchor and recipe.anchor not in aliases:
        raise StudioError(
            f"In {fields.where}, the anchor '{recipe.anchor}' must be one of: {', '.join(aliases)}."
        )
    return recipe


def _videos(
    entries: Sequence[Any],
    where: str,
    policies: tuple[PolicySource, ...],
    scenes: tuple[Scene, ...],
) -> tuple[ExistingVideo, ...]:
    found: list[ExistingVideo] = []
    for number, entry in enumerate(entries, 1):
        fields = Fields(entry, f"{where}, video {number}")
        found.append(
            ExistingVideo(
                alias=fields.text("policy"),
                scene=fields.text("scene"),
                video=fields.text("video", most=500),
            )
        )
        fields.close()
    there = {(video.alias, video.scene) for video in found}
    wanted = {(p.alias, s.name) for p in policies if p.use == FILES for s in scenes}
    for alias, scene in sorted(wanted - there):
        raise StudioError(f"{where} has no video of '{alias}' in scene '{scene}'; add one.")
    for alias, scene in sorted(there - wanted):
        raise StudioError(
            f"{where} has a video of '{alias}' in scene '{scene}', but no such scene or no policy "
            f"of that alias with 'use: {FILES}'."
        )
    _unique([f"{video.alias}/{video.scene}" for video in found], "video", where)
    return tuple(found)


def _name(fields: Fields, name: str) -> str:
    text = fields.text(name, most=32)
    if not _NAME.fullmatch(text):
        raise StudioError(
            f"In {fields.where}, '{name}' is {text!r}; expected letters, digits, - and _."
        )
    return text


def _unique(names: Sequence[str], what: str, where: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise StudioError(f"{where} has the {what} '{name}' {times} times; once is right.")
