"""Contenders that take turns: each in a process of its own, rounds in alternating order."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
Report = dict[str, float]


def read_options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The options of a program whose contenders run in processes of their own: its own, and those
    by which `start` tells a process who it is."""
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


def llamafactory(
    folder: Path, name: str, rows: Sequence[Mapping[str, Sequence[int]]], work: Mapping[str, object]
) -> list[tuple[int, float, float]]:
    """Its stamps after a training by the interpreter that LLAMAFACTORY_PYTHON names: see
    `llamafactory_run.py`. The adapter lies in `folder / name`."""
    kept = folder / "rows.json"
    kept.write_text(json.dumps(rows))
    asked = {**work, "base": str(folder / "base"), "output": str(folder / name), "rows": str(kept)}
    program = Path(__file__).with_name("llamafactory_run.py")
    done = subprocess.run(
        [os.environ["LLAMAFACTORY_PYTHON"], str(program), json.dumps(asked)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [tuple(stamp) for stamp in json.loads(done.stdout.splitlines()[-1])]


def medians(runs: Mapping[str, list[Report]]) -> dict[str, Report]:
    """The median of each figure of each contender."""
    return {
        name: {key: statistics.median(one[key] for one in reports) for key in reports[0]}
        for name, reports in runs.items()
    }


def keep(program: str, work: str, threads: int, found: Mapping[str, Any]) -> None:
    """Writes what was found about one piece of work into the program's file of results, beside
    what is known about other work."""
    path = ROOT / "benchmarks" / "results" / f"{program.rpartition('.')[2]}.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    command = " ".join([f"python -m {program}", *sys.argv[1:]])
    results[work] = {"command": command, "machine": machine(threads), **found}
    path.write_text(json.dumps(results, indent=1) + "\n")


def machine(threads: int) -> dict[str, Any]:
    """What the numbers were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    flags = next(line for line in lines if line.startswith("flags")).split()
    libraries = ("torch", "transformers", "peft", "trl", "accelerate")
    return {
        "cpu": f"{names[0]}, {len(names)} cores",
        "avx512_bf16": "avx512_bf16" in flags,
        "threads": threads,
        "load_average": os.getloadavg()[0],
        "versions": {name: version(name) for name in libraries},
    }
