"""How often a whole climb claims what is not there: equal rungs, correlated groups, training
seeds, four rungs, Holm over the steps. `-s` shows the rates; docs/statistics.md has more."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from sadari.evaluation.types import Score
from sadari.ladder.types import Exposure, Rung, Training
from sadari.ladder.verdict import judge
from tests.ladder.simulation import LADDER, Drawn, World, draw, rate, verdicts

CLIMBS = 1_500
# Two Monte-Carlo standard errors of a rate of .05: .011.
TOLERANCE = 2 * sqrt(0.05 * 0.95 / CLIMBS)


@pytest.mark.parametrize("n", [50, 150])
def test_equal_rungs_are_rarely_called_better(n: int) -> None:
    found = rate(World(n=n), CLIMBS, seed=n)
    print(f"\nA/A, {n} questions: {found}")
    assert found["any better"] <= 0.05
    assert found["any claim"] <= 0.05 + TOLERANCE


@pytest.mark.parametrize(
    "world",
    [
        World(held_out=0.4),
        World(seeds=2, between_seeds=0.3),
        World(n=150, between_seeds=0.6),
        World(level=2.0, target=0.8),
        World(rung_by_group=3.0),
    ],
    ids=[
        "few held out",
        "two uneven seeds",
        "three very uneven seeds",
        "stops at the target",
        "groups move together",
    ],
)
def test_hard_cases_stay_within_the_rate(world: World) -> None:
    found = rate(world, 700, seed=1)
    print(f"\nA/A, {world}: {found}")
    assert found["any better"] <= 0.05


def test_power_grows_with_the_gain() -> None:
    power = {}
    for gain in (0.05, 0.10, 0.20):
        world = World(n=150, gains={"rag": gain})
        power[gain] = rate(world, 250, seed=3)["rag"]
    print(f"\nPower of rag over prompt, 150 questions: {power}")
    assert power[0.05] < power[0.10] < power[0.20]
    assert power[0.20] > 0.5


def test_the_simulation_follows_the_rules_of_judge() -> None:
    rng = np.random.default_rng(8)
    seen = set()
    for _ in range(25):
        gains = dict(zip(LADDER, rng.uniform(0, 0.5, size=4), strict=True))
        drawn = draw(World(n=40, held_out=0.7, between_seeds=1.0, gains=gains), rng)
        exposure = Exposure(frozenset(f"q{i}" for i in np.flatnonzero(drawn.held_out)))
        judgement = judge(_rungs(drawn), target=1.0, exposure=exposure)
        words = verdicts(drawn)
        for verdict in judgement.verdicts:
            open_word = "open" if verdict.word in ("not worse", "inconclusive") else verdict.word
            assert (verdict.doubt or open_word) == words[verdict.name]
        seen |= set(words.values())
    assert {"better", "open", "seeds differ"} <= seen


def _rungs(drawn: Drawn) -> list[Rung]:
    rungs = []
    for name, parent in LADDER.items():
        scores = tuple(
            Score(f"q{i}", f"g{drawn.groups[i]}", name, "key", bool(right), "", repeat=seed)
            for seed, row in enumerate(drawn.right[name])
            for i, right in enumerate(row)
        )
        tuned = (Training(0, "", 1, 1.0, 1.0, 1, 1, 1.0),) if "tuned" in name else ()
        rungs.append(Rung(name, parent, name, scores, training=tuned))
    return rungs
