"""`evaluate --dispute` as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sadari.cli.asking import ask_letter
from tests.domains import small_domain

SADARI = [sys.executable, "-c", "from sadari.cli import main; main()"]


def run(
    *words: str | Path, home: Path, typed: str = "", status: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*SADARI, *map(str, words)],
        input=typed,
        capture_output=True,
        text=True,
        env={**os.environ, "SADARI_HOME": str(home), "COLUMNS": "100"},
        timeout=300,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    assert done.returncode == status, done.stderr + done.stdout
    return done


def test_from_evaluation_to_verdicts_to_evaluation(tmp_path: Path, tiny: Path) -> None:
    shop, home = small_domain(tmp_path / "shop", tiny), tmp_path / "home"
    early = run("evaluate", shop, "--dispute", home=home, status=2)
    assert "no evaluation to dispute" in early.stderr

    look = ("evaluate", shop, "--rung", "prompt", "--split", "test", "--json")
    before = json.loads(run(*look, home=home).stdout)
    assert (before["right"], before["overruled"], before["agreement"]) == (0.0, 0, None)

    # A slip of the finger decides nothing; one is overruled, one confirmed, one skipped.
    done = run("evaluate", shop, "--dispute", home=home, typed="x\nr\n뜻이 같음\nW\ns\nq\n")
    assert "Type one of r, w, s, q" in done.stderr
    assert "2 judged, 1 against the scorer" in done.stderr
    assert "Look 2 at these test questions" in done.stderr
    assert "agree on 1 of 2 answers judged" in done.stdout
    assert "  key: " in done.stdout

    after = json.loads(run(*look, home=home).stdout)
    assert after["overruled"] == 1
    assert after["right_by_scorer"] == 0.0
    assert after["right"] == pytest.approx(1 / after["asked"])
    assert (after["agreement"]["judged"], after["agreement"]["agreed"]) == (2, 1)
    both = json.loads(run("compare", shop, before["run"], after["run"], "--json", home=home).stdout)
    assert both["difference"] == 0.0, "people's verdicts count in both"

    again = run("evaluate", shop, "--dispute", home=home, typed="q\n").stdout
    assert f"1 of {after['asked'] - 2}," in again, "what was judged is not asked again"

    rows = (home / "verdicts" / "shop.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [json.loads(row) for row in rows]
    assert [(row["right"], row["reason"]) for row in kept] == [(True, "뜻이 같음"), (False, "")]


def test_one_answer_without_the_terminal(tmp_path: Path, tiny: Path) -> None:
    shop, home = small_domain(tmp_path / "shop", tiny), tmp_path / "home"
    found = json.loads(run("evaluate", shop, "--rung", "prompt", "--json", home=home).stdout)
    dispute = ("evaluate", shop, "--dispute", "gift-1")
    said = json.loads(
        run(*dispute, "--verdict", "right", "--reason", "맞음", "--json", home=home).stdout
    )
    assert (said["overrules"], said["look"], said["drawn"]) == (True, None, False)
    assert said["agreement"]["judged"] == 0
    assert said["agreement"]["picked"] == 1
    text = run("evaluate", shop, "--rung", "prompt", home=home).stdout
    assert "1 answer overruled by a person (prompt)" in text
    assert "not known" in text, "a hand-picked answer is no sample"
    assert found["overruled"] == 0

    unknown = run(
        "evaluate", shop, "--dispute", "nowhere", "--verdict", "wrong", home=home, status=2
    )
    assert "did not ask nowhere" in unknown.stderr
    for words in (dispute, ("evaluate", shop, "gift-1"), ("evaluate", shop, "--verdict", "right")):
        assert "dispute" in run(*words, home=home, status=2).stderr
    assert "terminal" in run("evaluate", shop, "--dispute", "--json", home=home, status=2).stderr

    # A changed key voids the evaluation, and the verdict with it.
    dev = shop / "questions" / "dev.jsonl"
    dev.write_text(dev.read_text(encoding="utf-8").replace("2000", "2500"), encoding="utf-8")
    changed = run(*dispute, "--verdict", "right", home=home, status=2)
    assert "were changed since" in changed.stderr
    after = json.loads(run("evaluate", shop, "--rung", "prompt", "--json", home=home).stdout)
    assert (after["overruled"], after["agreement"]) == (0, None)


def test_a_letter_or_its_word_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter(["approved", "Drop"])
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(typed))
    assert ask_letter("[a]pprove, [d]rop", default="a") == "d"
