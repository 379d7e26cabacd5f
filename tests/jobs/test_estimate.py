"""What a tuning will take is said before, and held against what happened."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sadari.assistant import recipe_for
from sadari.cli.app import app
from sadari.data import prepare
from sadari.domain import read_domain
from sadari.jobs import Job, plan, tune_all
from sadari.jobs.estimate import begun, estimate, resolved
from tests.domains import small_domain
from tests.tiny import tiny_tokenizer

EIGHT_BILLION = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 128_256,
    "hidden_size": 4096,
    "intermediate_size": 14_336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
}


def _job(folder: Path, adapters: Path) -> Job:
    domain = read_domain(folder)
    closed = recipe_for(domain, "prompt")
    (job,) = plan(
        domain, prepare(domain), adapters, closed=closed, open_book=None, seeds=[1], weights=False
    )
    return job


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    home = tmp_path_factory.mktemp("estimate")
    return small_domain(home / "shop", tiny, tuning="epochs = 2\nper_hour = 3600")


def test_the_prediction_is_kept_beside_what_happened(shop: Path, tmp_path: Path) -> None:
    domain, job = read_domain(shop), _job(shop, tmp_path)
    said = estimate(job, resolved(job, domain, domain), domain)
    assert said.measured
    assert said.fits
    assert said.changed == ()
    assert said.cost == pytest.approx(said.seconds)  # 3,600 an hour is 1 a second
    (tuned,) = tune_all([begun(job, said)], domain, prepare(domain))
    result = tuned.result
    assert (said.taken.trainable, said.taken.total) == (result["trainable"], result["total"])
    assert said.steps == result["steps"]
    predicted = result["predicted"]
    assert predicted["peak_memory_bytes"] == said.peak_bytes
    assert predicted["memory_error"] == pytest.approx(
        said.peak_bytes / result["peak_memory_bytes"] - 1
    )
    assert predicted["seconds_error"] > -1


def test_every_setting_says_where_it_came_from(shop: Path, tmp_path: Path) -> None:
    read = read_domain(shop)
    tuning = read.settings.tuning.model_copy(update={"rank": 4})
    domain = replace(read, settings=read.settings.model_copy(update={"tuning": tuning}))
    job = _job(shop, tmp_path)
    found = {setting.name: setting for setting in resolved(job, domain, read)}
    sources = {name: setting.source for name, setting in found.items()}
    assert sources["rank"] == "flag"
    assert sources["epochs"] == "domain.toml"
    assert sources["alpha"] == "default"
    assert sources["learning_rate"] == "method"
    assert sources["dtype"] == "machine"
    assert found["learning_rate"].value == 2e-4
    assert found["dtype"].value in ("float32", "bfloat16")


def test_a_limit_makes_rows_shorter_and_another_adapter(shop: Path, tmp_path: Path) -> None:
    domain, job = read_domain(shop), _job(shop, tmp_path)
    free = estimate(job, [], domain)
    held = free.peak_bytes - free.taken.activations // 2
    said = estimate(replace(job, memory_limit=held), [], domain)
    assert said.fitted.micro_batch_tokens < job.settings.micro_batch_tokens
    assert said.changed[0].startswith("micro_batch_tokens")
    lighter = begun(job, said)
    assert lighter.settings == said.fitted
    assert lighter.folder != job.folder


def test_a_configuration_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run of 8 billion parameters without their weights."""
    base = tmp_path / "eight"
    tiny_tokenizer().save_pretrained(base)
    (base / "config.json").write_text(json.dumps(EIGHT_BILLION))
    shop = small_domain(tmp_path / "shop", base)
    monkeypatch.setenv("SADARI_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(app, ["tune", str(shop), "--dry-run", "--json"])
    said = json.loads(done.stdout)
    assert said["taken"]["trainable"] == 41_943_040  # LoRA r16 on all linear layers
    assert said["taken"]["weights"] == pytest.approx(2 * 8.03e9, rel=0.01) or (
        said["taken"]["weights"] == pytest.approx(4 * 8.03e9, rel=0.01)
    )
    assert said["measured"] is False
    assert said["seconds"] > 0
    assert done.exit_code == (0 if said["fits"] else 1)
    assert not (tmp_path / "home" / "adapters").exists()
