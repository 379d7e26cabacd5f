"""Writes docs/benchmarks.md from the JSON files in benchmarks/results: no figure is typed by hand.

python benchmarks/table.py
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Made by `python benchmarks/table.py` from `benchmarks/results/`. Ratios come from one run in which
the systems took turns on the same work. *CPU* ratios count processor seconds and stand on a busy
machine too; *wall* ratios are what a user waits.
"""


def main() -> None:
    sections = [HEAD]
    for name, write in (
        ("climb", climb),
        ("tuning", tuning),
        ("evaluation_speed", evaluation),
        ("retrieval", retrieval),
        ("error_rates", error_rates),
    ):
        path = HERE / "results" / f"{name}.json"
        if path.exists():
            sections.append("\n".join(write(json.loads(path.read_text(encoding="utf-8")))))
    PAGE.write_text("\n\n".join(section.strip() for section in sections) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")


def climb(found: dict[str, Any]) -> Iterator[str]:
    yield "## A whole climb of examples/ald\n\n`python benchmarks/climb.py`\n"
    yield from table(
        ["seconds", "CPU seconds", "peak memory of a process", "`sadari --help`", "cores"],
        [
            [
                found["seconds"],
                found["cpu_seconds"],
                f"{found['peak_memory_mib']:,} MiB",
                f"{found['help_cpu_seconds']} s",
                found["cores"],
            ]
        ],
    )


def tuning(found: dict[str, Any]) -> Iterator[str]:
    yield "## Tuning: tokens per second against TRL\n"
    rows = []
    for work, result in found.items():
        for other in (result.get("best_of_trl"), "trl-defaults"):
            ratio = result.get(f"times {other}")
            if ratio:
                cpu, wall = ratio["tokens_per_cpu_second"], ratio["tokens_per_second"]
                rate = result["median"]["sadari"]["tokens_per_cpu_second"]
                rows.append([work, other, f"{rate:,.0f}", f"{cpu} ×", f"{wall} ×"])
    yield from table(["work", "peer", "our tokens / CPU s", "CPU ratio", "wall ratio"], rows)
    yield "\n" + "; ".join(f"`{result['command']}`" for result in found.values())


def evaluation(found: dict[str, Any]) -> Iterator[str]:
    yield "## Evaluation: questions per second\n\n`python benchmarks/evaluation_speed.py`\n"
    rows = []
    for work, result in found["workloads"].items():
        for pair, ratio in result["ratios"].items():
            peer = pair.removeprefix("sadari / ")
            same = result["same_answers"][peer]
            rows.append([work, peer, f"{ratio['cpu']} ×", f"{ratio['wall']} ×", f"{same:.0%}"])
    yield from table(["work", "peer", "CPU ratio", "wall ratio", "same answers"], rows)


def retrieval(found: dict[str, Any]) -> Iterator[str]:
    yield "## Retrieval: does search find it?\n\n`python benchmarks/retrieval.py --kiwi`\n"
    for exam, result in found["exams"].items():
        yield f"\n{exam}: {result['questions']:,} questions, {result['passages']:,} passages\n"
        rows = [
            [
                system["system"],
                f"{system['recall_at_1']:.3f}",
                f"{system['recall_at_10']:.3f}",
                system["p50_milliseconds"],
            ]
            for system in result["systems"]
        ]
        yield from table(["system", "recall@1", "recall@10", "p50 ms"], rows)


def error_rates(found: dict[str, Any]) -> Iterator[str]:
    yield "## Error rates of a climb without any real difference\n"
    yield "`python -m benchmarks.error_rates`\n"
    part = found["climbs without a difference"]
    names = list(part["rows"][0])
    yield from table(names, [[row.get(name, "") for name in names] for row in part["rows"]])
    yield f"\n{part['draws']:,} simulated climbs a row."


def table(head: list[str], rows: list[list[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"


if __name__ == "__main__":
    main()
