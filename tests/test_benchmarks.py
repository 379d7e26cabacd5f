"""What a benchmark did not run stays in its file, each part with the run that measured it."""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT))  # the benchmarks are no part of the package
kept, leakage, memory, pii, retrieval, table, trainings = (
    importlib.import_module(f"benchmarks.{name}")
    for name in ("kept", "leakage", "memory", "pii", "retrieval", "table", "trainings")
)
peers = trainings.contenders
SCRIPTS = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
)
# Told something else than options: by LLaMA-Factory's own interpreter, and a size by `forecasting`.
INNER = {"llamafactory_run", "forecasting_speed"}


def test_a_part_that_did_not_run_stays_and_one_that_ran_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "found" / "leakage.json"
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setattr(sys, "argv", [f"{ROOT}/benchmarks/leakage.py", "--data", str(data)])
    kept.keep(path, {"paraphrases": {"all": 1}, "planted": {"near": 1}})
    monkeypatch.setattr(sys, "argv", [f"{ROOT}/benchmarks/leakage.py"])
    kept.keep(path, {"paraphrases": {"all": 2}})
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["planted"]["near"] == 1
    assert found["planted"]["command"] == "python -m benchmarks.leakage --data FOLDER"
    assert found["paraphrases"]["all"] == 2
    assert found["paraphrases"]["command"] == "python -m benchmarks.leakage"
    assert {"cpu", "load_average"} <= set(found["paraphrases"]["machine"])


def test_parts_inside_an_entry_stay_too(tmp_path: Path) -> None:
    path = tmp_path / "retrieval.json"
    old = {"environment": {"python": "3"}, "exams": {"ald": {"n": 1}, "kobest": {"n": 2}}}
    path.write_text(json.dumps(old), encoding="utf-8")
    kept.keep(path, {"ald": {"n": 3}}, inside="exams")
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["exams"]["kobest"] == {"n": 2}
    assert found["exams"]["ald"]["n"] == 3


def test_an_absent_contender_keeps_its_ratio_with_the_run_it_is_of(tmp_path: Path) -> None:
    path = tmp_path / "tuning.json"
    first = {"median": {"sadari": 30, "trl": 10, "llamafactory": 15}, "times llamafactory": 2.0}
    path.write_text(json.dumps({"short": first, "long": {"median": {"sadari": 1}}}), "utf-8")

    for rate in (40, 50):  # twice: the older run is not lost the second time either
        kept.keep(
            path,
            {"short": {"median": {"sadari": rate, "trl": 10}}},
            contenders=trainings.contenders,
        )
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found["short"]["median"] == {"sadari": rate, "trl": 10}
        assert found["short"]["earlier"] == [first]
        assert "long" in found

    kept.keep(
        path,
        {"short": {"median": {"sadari": 1, "llamafactory": 1}}},
        contenders=trainings.contenders,
    )
    newest, *earlier = kept.runs_of(json.loads(path.read_text(encoding="utf-8"))["short"])
    assert set(newest["median"]) == {"sadari", "llamafactory"}
    assert [run["median"] for run in earlier] == [{"sadari": 50, "trl": 10}]

    kept.keep(path, {"short": first}, contenders=peers)
    assert "earlier" not in json.loads(path.read_text(encoding="utf-8"))["short"]


@pytest.mark.parametrize("name", ["tuning", "preference", "memory"])
def test_every_published_contender_outlives_a_run_of_ours_alone(name: str, tmp_path: Path) -> None:
    """On the published files as they are."""
    path = tmp_path / "found.json"
    path.write_bytes((ROOT / "benchmarks" / "results" / f"{name}.json").read_bytes())
    before = json.loads(path.read_text(encoding="utf-8"))

    alone: dict[str, Any] = {"median": {"sadari": {}}, "sadari": {}}
    names = memory.contenders if name == "memory" else peers
    kept.keep(path, dict.fromkeys(before, alone), contenders=names)
    after = json.loads(path.read_text(encoding="utf-8"))
    for work, part in before.items():
        assert kept.runs_of(after[work])[1:] == kept.runs_of(part)


def test_the_table_prints_an_absent_contender_beside_our_figure_of_its_own_run(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tuning.json"
    path.write_bytes((kept.RESULTS / "tuning.json").read_bytes())
    before = json.loads(path.read_text(encoding="utf-8"))["practice short"]
    times = dict.fromkeys(("tokens_per_cpu_second", "tokens_per_second"), 9.0)
    medians = {"sadari": {"tokens_per_cpu_second": 9000.0}, "trl-defaults": {}}
    new = {"median": medians, "times trl-defaults": times}
    kept.keep(path, {"practice short": new}, contenders=peers)
    found = json.loads(path.read_text(encoding="utf-8"))
    lines = [line for line in table.tuning(found) if line.startswith("| practice short")]
    ours = f"{before['median']['sadari']['tokens_per_cpu_second']:,.0f}"
    assert "| practice short | trl-defaults | 9,000 | 9.0 × | 9.0 × |" in lines
    assert any(f"llamafactory | {ours} |" in line for line in lines)
    assert before["command"] in table.commands("tuning", found)


def test_kiwi_outlives_a_run_without_it_and_chosen_settings_are_no_contender(
    tmp_path: Path,
) -> None:
    path = tmp_path / "retrieval.json"
    names = ["sadari hybrid", "BM25S, our bigrams, default", "BM25S, our bigrams, k1=0.6"]
    first = {"systems": [{"system": name} for name in (*names, "BM25S, Kiwi morphemes, default")]}
    path.write_text(json.dumps({"exams": {"ald": first}}), encoding="utf-8")
    changed = {"systems": [{"system": name} for name in (*names[:2], "BM25S, our bigrams, k1=2.0")]}
    how: dict[str, Any] = {"contenders": retrieval.systems, "inside": "exams"}
    kept.keep(path, {"ald": changed}, **how)
    assert json.loads(path.read_text(encoding="utf-8"))["exams"]["ald"]["earlier"] == [first]
    kept.keep(path, {"ald": {"systems": [*changed["systems"], first["systems"][-1]]}}, **how)
    assert "earlier" not in json.loads(path.read_text(encoding="utf-8"))["exams"]["ald"]


@pytest.mark.parametrize(
    ("main", "options", "parts"),
    [(leakage.main, [], ["planted"]), (pii.main, ["--alone"], ["chat", "presidio"])],
    ids=["leakage", "pii"],
)
def test_a_run_without_public_data_loses_nothing(
    main: Callable[[], None],
    options: list[str],
    parts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = main.__module__.rpartition(".")[2]
    path = tmp_path / f"{name}.json"
    path.write_bytes((kept.RESULTS / path.name).read_bytes())
    before = json.loads(path.read_text(encoding="utf-8"))
    monkeypatch.setattr(sys, "argv", [f"benchmarks/{name}.py", *options, "--out", str(path)])
    main()
    after = json.loads(path.read_text(encoding="utf-8"))
    assert {part: after[part] for part in parts} == {part: before[part] for part in parts}
    ran = next(part for part in after if part not in parts)
    assert after[ran]["command"].startswith(f"python -m benchmarks.{name}")


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in INNER])
def test_docstrings_say_the_one_way_to_run(name: str) -> None:
    text = ast.get_docstring(ast.parse((ROOT / "benchmarks" / f"{name}.py").read_text("utf-8")))
    assert text
    assert f"python -m benchmarks.{name}" in text
    assert "python benchmarks/" not in text
