"""Writes docs/benchmarks.md from the JSON files in benchmarks/results: no figure is typed by hand.

python -m benchmarks.table
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from benchmarks.kept import RESULTS, ROOT, Part, runs_of
from benchmarks.retrieval import systems

PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

Made by `python -m benchmarks.table` from `benchmarks/results/`. Ratios come from one run in which
the systems took turns on the same work. *CPU* ratios count processor seconds and stand on a busy
machine too; *wall* ratios are what a user waits. FOLDER and FILE are public data: the first lines
of each program say which.
"""


def main() -> None:
    sections = [HEAD]
    for name, title, write in (
        ("climb", "A whole climb of examples/ald", climb),
        ("tuning", "Tuning: tokens per second beside its peers", tuning),
        ("memory", "Memory of a tuning: against TRL, the floor, and what was said before", memory),
        ("tuning_growth", "How the cost of tuning grows", growth),
        ("preference", "DPO: pairs per CPU second beside its peers", preference),
        ("methods", "Does each method of tuning learn?", methods),
        ("forgetting", "What tuning forgets", forgetting),
        ("evaluation_speed", "Evaluation: questions per second", evaluation),
        ("json", "Answers held to a JSON schema", constrained),
        ("retrieval", "Retrieval: does search find it?", retrieval),
        ("attacks", "Answers that pass the scorer", attacks),
        ("pii", "Personal data in Korean text", pii),
        ("near_duplicates", "Near duplicates: documents per CPU second", near_duplicates),
        ("prepare_scale", "Preparing records", prepare_scale),
        ("leakage", "The exam in the training data, in other words", leakage),
        ("error_rates", "Error rates of a climb without any real difference", error_rates),
        ("forecasting", "Forecasts: CRPS beside peers", forecasting),
    ):
        path = RESULTS / f"{name}.json"
        if path.exists():
            found = json.loads(path.read_text(encoding="utf-8"))
            sections.append("\n".join([f"## {title}\n\n{commands(name, found)}\n", *write(found)]))
    PAGE.write_text("\n\n".join(section.strip() for section in sections) + "\n", encoding="utf-8")
    print(f"wrote {PAGE}")


def commands(name: str, found: dict[str, Any]) -> str:
    """The command of each part whose figures are shown, once."""
    parts = PARTS.get(name, whole)(found)
    said = [part.get("command", f"python -m benchmarks.{PLAIN.get(name, name)}") for part in parts]
    modules = [re.sub(r"^python benchmarks/(\w+)\.py", r"python -m benchmarks.\1", s) for s in said]
    return "; ".join(f"`{command}`" for command in dict.fromkeys(modules))


def whole(found: dict[str, Any]) -> list[Part]:
    """The parts of a file that is one."""
    return [found]


def entries(part: Part) -> dict[str, Any]:
    """What a file or a part has by name, apart from what it was measured on."""
    return {
        name: value for name, value in part.items() if isinstance(value, dict) and name != "machine"
    }


def several(found: dict[str, Any]) -> list[Part]:
    """The parts of a file that has several, older runs of each behind it."""
    return [run for part in entries(found).values() for run in runs_of(part)]


PARTS: dict[str, Callable[[dict[str, Any]], list[Part]]] = {
    **dict.fromkeys(("tuning", "memory", "preference", "pii", "leakage", "forecasting"), several),
    "methods": lambda found: found["runs"],
    "retrieval": lambda found: several(found["exams"]),
    "error_rates": lambda found: [found["climbs without a difference"]],
}
# The command of figures that are older than the rule that each says its own.
PLAIN = {
    "json": "constrained",
    "evaluation_speed": "evaluation_speed --questions 48 --rounds 1",
    "retrieval": "retrieval --data FOLDER --kiwi",
    "pii": "pii --chat FILE",
    "leakage": "leakage --data FOLDER",
    "forecasting": "forecasting --data FOLDER",
}


def held(runs: Iterable[dict[str, Any]], names: Callable[[Part], Iterable[str]]) -> Iterator[Any]:
    """(run, name) of each contender, out of the newest run that has it."""
    seen: set[str] = set()
    for run in runs:
        for name in names(run):
            if name not in seen:
                yield run, name
        seen |= set(names(run))


def climb(found: dict[str, Any]) -> Iterator[str]:
    yield from table(
        ["seconds", "CPU seconds", "peak memory of all processes", "`sadari --help`", "cores"],
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
    rate, wall = "tokens_per_cpu_second", "tokens_per_second"
    rows = [
        [work, peer, f"{ours[rate]:,.0f}", f"{times[rate]} ×", f"{times[wall]} ×"]
        for work, peer, ours, times in beside_peers(found)
    ]
    yield from table(["work", "peer", "our tokens / CPU s", "CPU ratio", "wall ratio"], rows)


def preference(found: dict[str, Any]) -> Iterator[str]:
    rows = [
        [work, peer, f"{ours['pairs_per_cpu_second']:.1f}", f"{times} ×"]
        for work, peer, ours, times in beside_peers(found)
    ]
    yield from table(["work", "peer", "our pairs / CPU s", "CPU ratio"], rows)


def beside_peers(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, float], Any]]:
    """(work, peer, our medians, our multiple of the peer's), both of one run: the newest that has
    TRL's fast settings, its defaults, LLaMA-Factory."""

    def kinds(run: Part) -> dict[str, str]:
        best = {run["best_of_trl"]: "fast"} if "best_of_trl" in run else {}
        peers = {**best, "trl-defaults": "defaults", "llamafactory": "llamafactory"}
        return {kind: peer for peer, kind in peers.items() if f"times {peer}" in run}

    for work, part in found.items():
        for run, kind in held(runs_of(part), kinds):
            peer = kinds(run)[kind]
            yield work, peer, run["median"]["sadari"], run[f"times {peer}"]


def memory(found: dict[str, Any]) -> Iterator[str]:
    rows = []
    for work, part in found.items():
        for one, name in held(
            runs_of(part), lambda run: [n for n in entries(run) if n != "errors"]
        ):
            run = one[name]
            floor = f"{run['floor'] / 2**20:,.0f}" if "floor" in run else ""
            peak, grown = (f"{run[key] / 2**20:,.0f}" for key in ("peak", "grown"))
            rows.append([work, name, peak, grown, floor])
    head = ["work", "", "process MiB", "of it beyond the libraries", "the floor"]
    yield from table(head, rows)


def growth(found: dict[str, Any]) -> Iterator[str]:
    for name in ("length", "rank"):
        rows = [
            [at, f"{run['tokens_per_cpu_second']:,.0f}", f"{run['peak_memory_bytes'] / 2**20:,.0f}"]
            for at, run in found[name].items()
        ]
        yield from table([name, "tokens / CPU s", "process MiB"], rows)
        yield ""
    yield "![Tokens per CPU second by length and rank](tuning-growth.svg)"


def methods(found: dict[str, Any]) -> Iterator[str]:
    yield "Share of answers right to the letter: the mean over seeds, and the least and the most.\n"
    tasks = ("facts", "routing", "json")
    rows = []
    for method, scores in found["summary"].items():
        right = [scores["right"].get(task) for task in tasks]
        cells = [f"{r['mean']:.2f} ({r['least']:.2f}–{r['most']:.2f})" if r else "" for r in right]
        kept = f"{scores['bytes'] / 2**20:.1f} MiB"
        seconds = f"{scores['cpu_seconds']:.0f}"
        rows.append([method, *cells, f"{scores['trainable']:,}", kept, seconds])
    yield from table(["method", *tasks, "parameters trained", "kept", "CPU s a tuning"], rows)


def forgetting(found: dict[str, Any]) -> Iterator[str]:
    yield "Probability of a token of the right answer to general conversations that no training "
    yield "saw, the base's and the adapter's, with the interval of the drop.\n"
    rows = []
    for row in found["rows"]:
        kept = row["forgetting"]
        rows.append(
            [
                f"{row['share']:.0%}",
                f"{row['examples']:,}",
                f"{row['validation_losses'][0]:.3f} → {row['best_validation_loss']:.3f}",
                f"{kept['before']:.3f} → {kept['after']:.3f}",
                f"{kept['drop']:.3f} ({kept['low']:.3f} to {kept['high']:.3f})",
            ]
        )
    head = ["general share", "examples", "validation loss", "probability", "drop"]
    yield from table(head, rows)
    for name, one in found["merged"].items():
        yield (
            f"\nMerged in bfloat16, against *{name}* ([export](export.md)): logits differ by "
            f"{one['mean']:.4f} on average and {one['largest']:.3f} at most; "
            f"{one['changed']:.1%} of {one['tokens']:,} greedy tokens change."
        )


def evaluation(found: dict[str, Any]) -> Iterator[str]:
    rows = []
    for work, result in found["workloads"].items():
        for pair, ratio in result["ratios"].items():
            peer = pair.removeprefix("sadari / ")
            same = result["same_answers"][peer]
            rows.append([work, peer, f"{ratio['cpu']} ×", f"{ratio['wall']} ×", f"{same:.0%}"])
    yield from table(["work", "peer", "CPU ratio", "wall ratio", "same answers"], rows)


def constrained(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['questions']} dev questions of examples/dinner that ask for a state, "
    tuned = ", tuned" if found["adapter"] else ", untuned"
    yield f"{found['model']} model{tuned}. *An order*: all ten slots, each of its kind.\n"
    rows = []
    for form, result in found["quality"].items():
        valid, low, high = (f"{100 * share:.0f}" for share in result["valid_json"])
        shares = (f"{result[name]:.0%}" for name in ("an_order", "slots", "cut_off"))
        rows.append([form, f"{valid}% ({low}–{high}%)", *shares, result["tokens"]])
    yield from table(["", "valid JSON", "an order", "slots right", "cut off", "tokens"], rows)
    empty = f"{found['slots_of_an_empty_order']:.0%}"
    yield f"\nAn order in which nothing is filled has {empty} of the slots right.\n"
    cost = found["cost"]
    yield f"What a token costs, {cost['vocabulary']:,} tokens to choose from:\n"
    batches = [(name, one) for name, one in cost.items() if name.endswith("rows")]
    rows = [
        [name, one["free_cpu_ms_per_token"], one["held_cpu_ms_per_token"], f"{one['times']} ×"]
        for name, one in batches
    ]
    yield from table(["batch", "free, CPU ms", "held, CPU ms", "ratio"], rows)


def retrieval(found: dict[str, Any]) -> Iterator[str]:
    for exam, result in found["exams"].items():
        yield f"\n{exam}: {result['questions']:,} questions, {result['passages']:,} passages\n"
        rows = [
            [
                system["system"],
                f"{system['recall_at_1']:.3f}",
                f"{system['recall_at_10']:.3f}",
                system["p50_milliseconds"],
            ]
            for run, contender in held(runs_of(result), systems)
            for system in systems(run)[contender]
        ]
        yield from table(["system", "recall@1", "recall@10", "p50 ms"], rows)


ATTACKS = {
    "references": "the references",
    "pasted": "the whole evidence document pasted",
    "listed_numbers": "every number of the evidence listed",
    "refused": "a refusal, where there is an answer",
    "wrong_numbers": "the reference with another unit, or a value outside the tolerance",
    "negated": "the reference with its main verb negated",
    "repeated": "the question repeated",
    "salad": "the key's words strung together",
}


def attacks(found: dict[str, Any]) -> Iterator[str]:
    yield f"On the exam of examples/{found['domain']}; the references should, nothing else.\n"
    rows = [
        [ATTACKS.get(name, name), f"{passed} of {tried:,}"]
        for name, (passed, tried) in found["passed"].items()
    ]
    yield from table(["answer", "pass"], rows)


def pii(found: dict[str, Any]) -> Iterator[str]:
    counts = {**found, **found["sadari"]}
    yield f"{counts['sentences']} sentences, {counts['labels']} labels, "
    yield f"{counts['hard_negatives']} sentences in which there is nothing to find.\n"
    parts = {f"sadari, {name}": found["sadari"][name] for name in found["sadari"] if " " in name}
    parts = {"sadari, all": found["sadari"]["all"], **parts}
    if "presidio" in found:
        parts[f"Presidio {found['presidio']['version']}, all"] = found["presidio"]["all"]
    rows = [
        [name, *(part[kind][of] for kind in ("structured", "names_and_addresses")
         for of in ("recall", "precision"))]
        for name, part in parts.items()
    ]  # fmt: skip
    head = ["", "structured: recall", "precision", "names, addresses: recall", "precision"]
    yield from table(head, rows)
    if "presidio" in found:
        known = found["presidio"]["on_the_kinds_it_knows"]
        yield "\nOn the kinds that Presidio knows: recall "
        yield f"{known['sadari']['recall']} against {known['presidio']['recall']}, precision "
        yield f"{known['sadari']['precision']} against {known['presidio']['precision']}, "
        speed = "megabytes_per_cpu_second"
        ours = found["presidio"].get(f"{speed}_of_sadari", found["sadari"][speed])
        yield f"{ours} against {found['presidio'][speed]} MB a CPU second."
    if "chat" in found:
        chat = found["chat"]
        yield f"\n{chat['false_hits']} false hits in {chat['sentences']:,} sentences of chit-chat, "
        yield f"at {chat['megabytes_per_cpu_second']} MB a CPU second."


def near_duplicates(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['documents']:,} texts of {found['characters']} characters.\n"
    times = found["times datasketch"]
    rows = [
        [name, system["recall"], f"{system['documents_per_cpu_second']:,}", f"{times[name]} ×"]
        for name, system in found["systems"].items()
    ]
    head = ["system", "recall of planted", "documents per CPU second", "against datasketch"]
    yield from table(head, rows)


def prepare_scale(found: dict[str, Any]) -> Iterator[str]:
    head = ["records", "CPU seconds", "seconds", "peak memory of all processes"]
    rows = [
        [f"{r['records']:,}", r["cpu_seconds"], r["seconds"], f"{r['peak_mib']} MiB"]
        for r in found["rows"]
    ]
    yield from table(head, rows)


def leakage(found: dict[str, Any]) -> Iterator[str]:
    parts = entries(found["paraphrases"])
    rows = [
        [name, part["pairs"], part["recall"], part["hard_negatives"], part["false_alarms"]]
        for name, part in parts.items()
        if "recall" in part
    ]
    yield from table(["topics", "pairs", "found", "hard negatives", "false alarms"], rows)
    if "planted" in found:
        planted = found["planted"]
        yield (
            f"\nOf copies planted in a public set {planted['exact']:.1%} are found, of "
            f"{planted['near_planted']} near copies {planted['near']:.1%}; of "
            f"{planted['others']:,} other questions {planted['others_flagged']:.1%} are taken "
            "for one."
        )


def error_rates(found: dict[str, Any]) -> Iterator[str]:
    part = found["climbs without a difference"]
    names = list(part["rows"][0])
    yield from table(names, [[row.get(name, "") for name in names] for row in part["rows"]])
    yield f"\n{part['draws']:,} simulated climbs a row."


def forecasting(found: dict[str, Any]) -> Iterator[str]:
    head = [
        "data",
        "targets",
        "peer",
        "CRPS, ours / peer",
        "gain (scaled)",
        "coverage of 80 %",
    ]
    rows = []
    if "m4" in found:
        m4 = found["m4"]
        for peer, key in (
            ("seasonal naive", "chosen_below_naive"),
            ("Prophet + AutoARIMA + LSTM, median", "chosen_below_trio"),
        ):
            rows.append(_forecast_row("M4 hourly", m4, f"{m4['series']} series", peer, key))
    for part in ("flights", "fab"):
        for name, result in entries(found.get(part, {})).items():
            data, moves = f"{part}: {name}", f"{result['moves']:,} moves"
            key = "chosen_below_routes_quantiles"
            rows.append(_forecast_row(data, result, moves, "the route's own quantiles", key))
    yield from table(head, rows)
    if "m4" in found:
        ours, theirs = (found["m4"][f"cpu_seconds_an_origin_{who}"] for who in ("ours", "trio"))
        yield f"\nCPU seconds an origin of M4: {ours} ours, {theirs} the three peers."
    inside = [
        "{} of {} ({}: {})".format(*result["routes_of_200_covering_70_to_90"], part, name)
        for part in ("flights", "fab")
        for name, result in entries(found.get(part, {})).items()
    ]
    yield f"\nRoutes with 200 moves or more whose own coverage is .70 to .90: {', '.join(inside)}."
    for name, fab in entries(found.get("fab", {})).items():
        yield from _incidents(name, fab)
    if "nab" in found:
        yield "\nIncidents in Numenta's travel times (NAB), scored by its standard profile: 0 is "
        yield "no alarm, 100 every window found at its start.\n"
        rows = [
            [series, "{} of {}".format(*one["windows_found"]), one["alarms_outside"],
             one["outside_per_day"], one["nab_score"]]
            for series, one in entries(found["nab"]).items()
        ]  # fmt: skip
        head = ["series", "windows found", "alarms outside", "of them a day", "score"]
        yield from table(head, rows)
    if "ingest" in found:
        yield "\nEvents from CSV into the inbox, and from Parquet to route-hours:\n"
        rows = [
            [size, f"{s['ingested_per_cpu_second']:,}", s["route_hours_cpu_seconds"], s["peak_mib"]]
            for size, s in entries(found["ingest"]).items()
        ]
        yield from table(
            ["from", "events a CPU second", "CPU seconds to route-hours", "peak MiB"], rows
        )
        yield "\n![Cost of ingest by events](../benchmarks/results/forecasting_growth.svg)"
    if "answer" in found:
        a = found["answer"]
        yield (
            f"\n{a['moves']:,} moves: fitted in {a['fit_cpu_seconds']} CPU s; the newest day taken "
            f"in without a fit in {a['update_cpu_seconds']} s. An answer takes "
            f"{a['plain']['p50_milliseconds']} ms, with reasons and cases "
            f"{a['with reasons and cases']['p50_milliseconds']} ms (medians)."
        )
    if "scale" in found:
        s = found["scale"]
        yield (
            f"\n200 routes over 28 origins (and 4 to warm up): {s['wall_seconds']:,} s, "
            f"{s['peak_mib']:,} MiB; an hour's update of all routes "
            f"{sum(s['update_cpu_seconds'].values()):.1f} CPU s."
        )


def _incidents(name: str, fab: dict[str, Any]) -> Iterator[str]:
    """Delays laid over a quiet fab, by size; the fab's own breakdowns by how late moves were."""
    laid = fab["laid incidents"]
    yield f"\nIncidents, {name}; {laid['false_per_day']} false ones a day:\n"
    rows = [
        [f"an hour at one place, {size}", v["recall"], v["median_minutes_to_notice"] or "–"]
        for size, v in laid.items()
        if isinstance(v, dict)
    ]
    for size, value in fab["own incidents"].items():
        if isinstance(value, list) and value[1]:
            rows.append(
                [f"own breakdowns, moves {size} the median", f"{value[0]} of {value[1]}", ""]
            )
    yield from table(["what", "noticed", "minutes to notice (median)"], rows)


def _forecast_row(
    data: str, result: dict[str, Any], targets: str, peer: str, key: str
) -> list[str]:
    gain = result[key]
    low, high = gain["interval"]
    coverage = result["models"]["chosen"][2]
    return [
        data,
        targets,
        peer,
        f"{gain['ratio']:.3f}",
        f"{low:.3f} … {high:.3f}",
        f"{coverage:.3f}",
    ]


def table(head: list[str], rows: list[list[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"


if __name__ == "__main__":
    main()
