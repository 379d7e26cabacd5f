"""`tune --preference`: first the tuning that it starts from, then opinions; too few are said."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.cli.test_verbs import run
from tests.domains import small_domain
from tests.jobs.test_preferences import PAIRS, THUMBS


def test_thumbs_teach_an_adapter(tmp_path: Path, tiny: Path) -> None:
    folder = small_domain(tmp_path / "shop", tiny, data="validation_share = 0.3")
    said = "\n".join(json.dumps(row, ensure_ascii=False) for row in [*PAIRS, *THUMBS])
    (folder / "feedback" / "said.jsonl").write_text(said, encoding="utf-8")
    done = run("tune", folder, "--preference", "kto", "--json", home=tmp_path / "home")
    result = json.loads(done.stdout)
    assert "teach nothing: its two answers are equal" in done.stderr.replace("\n", " ")
    assert result["train_losses"][0] == pytest.approx(0.5, abs=1e-4)
    assert result["settings"]["preference"] == "kto"
    assert all(0 <= share <= 1 for share in result["preferred"])
    assert not math.isclose(result["validation_losses"][1], result["validation_losses"][0])
    card = (Path(result["adapter"]) / "README.md").read_text(encoding="utf-8")
    assert "| preference | kto, beta 0.1, from adapter" in card
    adapters = [p for p in (tmp_path / "home" / "adapters").iterdir() if p.is_dir()]
    assert len(adapters) == 2


def test_a_domain_without_pairs_says_so_and_trains_nothing(tmp_path: Path, tiny: Path) -> None:
    folder = small_domain(tmp_path / "shop", tiny)
    for file in (folder / "feedback").iterdir():
        file.unlink()
    done = run("tune", folder, "--preference", "dpo", home=tmp_path / "home", status=2)
    assert "needs 2 pairs to learn from and 1 held out" in done.stderr.replace("\n", " ")
    assert not (tmp_path / "home" / "adapters").exists()


def test_a_dry_run_says_both_tunings_and_shows_both_answers(tmp_path: Path, tiny: Path) -> None:
    """What is asked of a preference is [preference]'s, whatever [tuning] says."""
    folder = small_domain(
        tmp_path / "shop",
        tiny,
        data="validation_share = 0.3",
        tuning="epochs = 2\nper_hour = 3600",
    )
    said = "\n".join(json.dumps(row, ensure_ascii=False) for row in PAIRS)
    (folder / "feedback" / "said.jsonl").write_text(said, encoding="utf-8")
    asked = ("tune", folder, "--preference", "dpo", "--dry-run")
    done = run(*asked, home=tmp_path / "home")
    said = " ".join(done.stdout.split())
    for words in ("first example:", "first chosen:", "first rejected:", "together: at most"):
        assert words in said, words
    first, then = json.loads(run(*asked, "--json", home=tmp_path / "home").stdout)["tunings"]
    sources = {s["name"]: (s["value"], s["source"]) for s in then["settings"]}
    assert sources["beta"] == (0.1, "default")
    assert sources["epochs"] == (1, "default")
    assert sources["learning_rate"][1] == "method"
    assert first["cost"] > 0
    assert then["cost"] > 0
    assert not (tmp_path / "home" / "adapters").exists()
