"""How often do sadari's verdicts err? The numbers of docs/statistics.md.

Every table draws exams from a known truth (tests/ladder/simulation.py): questions in groups of
one to four, rungs that take to whole groups, training seeds with luck of their own.

    python -m benchmarks.error_rates            # about three minutes on one core
    python -m benchmarks.error_rates --part peeking
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from benchmarks.kept import add_out, keep
from sadari.evaluation.compare import compare
from sadari.evaluation.types import Score
from sadari.stats import bca_paired, confidence_sequence, newcombe_paired, sign_flip
from tests.ladder.simulation import World, draw, rate

WORLDS = {
    "groups hang together": {},
    "single questions": {"between_groups": 0.0, "rung_by_group": 0.0},
    "groups hang together strongly": {"rung_by_group": 3.0},
    "40% held out": {"held_out": 0.4},
    "two seeds": {"seeds": 2},
    "seeds differ by 5 points": {"between_seeds": 0.3},
    "seeds differ by 10 points": {"between_seeds": 0.6},
    "easy, stops at 80%": {"level": 2.0, "target": 0.8},
}


def climbs(times: int) -> list[dict[str, Any]]:
    """A/A: no rung is better than another; shares of climbs that say otherwise."""
    rows = []
    for name, settings in WORLDS.items():
        for n in (50, 150):
            found = rate(World(n=n, **settings), times, seed=n)
            rows.append({"world": name, "n": n, **{k: round(v, 4) for k, v in found.items()}})
    return rows


def power(times: int) -> list[dict[str, Any]]:
    """Shares of climbs in which rag is called better than prompt, and tuned than prompt."""
    rows = []
    for name in ("single questions", "groups hang together"):
        for n in (50, 150, 300):
            for gain in (0.05, 0.10, 0.20):
                world = World(n=n, gains={"rag": gain, "tuned": gain}, **WORLDS[name])
                found = rate(world, times, seed=n)
                rows.append(
                    {"world": name, "n": n, "gain": gain} | {k: found[k] for k in ("rag", "tuned")}
                )
    return rows


def one_step(times: int) -> list[dict[str, Any]]:
    """One comparison: false differences by test, and coverage of the truth by interval."""
    rows = []
    for n in (50, 100, 200):
        for child in ("rag", "tuned"):
            for gain in (0.0, 0.2):
                world = World(n=n, gains={child: gain})
                rows.append(_step(world, child, gain, times))
    return rows


def _step(world: World, child: str, gain: float, times: int) -> dict[str, Any]:
    rng = np.random.default_rng(world.n)
    count = dict.fromkeys(
        ("McNemar, groups ignored", "sign-flip by group", "Newcombe, groups ignored"), 0
    )
    count |= dict.fromkeys(("percentile bootstrap by group", "BCa by group", "sadari"), 0)
    for turn in range(times):
        drawn = draw(world, rng)
        first, second = drawn.right["prompt"].mean(axis=0), drawn.right[child]
        mean = second.mean(axis=0)
        difference = mean - first
        a, b = float((first * mean).sum()), float(((1 - first) * mean).sum())
        c, d = float((first * (1 - mean)).sum()), float(((1 - first) * (1 - mean)).sum())
        shipped = compare(
            _scores(drawn.right["prompt"], drawn.groups), _scores(second, drawn.groups)
        )
        alone = np.arange(world.n)
        count["McNemar, groups ignored"] += sign_flip(difference, alone) <= 0.05
        count["sign-flip by group"] += shipped.p <= 0.05
        count["Newcombe, groups ignored"] += gain in newcombe_paired(a, b, c, d)
        low, high = _percentile(difference, drawn.groups, rng)
        count["percentile bootstrap by group"] += low <= gain <= high
        count["BCa by group"] += gain in bca_paired(difference, drawn.groups, turn, resamples=1_000)
        count["sadari"] += gain in shipped.interval
    rates = {name: round(times_true / times, 4) for name, times_true in count.items()}
    return {"n": world.n, "child": child, "gain": gain, **rates}


def _percentile(
    difference: np.ndarray, groups: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    sums, sizes = np.bincount(groups, weights=difference), np.bincount(groups)
    draws = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=1_000)
    low, high = np.quantile((draws @ sums) / (draws @ sizes), [0.025, 0.975])
    return float(low), float(high)


def _scores(right: np.ndarray, groups: np.ndarray) -> list[Score]:
    return [
        Score(str(i), str(groups[i]), "b", "s", bool(value), "", repeat=seed)
        for seed, row in enumerate(right)
        for i, value in enumerate(row)
    ]


def peeking(times: int) -> list[dict[str, Any]]:
    """Two equal arms, looked at after each of 2,000 paired answers, from the twentieth on."""
    rng = np.random.default_rng(0)
    fooled = {"fixed z-test": 0, "confidence sequence": 0}
    for _ in range(times):
        values = rng.choice([-1.0, 0.0, 0.0, 1.0], size=2_000)
        t = np.arange(1, 2_001)
        mean = values.cumsum() / t
        error = np.sqrt(np.maximum((values**2).cumsum() / t - mean**2, 1e-9) / t)
        fooled["fixed z-test"] += bool((np.abs(mean) > 1.96 * error)[19:].any())
        sequence = confidence_sequence(values)
        fooled["confidence sequence"] += bool((sequence.low > 0).any() or (sequence.high < 0).any())
    return [{name: count / times for name, count in fooled.items()}]


PARTS = {"climbs without a difference": climbs, "power": power, "one step": one_step}
PARTS |= {"peeking": peeking}


def main() -> None:
    """Measure the parts asked for, print them as JSON lines, and renew them beside this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--climbs", type=int, default=1_000, help="climbs per row (1000)")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part")
    add_out(parser, "error_rates")
    settings = parser.parse_args()
    for name in settings.part or PARTS:
        # Climbs without a difference need the precision; the other rates are far from .05.
        times = settings.climbs if name == "climbs without a difference" else settings.climbs // 4
        found = {"draws": times, "rows": PARTS[name](times)}
        keep(settings.out, {name: found}, libraries=("numpy", "scipy"))
        print(name, times)
        for row in found["rows"]:
            print("  ", json.dumps(row, ensure_ascii=False))


if __name__ == "__main__":
    main()
