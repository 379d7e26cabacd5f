"""What the benchmarks have found: a JSON file each in benchmarks/results.

A file is one part or several by name. A part is what one run measures as a whole: a piece of work
on which contenders took turns, an exam, a table. It remembers the command, the machine and its
load. A run renews the parts that it measured and leaves the others as they are.

Contenders are compared within one run only. Where a run lacks a contender that the part held
(LLaMA-Factory or Kiwi, which not every machine has), the older run stays beside the new one, under
"earlier": whole, our own figures in it included, with its command and its machine. So a contender
that was absent keeps its ratio together with the run that measured it, and no ratio is made of two
runs. An older run goes as soon as newer ones hold all its contenders.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sadari.store import whole_file

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
LOAD_AT_START = os.getloadavg()[0]  # later the benchmark itself is part of it
Part = Mapping[str, Any]


def add_out(parser: argparse.ArgumentParser, name: str) -> None:
    """The option that says where results go."""
    parser.add_argument("--out", type=Path, default=RESULTS / f"{name}.json")


def keep(
    path: Path,
    measured: Mapping[str, Part],
    *,
    contenders: Callable[[Part], Collection[str]] = lambda part: (),
    inside: str | None = None,
    libraries: Iterable[str] = (),
    threads: int | None = None,
) -> None:
    """Renews the measured parts in the file, or in its entry `inside`; `contenders` names those of
    a part."""
    file = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # A bare figure beside the parts belongs to no run.
    known = {name: part for name, part in file.items() if isinstance(part, dict)}
    parts = known.setdefault(inside, {}) if inside else known
    for name, part in measured.items():
        new = signed(part, libraries, threads)
        earlier = still_needed(new, runs_of(parts[name]) if name in parts else [], contenders)
        parts[name] = {**new, **({"earlier": earlier} if earlier else {})}
    put(path, known)


def keep_whole(
    path: Path, found: Part, *, libraries: Iterable[str] = (), threads: int | None = None
) -> None:
    """Writes a file that is one part, always measured as a whole."""
    put(path, signed(found, libraries, threads))


def runs_of(part: Part) -> list[dict[str, Any]]:
    """The runs of a part, newest first, without those under "earlier" in each."""
    newest = {key: value for key, value in part.items() if key != "earlier"}
    return [newest, *part.get("earlier", [])]


def still_needed(
    new: Part, older: Iterable[dict[str, Any]], contenders: Callable[[Part], Collection[str]]
) -> list[dict[str, Any]]:
    """Of the older runs, newest first, those with a contender that no newer one holds."""
    seen, needed = set(contenders(new)), []
    for run in older:
        if set(contenders(run)) - seen:
            needed.append(run)
            seen |= set(contenders(run))
    return needed


def signed(found: Part, libraries: Iterable[str], threads: int | None) -> dict[str, Any]:
    """A part with the command that measures it, and what it was measured on."""
    return {"command": command(), "machine": machine(libraries, threads), **found}


def command() -> str:
    """The running program's own command line; folders and files of this machine by kind alone,
    since elsewhere they lie elsewhere."""
    given = [
        ("FOLDER" if Path(one).is_dir() else "FILE") if one.startswith(("/", "..")) else one
        for one in sys.argv[1:]
    ]
    return shlex.join(["python", "-m", f"benchmarks.{Path(sys.argv[0]).stem}", *given])


def machine(libraries: Iterable[str], threads: int | None = None) -> dict[str, Any]:
    """What the numbers are measured on."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text(encoding="utf-8").splitlines() if cpu.exists() else []
    facts = {line.partition(":")[0].strip(): line.partition(":")[2].strip() for line in lines}
    found: dict[str, Any] = {
        "cpu": f"{facts.get('model name', platform.processor())}, {os.cpu_count()} cores",
        "avx512_bf16": "avx512_bf16" in facts.get("flags", "").split(),
        "threads": threads,
        "load_average": LOAD_AT_START,
        "python": platform.python_version(),
        "versions": {name: shown for name in libraries if (shown := installed(name))},
    }
    return {key: value for key, value in found.items() if value is not None}


def installed(library: str) -> str | None:
    """The version of a library, None without it."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def put(path: Path, found: Part) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
