"""A whole model from `tune --method full` goes all the way: asked, bundled, released."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sadari.assistant import bundle, model_spec, recipe_for
from sadari.domain import read_domain
from sadari.llm import open_model
from sadari.releases import ReleaseError
from sadari.releases.release import keep, open_release
from sadari.store import Store
from tests.domains import small_domain


def run(*words: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", "from sadari.cli import main; main()", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "SADARI_HOME": str(home)},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done


def test_every_weight_is_tuned_evaluated_and_released(tmp_path: Path, tiny: Path) -> None:
    folder = small_domain(tmp_path / "shop", tiny, tuning="learning_rate = 0.01")
    tuned = run("tune", folder, "--method", "full", "--json", home=tmp_path / "home")
    assert "learning_rate 0.001 for full: 0.01 in domain.toml is for lora." in tuned.stderr
    result = json.loads(tuned.stdout)
    adapter = Path(result["adapter"])
    assert result["trainable"] == result["total"]
    assert (adapter / "model.safetensors").stat().st_size == result["adapter_bytes"]
    assert (adapter / "tokenizer.json").is_file()
    card = (adapter / "README.md").read_text(encoding="utf-8")
    assert "library_name: transformers" in card
    words = ("evaluate", folder, "--rung", "prompt", "--adapter", adapter, "--json")
    assert json.loads(run(*words, home=tmp_path / "home").stdout)["unasked"] == 0

    domain, store = read_domain(folder), Store.open(tmp_path / "home")
    model = open_model(model_spec(domain))
    pinned = bundle(recipe_for(domain, "tuned", adapter=adapter), model.info)
    assert {"model", "adapter/config.json", "adapter/model.safetensors"} == set(pinned.files)
    release = keep(store, domain.id, pinned, model_spec(domain), {})
    assert open_release(store, release).recipe.adapter != str(adapter)
    (weights,) = (tmp_path / "home" / "releases").rglob("model.safetensors")
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    with pytest.raises(ReleaseError, match="not the file that was measured"):
        open_release(store, release)
