"""What a study file says: fixed before the first vote, and the same for every participant."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations

from core.ratings.recipe import Recipe

EXPERT, STILL, EMBEDDED, FILES = "expert", "still", "embedded", "files"
"""Sources of rollouts that need no server: the lab's script, an arm that does not move, the model
on this machine, and videos that exist already."""

GOOD_CHECK, BAD_CHECK = "check-good", "check-still"
"""Aliases of the two sides of a practice item or an attention check."""


class Kind(StrEnum):
    """Where the rollouts of a study come from."""

    LIVE = "live"
    RECORDED = "recorded"


class Ask(StrEnum):
    """What a participant of a live study gives before the pair is drawn."""

    INSTRUCTION = "instruction"
    TRACE = "trace"
    BOTH = "both"


class Guide(StrEnum):
    """What a policy is guided by."""

    INSTRUCTION = "instruction"
    TRACE = "trace"


class Playback(StrEnum):
    """How the two videos of an item are played."""

    TOGETHER = "together"
    IN_TURN = "in turn"


class Reason(StrEnum):
    """Whether a participant is asked for reasons in words."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySource:
    """One policy of a study; participants and experimenters only ever meet its alias.

    Attributes:
        alias: Neutral name; the only one in database and results.
        use: "embedded", "expert", "still", "files", a folder of a checkpoint, or the address of a
            policy server ("ws://…").
        guide: What it is guided by.
        noise: Standard deviation of what is added to each value of a movement, as a share of the
            longest step of the lab's expert; a declared handicap, 0 for none.
    """

    alias: str
    use: str
    guide: Guide = Guide.INSTRUCTION
    noise: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One table of the lab with one task.

    Attributes:
        name: Neutral name.
        layout: Seed of the lab's layout.
        target: Object that the task is about, such as "red cube"; empty for the layout's first.
        instruction: What the arm is told in a recorded study, and in the items that all share.
    """

    name: str
    layout: int
    target: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingVideo:
    """A video of a policy with ``use: files``, relative to the study file."""

    alias: str
    scene: str
    video: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a participant agrees to."""

    version: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What one participant does.

    Attributes:
        comparisons: Items of one participant, practice not counted.
        practice: Items before those, not counted in anything.
        attention: How many of the items are checks with a known answer.
        repeats: Share of the items that are shown a second time with the sides exchanged.
        shared: Share of the items that everybody gets.
        break_every: Items between two offered breaks; 0 for none.
    """

    comparisons: int = 15
    practice: int = 2
    attention: int = 1
    repeats: float = 0.1
    shared: float = 0.2
    break_every: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRules:
    """Who and what is left out of the results; fixed before the first vote.

    Attributes:
        attention_failures: A participant with more failed checks than this is left out.
        decision_under_s: A comparison that was answered faster than this is left out [s].
        one_side_share: A participant who chose one side in more than this share of at least ten
            decided comparisons is left out.
        unfinished: Whether a participant who did not come to the end is left out.
    """

    attention_failures: int = 0
    decision_under_s: float = 0.5
    one_side_share: float = 0.95
    unfinished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """A study.

    Attributes:
        name: Name for experimenters.
        title: What participants read.
        kind: Live or recorded.
        hypotheses: What is expected, in words, before anybody voted.
        policies: At least two.
        scenes: At least one.
        pairs: Pairs of aliases that are compared.
        votes: Comparisons that count at which the results open, and not before.
        consent: What participants agree to.
        ask: What is asked for before the pair is drawn; live only.
        ask_words: How it is asked for.
        question: What is asked about each pair.
        playback: Together or one after the other.
        reason: Whether reasons in words are asked for.
        rubric: Name of the milestones for the progress; empty for a plain 0 to 100.
        seconds: Length of every video [s].
        pace: What one participant does.
        exclude: Who and what is left out.
        recipe: How votes become ratings.
        videos: Existing videos.
        seed: Seed of everything that is drawn.
    """

    name: str
    title: str
    kind: Kind
    hypotheses: tuple[str, ...]
    policies: tuple[PolicySource, ...]
    scenes: tuple[Scene, ...]
    pairs: tuple[tuple[str, str], ...]
    votes: int
    consent: Consent
    ask: Ask = Ask.INSTRUCTION
    ask_words: str = "What should the robot do here?"
    question: str = "Which one did the task better?"
    playback: Playback = Playback.TOGETHER
    reason: Reason = Reason.OPTIONAL
    rubric: str = ""
    seconds: float = 8.0
    pace: Pace = field(default_factory=Pace)
    exclude: ExclusionRules = field(default_factory=ExclusionRules)
    recipe: Recipe = field(default_factory=Recipe)
    videos: tuple[ExistingVideo, ...] = ()
    seed: int = 0

    @property
    def aliases(self) -> tuple[str, ...]:
        """Aliases of the policies, in the file's order."""
        return tuple(policy.alias for policy in self.policies)

    def policy(self, alias: str) -> PolicySource:
        """Return the policy with an alias; the two sides of a check have one as well."""
        if alias in (GOOD_CHECK, BAD_CHECK):
            return PolicySource(alias=alias, use=EXPERT if alias == GOOD_CHECK else STILL)
        return next(policy for policy in self.policies if policy.alias == alias)

    def scene(self, name: str) -> Scene:
        """Return the scene with a name."""
        return next(scene for scene in self.scenes if scene.name == name)


def all_pairs(aliases: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return every pair of aliases once."""
    return tuple(combinations(aliases, 2))
