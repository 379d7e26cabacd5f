"""How the cost of tuning grows: tokens per CPU second over the length of the examples, 128 to
4,096, and over LoRA's rank, 4 to 64.

    python -m benchmarks.tuning_growth

The practice model's shape with random weights, one thread, four examples of random ids a step,
each with half its tokens learnt. Of each tuning the first step is not counted. Results go to
benchmarks/results/tuning_growth.json, the plot to docs/tuning-growth.svg.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import trainings
from benchmarks.drawing import Curve, draw_panels
from benchmarks.kept import ROOT, add_out, keep_whole

PLOT = ROOT / "docs" / "tuning-growth.svg"
LENGTHS = (128, 256, 512, 1024, 2048, 4096)
RANKS = (4, 8, 16, 32, 64)
LENGTH, RANK = 256, 16  # of what is not varied
STEP_TOKENS = 12_000  # about so many are trained for each figure, in one step or more


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lengths", type=int, nargs="+", default=LENGTHS)
    parser.add_argument("--ranks", type=int, nargs="+", default=RANKS)
    parser.add_argument("--plot", type=Path, default=PLOT)
    add_out(parser, "tuning_growth")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        base = Path(home) / "base"
        trainings.make_base("practice", base, positions=max(*options.lengths, LENGTH))
        by_length = {n: rate(base, n, RANK, Path(home) / f"length-{n}") for n in options.lengths}
        by_rank = {r: rate(base, LENGTH, r, Path(home) / f"rank-{r}") for r in options.ranks}
    found = {"length": by_length, "rank": by_rank}
    keep_whole(options.out, found, libraries=trainings.LIBRARIES, threads=1)
    draw_panels(
        options.plot, panel("tokens of an example", by_length), panel("rank of LoRA", by_rank)
    )


def rate(base: Path, length: int, rank: int, output: Path) -> dict[str, float]:
    """Tokens per CPU second, and peak memory, of a tuning on examples of this length."""
    from sadari.llm.types import Rendered
    from sadari.tuning import Progress, TuneSettings, train

    rng = random.Random(length)
    steps = 1 + max(1, STEP_TOKENS // (trainings.BATCH * length))
    rows = []
    for _ in range(trainings.BATCH * steps):
        ids = [3 + rng.randrange(3000) for _ in range(length - 1)] + [trainings.END]
        trained = (False,) * (length // 2) + (True,) * (length - length // 2)
        rows.append(Rendered(tuple(ids), trained))
    settings = TuneSettings(
        rank=rank,
        epochs=1,
        batch_examples=trainings.BATCH,
        max_length=length,
        save_every_steps=0,
        threads=1,
    )
    stamps: list[float] = []

    def stamp(progress: Progress) -> None:
        stamps.append(time.process_time())

    result = train(base, rows, [], settings, output, on_step=stamp)
    tokens = trainings.BATCH * length * (len(stamps) - 1)
    found = {
        "tokens_per_cpu_second": tokens / (stamps[-1] - stamps[0]),
        "peak_memory_bytes": result.peak_memory_bytes,
    }
    print(f"length {length:5} rank {rank:3}", found, flush=True)
    return found


def panel(name: str, found: dict[int, dict[str, float]]) -> Curve:
    """The curve of a rate over what was varied."""
    rates = [value["tokens_per_cpu_second"] for value in found.values()]

    def curve(axes: Any) -> None:
        axes.plot(list(found), rates, marker="o")
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(found), [f"{value:,}" for value in found])
        axes.set_ylim(0, 1.1 * max(rates))
        axes.set_xlabel(name)
        axes.set_ylabel("tokens per CPU second")

    return curve


if __name__ == "__main__":
    main()
