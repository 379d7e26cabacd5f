"""The example fab, from its simulator to an answer, as a person types it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sadari.cli.app import app
from sadari.domain.skeleton import bundled_examples

FAB = bundled_examples()["fab"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fab")


def run(home: Path, *words: str | Path) -> str:
    done = CliRunner().invoke(
        app,
        ["forecast", *map(str, words)],
        env={"SADARI_HOME": str(home / "home"), "COLUMNS": "120"},
    )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


@pytest.fixture(scope="module")
def logs(home: Path) -> Path:
    run(home, "simulate", FAB, "--days", "15", "--seed", "5", "--out", home / "logs", "--json")
    run(home, "ingest", FAB, home / "logs", "--json")
    return home / "logs"


def test_the_seed_makes_the_logs(home: Path, logs: Path) -> None:
    run(home, "simulate", FAB, "--days", "3", "--seed", "5", "--out", home / "again", "--json")
    first = (home / "again" / "mcs_moves.csv").read_text(encoding="utf-8").splitlines()[:2000]
    assert first == (logs / "mcs_moves.csv").read_text(encoding="utf-8").splitlines()[:2000]
    assert (logs / "truth.json").exists()


def test_everything_came_in(home: Path, logs: Path) -> None:
    rows = (logs / "mcs_moves.csv").read_text(encoding="utf-8").count("\n") - 1
    found = json.loads(run(home, "status", FAB, "--json"))
    counts = {kind["kind"]: kind["events"] for kind in found["kinds"]}
    assert counts["moves"] == rows
    assert min(counts.values()) > 0
    assert found["set_aside"] == []


def test_the_rules_beside_the_data(home: Path, logs: Path) -> None:
    audits = {a["rule"]["id"]: a for a in json.loads(run(home, "rules", FAB, "--json"))}
    truth = json.loads((logs / "truth.json").read_text(encoding="utf-8"))["effects"]
    handover = audits["handover"]["measured"]
    assert handover["low"] - 0.5 < truth["handover"] < handover["high"] + 0.5
    assert audits["handover"]["finding"] == "agrees"
    assert audits["night"]["finding"] == "disagrees"


def test_a_prediction_with_its_reasons(home: Path, logs: Path) -> None:
    asked = ("predict", FAB, "--route", "Bay5→Bay12", "--at", "2026-03-17T14:50", "--json")
    found = json.loads(run(home, *asked))
    levels = [minutes for _, minutes in found["quantiles"]]
    assert levels == sorted(levels)
    assert levels[4] > 10
    assert [rule["id"] for rule in found["rules"]] == ["handover"]
    assert len(found["cases"]) == 5


def test_the_next_hours_of_a_route(home: Path, logs: Path) -> None:
    asked = ("predict", FAB, "--route", "Bay5->Bay12", "--hours", "6")
    found = json.loads(run(home, *asked, "--json"))
    assert len(found["hours"]) == 6
    drawn = home / "hours.svg"
    told = run(home, *asked, "--plot", drawn)
    assert "앞으로 6시간" in told
    assert told.count("●") == 6
    assert drawn.read_text(encoding="utf-8").startswith("<svg")


def test_another_fab_has_other_effects(home: Path) -> None:
    second = FAB / "simulator" / "second"
    run(home, "simulate", FAB, "--days", "2", "--settings", second, "--out", home / "second")
    truth = json.loads((home / "second" / "truth.json").read_text(encoding="utf-8"))
    assert truth["effects"] == tomllib.loads((second / "effects.toml").read_text(encoding="utf-8"))
    assert "Bay14" in (home / "second" / "mcs_moves.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", ["anomalies", "bottlenecks", "seasonality", "advice"])
def test_the_other_verbs_answer(home: Path, logs: Path, verb: str) -> None:
    assert json.loads(run(home, verb, FAB, "--json"))
    assert run(home, verb, FAB)
