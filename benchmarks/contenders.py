"""Contenders that take turns: each in a process of its own, rounds in alternating order."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.kept import ROOT, add_out

Report = dict[str, float]


def read_options(parser: argparse.ArgumentParser, name: str) -> argparse.Namespace:
    """The options of a program whose contenders run in processes of their own: its own, where its
    results go, and those by which `start` tells a process who it is."""
    add_out(parser, name)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def take_turns(
    program: str, names: Sequence[str], rounds: int, options: Mapping[str, object]
) -> dict[str, list[Report]]:
    """Every contender of the module `program` once a round; what each reported."""
    runs: dict[str, list[Report]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            report = start(program, name, {**options, "seed": turn})
            runs[name].append(report)
            print(f"{name:28}", {k: round(v, 3) for k, v in report.items()}, flush=True)
    return runs


def start(program: str, name: str, options: Mapping[str, object]) -> Report:
    """`python -m program --run name` with these options; the line of JSON that it ends with."""
    chosen = [str(part) for key, value in options.items() for part in (f"--{key}", value)]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(options.get("threads", 1)),
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, "-m", program, "--run", name, *chosen],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        cwd=ROOT,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    report: Report = json.loads(done.stdout.splitlines()[-1])
    return report


def medians(runs: Mapping[str, list[Report]]) -> dict[str, Report]:
    """The median of each figure of each contender."""
    return {
        name: {key: statistics.median(one[key] for one in reports) for key in reports[0]}
        for name, reports in runs.items()
    }
