"""Climbs drawn from a known truth, as arrays, for measuring how often a verdict is wrong.

A question is answered right with a chance that depends on how hard its group and it are, and on
how the rung takes to the group (retrieval finds a document for all of a group's questions or for
none), which is what makes the differences of two rungs hang together. Training seeds differ by
luck on every question, and by a level of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sadari.evaluation.compare import Contrast, contrast
from sadari.ladder.verdict import claim
from sadari.stats import holm

Floats = NDArray[np.float64]
LADDER = {"prompt": None, "rag": "prompt", "tuned": "prompt", "tuned+rag": "rag"}


@dataclass(frozen=True)
class World:
    """`n` questions in groups of 1–4; spreads are standard deviations on the logit scale.

    `gains` raise the mean chance of a right answer, by rung; `held_out` is the share of the
    groups that tuned rungs are judged on; the climb ends at the first rung with `target` right.
    """

    n: int = 50
    seeds: int = 3
    level: float = 0.4
    between_groups: float = 1.5
    between_questions: float = 1.0
    rung_by_group: float = 1.5
    between_seeds: float = 0.1
    held_out: float = 1.0
    target: float = 1.01
    gains: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Drawn:
    """Right answers by rung, shape (seeds, n), the group of each question, and which are held
    out of tuning."""

    right: dict[str, Floats]
    groups: NDArray[np.intp]
    held_out: NDArray[np.bool_]


def draw(world: World, rng: np.random.Generator) -> Drawn:
    """One exam answered by every rung of the ladder."""
    sizes = rng.integers(1, 5, size=world.n)
    groups = np.repeat(np.arange(world.n), sizes)[: world.n]
    count = int(groups[-1]) + 1
    hard = world.level + (
        world.between_groups * rng.standard_normal(count)[groups]
        + world.between_questions * rng.standard_normal(world.n)
    )
    right = {}
    for name in LADDER:
        seeds = world.seeds if "tuned" in name else 1
        own = world.rung_by_group * rng.standard_normal(count)[groups]
        luck = world.between_seeds * rng.standard_normal((seeds, 1)) if seeds > 1 else 0.0
        chance = expit(hard + own + luck)
        gain = (world.gains or {}).get(name, 0.0)
        # Wrong answers are mended evenly, so that the mean rises by just the gain.
        chance = chance + (1 - chance) * min(1.0, gain / float(np.mean(1 - chance)))
        right[name] = (rng.random((seeds, world.n)) < chance).astype(np.float64)
    held_out = (rng.random(count) < world.held_out)[groups]
    return Drawn(right, groups, held_out)


def verdicts(drawn: Drawn, *, target: float = 1.01, alpha: float = 0.05) -> dict[str, str]:
    """The word on each step climbed, by the rules of `judge`: its tests, Holm, and the claim."""
    tests: dict[str, Contrast] = {}
    reached = float(drawn.right["prompt"].mean())
    for child, parent in LADDER.items():
        if parent is None or reached >= target:
            continue
        reached = float(drawn.right[child].mean())
        tuned = "tuned" in child
        kept = drawn.held_out if tuned else np.ones(len(drawn.groups), dtype=bool)
        clusters = np.unique(drawn.groups[kept], return_inverse=True)[1]
        tests[child] = contrast(
            drawn.right[parent].mean(axis=0)[kept], drawn.right[child][:, kept], clusters
        )
    adjusted = holm([test.p for test in tests.values()])
    words = {}
    for (child, test), p in zip(tests.items(), adjusted, strict=True):
        word, doubt = claim(test, p, tuned="tuned" in child, alpha=alpha)
        words[child] = word or doubt or "open"
    return words


def rate(world: World, climbs: int, seed: int) -> dict[str, float]:
    """Shares of climbs: `any better`, `any claim` (better or worse), and `better` by rung."""
    rng = np.random.default_rng(seed)
    found = dict.fromkeys(("any better", "any claim", *list(LADDER)[1:]), 0)
    for _ in range(climbs):
        words = verdicts(draw(world, rng), target=world.target)
        found["any better"] += "better" in words.values()
        found["any claim"] += bool({"better", "worse"} & set(words.values()))
        for name, word in words.items():
            found[name] += word == "better"
    return {name: count / climbs for name, count in found.items()}
