"""The whole recipe: tokenizer, then the stages of training, each from the weights of the last.

    python -m training.practice.recipe --out /tmp/practice

Some six hours on two idle cores. What each stage is for is in
`docs/practice-model.md`, which also says how the shipped weights differ from what this gives.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from training.practice.tokenizer import build

# name, processes, arguments of training.practice.train
STAGES: tuple[tuple[str, int, str], ...] = (
    ("copying", 1, "--layers 4 --stage 0 --steps 200 --tokens 4000 --seed 0"),
    ("lookup", 2, "--layers 4 --stage 0 --steps 100 --tokens 5000 --seed 1"),
    ("one-fact", 2, "--layers 4 --stage 1 --steps 100 --tokens 5000 --seed 2"),
    ("deeper", 2, "--layers 6 --stage 2 --steps 100 --tokens 6000 --seed 3"),
    ("two-facts", 2, "--layers 6 --stage 2 --steps 100 --tokens 6000 --seed 4"),
    ("four-facts", 2, "--layers 6 --stage 3 --steps 200 --tokens 3500 --seed 5"),
    ("copied", 2, "--layers 6 --stage 3 --steps 200 --tokens 3500 --seed 5 --aim 0.5"),
    (
        "found",
        2,
        "--layers 6 --stage 3 --steps 250 --tokens 3500 --seed 6 --patience 300 "
        "--aim 0.5 --fresh matching",
    ),
    (
        "started",
        2,
        "--layers 6 --stage 3 --steps 1340 --tokens 3500 --seed 10 --patience 350 "
        "--aim 0.5 --fresh back --decay 600",
    ),
    (
        "decided",
        2,
        "--layers 6 --stage 4 --steps 1300 --tokens 3500 --seed 11 --patience 1000 "
        "--aim 0.5 --decay 560",
    ),
    (
        "called",
        2,
        "--layers 6 --stage 4 --steps 1800 --tokens 3500 --seed 31 --patience 400 "
        "--aim 0.5 --decay 750",
    ),
    (
        "wider",
        2,
        "--layers 6 --stage 4 --last 4 --steps 3000 --tokens 3500 --seed 41 --aim 0.5 --decay 1200",
    ),
)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out", type=Path, required=True)
    options = p.parse_args()
    folder = options.out / "tokenizer"
    build(folder)
    before: list[str] = []
    for name, world, arguments in STAGES:
        out = options.out / name
        command = [sys.executable, "-m", "training.practice.train", "--out", str(out), "--tokenizer", str(folder),
                   *before, "--decay", "0", *arguments.split(), "--world", str(world)]  # fmt: skip
        processes = [subprocess.Popen([*command, "--rank", str(rank)]) for rank in range(world)]
        codes = [process.wait() for process in processes]
        if any(codes):
            raise SystemExit(
                f"Stage {name} failed; run the same command again to go on from its checkpoint."
            )
        before = ["--init", str(out)]


if __name__ == "__main__":
    main()
