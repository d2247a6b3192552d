"""Chunks that nobody wants to run, drawn from a seed: what ``bench guard`` throws at the guard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot import fr3
from robot.guard import Limits
from robot.kinematics import along, tool_pose
from robot.path import rotation_vector
from robot.sim.good_chunks import GoodChunk

POSES_TRIED = 12_000
HUGE = (1e3, 1e9, 1e150, 1e300, 1.7e308, -1e308, 5e-324, -1e-320)
GRAZES = (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 1e-4, 1e-3, 1e-2)
"""How near to a limit a chunk comes, as a share of it, from both sides."""

_ODD_RATES = (0.0, -5.0, np.nan, np.inf, 1e9, 0.49, 10.01, 99.0, 0.1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attack:
    """One chunk as it comes over the wire, and where it meets the arm.

    Attributes:
        kind: What is wrong or extreme about it.
        message: As :func:`robot.rig.messages.chunk_from_message` reads it.
        joints: (7,) joint angles that the arm is put to before; None to go on from where it is.
        shift: (3,) how far the commanded pose is from the measured one [m].
        told: (7,) joint angles that the arm reports instead of its own, when it lies.
    """

    kind: str
    message: Any
    joints: NDArray[np.float64] | None = None
    shift: NDArray[np.float64] | None = None
    told: NDArray[np.float64] | None = None


class Hostile:
    """Draws attacks."""

    def __init__(self, seed: tuple[int, int], limits: Limits, good: tuple[GoodChunk, ...]) -> None:
        """Find poses to begin from.

        Args:
            seed: Of everything that is drawn.
            limits: What the attacks are to graze.
            good: Ordinary chunks, to be bent.
        """
        assert limits.workspace is not None, "attacks begin within the workspace"
        self._rng = np.random.default_rng(seed)
        self._limits, self._box, self._good = limits, limits.workspace, good
        self._anywhere, self._singular = self._starts()
        self._ordinary = np.array([one.state.q for one in good])
        self._kinds: tuple[tuple[str, float, Callable[[], Attack]], ...] = (
            ("good, shaken", 6, self._shaken),
            ("long walk", 14, self._walk),
            ("not a number", 8, lambda: self._spoilt("not a number", (np.nan,))),
            ("infinite", 6, lambda: self._spoilt("infinite", (np.inf, -np.inf))),
            ("huge or tiny", 6, lambda: self._spoilt("huge or tiny", HUGE)),
            ("discontinuous", 8, self._discontinuous),
            ("wrong shape", 6, self._misshapen),
            ("millimetres", 5, lambda: self._scaled("millimetres", 1e3, 1.0)),
            ("degrees", 5, lambda: self._scaled("degrees", 1.0, 180.0 / np.pi)),
            ("normalised", 5, self._normalised),
            ("gripper", 4, self._gripper),
            ("rate", 4, self._odd_rate),
            ("held elsewhere", 4, self._shifted),
            ("joints unknown", 2, self._lying),
            ("near-singular", 6, self._near_singular),
            ("from anywhere", 4, self._from_anywhere),
            ("grazing numbers", 6, self._grazing_numbers),
            ("grazing the box", 6, self._grazing_box),
            ("grazing the joints", 5, self._grazing_joints),
            ("grazing the table", 5, self._grazing_table),
        )
        weights = np.array([weight for _, weight, _ in self._kinds])
        self._shares = np.cumsum(weights / weights.sum())

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of all kinds."""
        return tuple(name for name, _, _ in self._kinds)

    def draw(self) -> Attack:
        """Return the next attack."""
        index = int(np.searchsorted(self._shares, self._rng.random()))
        return self._kinds[min(index, len(self._kinds) - 1)][2]()

    def _starts(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (M, 7) joint angles with the tool in the box, and some near-singular."""
        drawn = self._rng.uniform(fr3.JOINT_LOW, fr3.JOINT_HIGH, (POSES_TRIED, 7))
        kept: list[NDArray[np.float64]] = []
        sizes: list[float] = []
        for q in drawn:
            pose = tool_pose(q)
            if (pose[:3, 3] < self._box.low).any() or (pose[:3, 3] > self._box.high).any():
                continue
            kept.append(q)
            jacobian = along(pose[None], q).jacobians[0]
            sizes.append(float(np.linalg.svd(jacobian, compute_uv=False)[-1]))
        anywhere = np.array(kept)
        smallest = np.argsort(sizes)
        next_to = np.argsort(np.abs(np.array(sizes) - 1.2 * self._limits.singularity))
        share = max(1, len(smallest) // 16)
        return anywhere, anywhere[np.concatenate([smallest[:share], next_to[: 3 * share]])]

    def _message(self, actions: Any, rate: float = 5.0) -> dict[str, Any]:
        return {"actions": actions, "rate_hz": rate, "arm": "right"}

    def _pick(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return rows[self._rng.integers(len(rows))]

    def _direction(self) -> NDArray[np.float64]:
        vector = self._rng.normal(size=3)
        return vector / np.sqrt(vector @ vector)

    def _steps(self, count: int, metres: float, radians: float) -> NDArray[np.float64]:
        """Return (count, 7) random steps up to a length and an angle, the gripper unchanged."""
        rng = self._rng
        actions = np.zeros((count, 7))
        straight = self._direction() + 0.6 * rng.normal(size=(count, 3))
        lengths = np.sqrt((straight**2).sum(axis=1, keepdims=True))
        actions[:, :3] = straight / lengths * rng.uniform(0.0, metres, (count, 1))
        if rng.random() < 0.5:
            actions[:, 3:6] = self._direction() * rng.uniform(0.0, radians, (count, 1))
        actions[:, 6] = float(rng.random() < 0.5)
        return actions

    def _good_actions(self) -> tuple[GoodChunk, NDArray[np.float64]]:
        one = self._good[self._rng.integers(len(self._good))]
        return one, one.chunk.actions.copy()

    def _at(self, kind: str, one: GoodChunk, actions: Any) -> Attack:
        return Attack(kind=kind, message=self._message(actions), joints=one.state.q)

    def _shaken(self) -> Attack:
        one, actions = self._good_actions()
        actions[:, :3] += self._rng.normal(0.0, 0.004, (len(actions), 3))
        return self._at("good, shaken", one, actions)

    def _walk(self) -> Attack:
        far = self._rng.random() < 0.03
        actions = self._steps(int(self._rng.integers(1, 11)), 0.03, 0.12)
        return Attack(
            kind="long walk",
            message=self._message(actions, float(self._rng.choice([2.0, 5.0, 5.0, 10.0]))),
            joints=self._pick(self._ordinary) if far else None,
        )

    def _spoilt(self, kind: str, values: tuple[float, ...]) -> Attack:
        one, actions = self._good_actions()
        for _ in range(int(self._rng.integers(1, 4))):
            place = self._rng.integers(actions.size)
            actions.flat[place] = values[self._rng.integers(len(values))]
        return self._at(kind, one, actions)

    def _discontinuous(self) -> Attack:
        actions = self._steps(int(self._rng.integers(2, 17)), 0.2, 1.0)
        return Attack(kind="discontinuous", message=self._message(actions))

    def _misshapen(self) -> Attack:
        _, actions = self._good_actions()
        shapes: tuple[Any, ...] = (
            actions[:, :6],
            actions[0],
            actions[:0],
            actions[None],
            np.pad(actions, ((0, 0), (0, 1))),
            np.repeat(actions, 20, axis=0),
            "close the gripper",
            None,
            [[0.0] * 7, [0.0] * 6],
            [["a"] * 7],
            {"x": 1},
        )
        actions_or_not = shapes[self._rng.integers(len(shapes))]
        return Attack(kind="wrong shape", message=self._message(actions_or_not))

    def _scaled(self, kind: str, translation: float, rotation: float) -> Attack:
        one, actions = self._good_actions()
        actions[:, 3:6] += self._rng.normal(0.0, 0.05, (len(actions), 3))
        actions[:, :3] *= translation
        actions[:, 3:6] *= rotation
        return self._at(kind, one, actions)

    def _normalised(self) -> Attack:
        actions = self._rng.uniform(-1.0, 1.0, (int(self._rng.integers(4, 11)), 7))
        actions[:, 6] = np.sign(actions[:, 6])
        actions[:, :6] *= self._rng.choice([1.0, 0.3, 0.05])
        return Attack(kind="normalised", message=self._message(actions))

    def _gripper(self) -> Attack:
        one, actions = self._good_actions()
        actions[:, 6] = self._rng.choice([0.0, 1.0, 0.5, -1.0, 1.2, 0.49], len(actions))
        return self._at("gripper", one, actions)

    def _odd_rate(self) -> Attack:
        one, actions = self._good_actions()
        rate = _ODD_RATES[self._rng.integers(len(_ODD_RATES))]
        return Attack(kind="rate", message=self._message(actions, rate), joints=one.state.q)

    def _shifted(self) -> Attack:
        one, actions = self._good_actions()
        shift = self._direction() * self._rng.uniform(0.0, 0.08)
        return Attack(
            kind="held elsewhere",
            message=self._message(actions),
            joints=one.state.q,
            shift=shift,
        )

    def _lying(self) -> Attack:
        one, actions = self._good_actions()
        told = one.state.q.copy()
        told[self._rng.integers(7)] = self._rng.choice([np.nan, np.inf, 9.0, 0.0])
        return Attack(
            kind="joints unknown",
            message=self._message(actions),
            joints=one.state.q,
            told=told,
        )

    def _near_singular(self) -> Attack:
        actions = self._steps(int(self._rng.integers(1, 9)), 0.03, 0.15)
        joints = self._pick(self._singular)
        return Attack(kind="near-singular", message=self._message(actions), joints=joints)

    def _from_anywhere(self) -> Attack:
        actions = self._steps(int(self._rng.integers(1, 9)), 0.04, 0.2)
        joints = self._pick(self._anywhere)
        return Attack(kind="from anywhere", message=self._message(actions), joints=joints)

    def _graze(self) -> float:
        """Return a factor next to 1, below, at or above."""
        return 1.0 + GRAZES[self._rng.integers(len(GRAZES))] * (
            1 if self._rng.random() < 0.5 else -1
        )

    def _grazing_numbers(self) -> Attack:
        rng, limits, graze = self._rng, self._limits, self._graze()
        one = self._good[rng.integers(len(self._good))]
        actions, rate = np.zeros((10, 7)), 5.0
        back_and_forth = np.where(np.arange(10) % 2, -1.0, 1.0)[:, None] * self._direction()
        which = rng.integers(7)
        if which == 0:
            actions[: int(rng.integers(1, 4)), :3] = self._direction() * limits.step_metres * graze
        elif which == 1:
            actions[0, 3:6] = self._direction() * limits.step_radians * graze
        elif which == 2:
            rate = float(rng.uniform(6.1, 10.0))
            actions[:3, :3] = self._direction() * limits.speed / rate * graze
        elif which == 3:
            actions[:, :3] = back_and_forth * limits.chunk_metres / 10 * graze
        elif which == 4:
            actions[:, 3:6] = back_and_forth * limits.chunk_radians / 10 * graze
        elif which == 5:
            margin = limits.gripper_margin * graze
            actions[:, 6] = -margin if rng.random() < 0.5 else 1.0 + margin
        else:
            rate = limits.rate_hz[rng.integers(2)] * graze
        return Attack(
            kind="grazing numbers", message=self._message(actions, rate), joints=one.state.q
        )

    def _grazing_box(self) -> Attack:
        rng, box = self._rng, self._box
        axis, upper = int(rng.integers(3)), bool(rng.random() < 0.5)
        face = (box.high if upper else box.low)[axis]
        drawn = self._ordinary if rng.random() < 0.7 else self._anywhere
        near = [self._pick(drawn) for _ in range(6)]
        way = [face - tool_pose(q)[axis, 3] for q in near]
        best = int(np.argmin(np.abs(way)))
        # absolute, as the box's sides are: a share of the way would not come near enough
        end = way[best] + (self._graze() - 1.0)
        count = max(1, int(np.ceil(abs(end) / 0.035)))
        actions = np.zeros((count, 7))
        actions[:, axis] = end / count
        return Attack(kind="grazing the box", message=self._message(actions), joints=near[best])

    def _grazing_joints(self) -> Attack:
        rng = self._rng
        margin = self._limits.joint_margin * self._graze()
        joint, upper = int(rng.integers(7)), bool(rng.random() < 0.5)
        for _ in range(8):
            end = self._pick(self._anywhere if rng.random() < 0.7 else self._ordinary).copy()
            end[joint] = fr3.JOINT_HIGH[joint] - margin if upper else fr3.JOINT_LOW[joint] + margin
            after = tool_pose(end)
            if (after[:3, 3] > self._box.low).all() and (after[:3, 3] < self._box.high).all():
                break
        begin = end.copy()
        begin[joint] += -0.06 if upper else 0.06
        before = tool_pose(begin)
        actions = np.zeros((2, 7))
        actions[:, :3] = 0.5 * (after[:3, 3] - before[:3, 3])
        actions[:, 3:6] = 0.5 * rotation_vector(after[:3, :3] @ before[:3, :3].T)
        return Attack(kind="grazing the joints", message=self._message(actions, 2.0), joints=begin)

    def _grazing_table(self) -> Attack:
        rng = self._rng
        one = self._good[rng.integers(len(self._good))]
        height = float(one.start[2, 3])
        down = self._box.low[2] - height + 0.02 * rng.random()
        count = max(2, int(np.ceil(abs(down) / 0.03)))
        actions = np.zeros((count, 7))
        actions[:, 2] = down / count
        actions[:, 3:6] = self._direction() * rng.uniform(0.0, 1.4) / count
        return Attack(kind="grazing the table", message=self._message(actions), joints=one.state.q)
