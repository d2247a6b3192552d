"""The paper's steering study, as far as it was published.

MolmoAct, arXiv 2508.07917: section 5.6, appendix D.7, table 23. A real arm, one clean and one dirty
bowl; an ambiguous instruction makes the model head for one, the operator steers to the other, by a
sketch of five points or by an instruction in own words. 15 trials each.
"""

from __future__ import annotations

from dataclasses import dataclass

from robot.sim.harness.statistics import Mean, Share, mean, share


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperCondition:
    """One column of table 23.

    Attributes:
        name: What was done.
        scores: Progress of each episode: right direction .5, grasped .85, lifted 1.
        condition: Our condition that is nearest to it; empty for none.
    """

    name: str
    scores: tuple[float, ...]
    condition: str = ""

    @property
    def progress(self) -> Mean:
        """Mean progress, what the paper calls success."""
        return mean(self.scores)

    @property
    def lifted(self) -> Share:
        """Episodes that reached the end."""
        return share(score >= 1.0 for score in self.scores)


TABLE_23 = (
    PaperCondition(
        name="drawn trace",
        scores=(1, 1, 1, 0.85, 1, 0.5, 0.5, 0, 1, 0.85, 1, 0.5, 0.5, 0.5, 1),
        condition="trace",
    ),
    PaperCondition(
        name="open instruction",
        scores=(0, 1, 0, 0.85, 0.5, 0, 0, 0, 0.5, 0.85, 0.5, 0.5, 0.5, 0, 1),
        condition="open",
    ),
    PaperCondition(
        name="open instruction, π0-FAST",
        scores=(0.5, 0, 0, 0.5, 0, 0, 0.5, 0, 0, 0.5, 0, 0, 0, 0, 0),
    ),
)

COMPARABLE = (
    "The protocol: an ambiguous instruction shows which object the model heads for, and the wanted "
    "one is another; the same layouts in every condition.",
    "The rubric of the pick-up task: right direction .5, grasped .85, lifted 1. The paper's "
    "“success” is the mean of these scores; complete lifts are in the column beside it.",
)
NOT_COMPARABLE = (
    "A simulated arm, plain objects and a small model that was trained in this very scene, against "
    "a real arm, bowls and a post-trained 7B model. The size of a difference between conditions "
    "may be set side by side, the height of a bar may not.",
    "Open instructions are a fixed list in assets/instructions/open.yaml, written for this "
    "harness; the paper's are 15 from ten participants.",
    "Lines are drawn by a simulated hand (robot/sim/sketch.py), once per trial, from known places "
    "of the objects; a person looks at the picture, and may draw again.",
    "“No steering” and the canonical instruction are not in table 23, nor are tasks other than "
    "picking up; their rubric is this repository's.",
)
