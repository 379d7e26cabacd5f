"""A tuning as a person follows it: watched, resumed, exported; what cannot be is a sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_verbs import SADARI, run
from tests.domains import small_domain


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    return small_domain(tmp_path_factory.mktemp("tuning") / "shop", tiny)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def tuned(shop: Path, home: Path) -> dict[str, Any]:
    """The result of a tuning with general records mixed in."""
    done = run("tune", shop, "--rehearsal", "0.25", "--json", home=home)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_a_tuning_leaves(tuned: dict[str, Any]) -> None:
    folder = Path(tuned["adapter"])
    assert {"log.jsonl", "run.html", "README.md", "tuning.json"} <= {
        path.name for path in folder.iterdir()
    }
    assert tuned["forgetting"]["items"] == 97
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "its folder does not state one" in card
    assert "over 97 conversations" in card


def test_a_finished_run_is_watched_and_not_resumed(
    shop: Path, home: Path, tuned: dict[str, Any], tmp_path: Path
) -> None:
    seen = run("tune", shop, "--watch", "--json", home=home)
    (shown,) = json.loads(seen.stdout)
    assert shown["status"] == "done"
    assert len(shown["steps"]) == tuned["steps"] == shown["total"]
    assert "validation" in seen.stderr
    refused = run("tune", shop, "--rehearsal", "0.25", "--resume", home=home, status=2)
    assert "nothing to resume: this tuning is done" in refused.stderr.replace("\n", " ")
    never = run("tune", shop, "--resume", home=tmp_path, status=2)
    assert "have no whole checkpoint" in never.stderr.replace("\n", " ")
    nobody = run("tune", shop, "--watch", home=tmp_path, status=2)
    assert "no tuning to watch" in nobody.stderr


def test_who_watches_sees_a_run_die(shop: Path, tmp_path: Path, tiny: Path) -> None:
    long = small_domain(tmp_path / "shop", tiny, tuning="epochs = 100\npatience = 100")
    environment = {**os.environ, "SADARI_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
    command = [*SADARI, "tune", str(long)]
    quiet = subprocess.DEVNULL
    tuning = subprocess.Popen(
        command, env=environment, stdout=quiet, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        assert tuning.stderr is not None
        for line in tuning.stderr:
            if b"tuning" in line and b" of " in line:
                break
        watching = subprocess.Popen(
            [*command, "--watch"], env=environment, stderr=subprocess.PIPE, text=True
        )
        assert watching.stderr is not None
        first = watching.stderr.readline()
        assert "going on" in first, first
    finally:
        os.killpg(tuning.pid, signal.SIGKILL)
        tuning.wait(timeout=60)
    _, rest = watching.communicate(timeout=300)
    assert "its process is dead; the same command goes on" in rest.replace("\n", " ")
    assert watching.returncode == 1


@pytest.mark.parametrize("seconds", [1.5, 6.0])
def test_an_interrupt_while_the_child_still_starts(
    tmp_path: Path, tiny: Path, seconds: float
) -> None:
    """Ctrl-C reaches the child as well, where it once printed a traceback of what it imported."""
    long = small_domain(tmp_path / "shop", tiny, tuning="epochs = 100\npatience = 100")
    environment = {**os.environ, "SADARI_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
    tuning = subprocess.Popen(
        [*SADARI, "tune", str(long)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert tuning.stderr is not None
    for line in tuning.stderr:
        if "of memory" in line:
            break
    time.sleep(seconds)
    os.killpg(tuning.pid, signal.SIGINT)
    _, rest = tuning.communicate(timeout=120)
    assert tuning.returncode == 130, rest
    assert "Traceback" not in rest
    assert "the same command goes on from" in rest


def test_exports_of_a_domain(
    shop: Path, home: Path, tuned: dict[str, Any], tmp_path: Path, tiny: Path
) -> None:
    words = ("export", shop, "--to", tmp_path / "merged", "--merge", "--json")
    merged = json.loads(run(*words, home=home).stdout)
    assert merged["differences"]["served"]["tokens"] > 0
    assert "model.safetensors" in merged["files"]
    told = run("export", shop, "--to", tmp_path / "o", "--for", "ollama", home=home).stdout
    assert "ollama create shop -f Modelfile" in told
    system = (tmp_path / "o" / "Modelfile").read_text(encoding="utf-8")
    assert 'SYSTEM """' in system
    nowhere = run("export", tuned["adapter"], home=home, status=2)
    assert "Add --to FOLDER" in nowhere.stderr
    stripped = json.loads(run("export", tuned["adapter"], "--strip", "--json", home=home).stdout)
    assert stripped == {"removed": {}}


def test_what_starts_nothing_goes_with_nothing_that_does(shop: Path, tmp_path: Path) -> None:
    for words in (("--dry-run", "--curve"), ("--dry-run", "--search"), ("--watch", "--resume")):
        refused = run("tune", shop, *words, home=tmp_path, status=2)
        assert "starts nothing" in refused.stderr
    refused = run("tune", shop, "--curve", "--preference", "dpo", home=tmp_path, status=2)
    assert "without --preference" in refused.stderr
    wide = run("tune", shop, "--memory-limit", "much", home=tmp_path, status=2)
    assert "is no size" in wide.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_what_it_takes_and_nothing_of_libraries(shop: Path, tmp_path: Path) -> None:
    done = run("tune", shop, "--dry-run", home=tmp_path)
    said = " ".join(done.stdout.split())
    for name in (
        "peak memory",
        "trainable",
        "time: at most",
        "examples",
        "answers cut",
        "cost: no",
    ):
        assert name in said, name
    assert "learning_rate" in said
    assert "first example:" in said
    assert "of them learned" in said
    assert [line for line in done.stderr.splitlines() if "records make" not in line] == []


def test_a_limit_that_nothing_fits_is_said_before_training(shop: Path, tmp_path: Path) -> None:
    refused = run("tune", shop, "--memory-limit", "1MB", home=tmp_path, status=2)
    said = " ".join(refused.stderr.split())
    assert "at least, more than --memory-limit leaves it" in said
    assert not (tmp_path / "adapters").exists()


def test_a_curve_goes_to_its_end_and_its_parts_are_not_served(tmp_path: Path, tiny: Path) -> None:
    folder = small_domain(tmp_path / "shop", tiny)
    home = tmp_path / "home"
    plain = json.loads(run("tune", folder, "--json", home=home).stdout)
    drawn = json.loads(run("tune", folder, "--curve", "--json", home=home).stdout)
    assert [point["share"] for point in drawn["points"]] == [0.25, 0.5, 1.0]
    assert drawn["points"][2]["loss"] == plain["best_validation_loss"]
    assert all(0 <= point["right"] <= 1 for point in drawn["points"])
    assert "of the data lowered the loss" in drawn["advice"] or "did not lower" in drawn["advice"]
    out = json.loads(run("export", folder, "--to", tmp_path / "out", "--json", home=home).stdout)
    weights = "adapter_model.safetensors"
    assert (Path(out["folder"]) / weights).read_bytes() == (
        Path(plain["adapter"]) / weights
    ).read_bytes()
