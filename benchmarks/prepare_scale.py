"""How preparation grows: short records in files of doubling size, through every step, with time and
peak memory. A tenth of the rows repeats another, one in a hundred holds a telephone number, one in
fifty HTML, one in two hundred is broken.

    python -m benchmarks.prepare_scale [--most 1000000] [--workers 2]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.drawing import Curve, draw_panels
from benchmarks.kept import ROOT, add_out, keep_whole
from benchmarks.near_duplicates import WORDS
from sadari.data.bulk import prepare_files
from sadari.data.redact import Vault
from sadari.domain import read_domain

LEAST = 125_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=1_000_000, help="records in the largest file")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    add_out(parser, "prepare_scale")
    arguments = parser.parse_args()
    sizes = [LEAST]
    while sizes[-1] * 2 <= arguments.most:
        sizes.append(sizes[-1] * 2)
    if sizes[-1] != arguments.most:
        sizes.append(arguments.most)
    rows = []
    for size in sizes:
        rows.append(run(size, arguments.workers))
        print(json.dumps(rows[-1]), flush=True)
        found = {"workers": arguments.workers, "cores": os.cpu_count(), "rows": rows}
        keep_whole(arguments.out, found)
        draw_panels(
            arguments.out.with_suffix(".svg"),
            panel(rows, "cpu_seconds", "CPU seconds"),
            panel(rows, "peak_mib", "peak memory, MiB (all processes)"),
        )


def run(size: int, workers: int) -> dict[str, Any]:
    domain = read_domain(ROOT / "examples" / "ald")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, size)
        peak = Peak()
        start, before = time.perf_counter(), cpu_seconds()
        with peak, Vault.open(Path(folder) / "vault.sqlite") as vault:
            made = prepare_files(domain, [path], Path(folder) / "out", vault=vault, workers=workers)
        seconds = time.perf_counter() - start
        return {
            "records": size,
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu_seconds() - before, 1),
            "records_per_second": round(size / seconds),
            "peak_mib": round(peak.bytes / 2**20),
            "out": made.train + made.validation,
            "file_mib": round(path.stat().st_size / 2**20, 1),
        }


def write_rows(path: Path, size: int) -> None:
    draw = random.Random(0)
    question, answer = "처음은 어떻게 하나요?", "처음부터 합니다."
    with path.open("w", encoding="utf-8") as file:
        for _ in range(size):
            kind = draw.random()
            if kind < 0.005:
                file.write('{"question": "깨진\n')
                continue
            if kind > 0.1:
                question = f"{' '.join(draw.choices(WORDS, k=6))}은 어떻게 하나요?"
                days = draw.randint(1, 99)
                answer = f"{' '.join(draw.choices(WORDS, k=14))} {days}일 안에 처리합니다."
                if kind < 0.12:
                    answer = f"<p>{answer}</p>"
                elif kind < 0.13:
                    answer += f" 문의 010-{draw.randint(2000, 9999)}-{draw.randint(1000, 9999)}"
            row = {"question": question, "answer": answer}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def cpu_seconds() -> float:
    """Of this process and its finished children."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


class Peak:
    """The most memory that this process and its children hold at one moment, looked at often."""

    def __init__(self) -> None:
        self.bytes = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        own = psutil.Process()
        while not self._done.wait(0.2):
            held = own.memory_info().rss
            for child in own.children(recursive=True):
                try:
                    held += child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.bytes = max(self.bytes, held)


def panel(rows: list[dict[str, Any]], key: str, name: str) -> Curve:
    """A figure by records, both axes linear."""

    def curve(axes: Any) -> None:
        axes.plot([row["records"] / 1e3 for row in rows], [row[key] for row in rows], "o-")
        axes.set_xlabel("thousand records")
        axes.set_ylabel(name)
        axes.set_xlim(0)
        axes.set_ylim(0)

    return curve


if __name__ == "__main__":
    multiprocessing.freeze_support()
    main()
