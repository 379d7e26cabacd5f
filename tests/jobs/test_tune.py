"""Adapters are named by what made them, trained in parallel, and never trained twice."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sadari.assistant import Assistant, model_spec, recipe_for
from sadari.data import prepare
from sadari.domain import read_domain
from sadari.jobs import Job, JobError, plan, tune_all
from sadari.llm import open_model
from sadari.llm.folders import TUNING
from sadari.tuning import TuningError
from sadari.tuning.examples import prepare as prepare_examples
from sadari.tuning.objective import Imitation
from tests.domains import small_domain
from tests.files import digest


def _jobs(folder: Path, adapters: Path, seeds: tuple[int, ...] = (1, 2)) -> list[Job]:
    domain = read_domain(folder)
    closed = recipe_for(domain, "prompt", index=folder)
    return plan(domain, prepare(domain), adapters, closed=closed, open_book=None, seeds=seeds)


def test_seeds_train_side_by_side_and_are_kept(tmp_path: Path, tiny: Path) -> None:
    folder = small_domain(tmp_path / "shop", tiny)
    domain = read_domain(folder)
    jobs = _jobs(folder, tmp_path / "adapters")
    assert len({job.folder for job in jobs}) == 2
    steps: list[tuple[str, int, int, float]] = []
    tuned = tune_all(jobs, domain, prepare(domain), lambda *step: steps.append(step))
    assert {name for name, *_ in steps} == {"seed 1", "seed 2"}
    for one in tuned:
        assert (one.adapter / "adapter_model.safetensors").is_file()
        assert one.result["settings"]["seed"] == one.seed
        card = (one.adapter / "README.md").read_text(encoding="utf-8")
        assert "base_model:" in card
        assert prepare(domain).digest in card
    weights = [digest(one.adapter / "adapter_model.safetensors") for one in tuned]
    assert weights[0] != weights[1]
    steps.clear()
    again = tune_all(_jobs(folder, tmp_path / "adapters"), domain, prepare(domain), steps.append)
    assert again == tuned
    assert steps == []


def test_another_setting_is_another_adapter(tmp_path: Path, tiny: Path) -> None:
    first = small_domain(tmp_path / "a" / "shop", tiny)
    second = small_domain(tmp_path / "b" / "shop", tiny, tuning="rank = 4")
    names = {_jobs(folder, tmp_path / "x", (1,))[0].folder.name for folder in (first, second)}
    assert len(names) == 2


def test_a_model_at_an_endpoint_is_not_tuned_here(tmp_path: Path) -> None:
    folder = small_domain(tmp_path / "shop", "gpt", models='url = "http://127.0.0.1:1/v1"')
    with pytest.raises(JobError, match="cannot be tuned here"):
        _jobs(folder, tmp_path / "adapters")


TUNER = """
    import sys
    from pathlib import Path
    from tests.jobs.test_tune import _jobs
    from sadari.data import prepare
    from sadari.domain import read_domain
    from sadari.jobs import tune_all
    if __name__ == "__main__":
        folder, adapters = map(Path, sys.argv[1:])
        jobs = _jobs(folder, adapters, (1,))
        domain = read_domain(folder)
        tune_all(jobs, domain, prepare(domain), lambda *step: print(step[1], flush=True))
"""


def test_a_tuning_that_was_killed_goes_on(tmp_path: Path, tiny: Path) -> None:
    """PREVENT 13: after kill -9 the same command finishes with the same weights."""
    folder = small_domain(tmp_path / "shop", tiny, tuning="epochs = 4\nbatch_examples = 1")
    script = tmp_path / "tuner.py"
    script.write_text(textwrap.dedent(TUNER))
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, str(script), str(folder)]
    killed = subprocess.Popen(
        [*command, str(tmp_path / "killed")],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert killed.stdout is not None
    for line in killed.stdout:
        if int(line) >= 60:
            break
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not list((tmp_path / "killed").glob(f"*/{TUNING}"))
    went_on = subprocess.run(
        [*command, str(tmp_path / "killed")], capture_output=True, text=True, env=environment
    )
    assert went_on.returncode == 0, went_on.stderr
    assert int(went_on.stdout.split()[0]) > 40, "it started over"
    subprocess.run([*command, str(tmp_path / "whole")], check=True, env=environment)
    results = [next((tmp_path / name).glob(f"*/{TUNING}")) for name in ("killed", "whole")]
    weights = [digest(r.with_name("adapter_model.safetensors")) for r in results]
    assert weights[0] == weights[1]
    assert json.loads(results[0].read_text())["resumed_from"] > 0


def test_a_tuning_killed_after_its_last_step_is_not_done_again(tmp_path: Path, tiny: Path) -> None:
    """The weights are written and how they answer is not yet noted: the next command goes on from
    the last step's checkpoint, and then nothing is left of it."""
    folder = small_domain(tmp_path / "shop", tiny, tuning="epochs = 2\nbatch_examples = 1")
    script = tmp_path / "tuner.py"
    script.write_text(textwrap.dedent(TUNER))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, str(script), str(folder), str(tmp_path / "killed")]
    killed = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env=environment, start_new_session=True
    )
    while not list(tmp_path.glob("killed/*/adapter_config.json")):
        assert killed.poll() is None
        time.sleep(0.002)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    (adapter,) = (tmp_path / "killed").iterdir()
    assert not (adapter / TUNING).exists()
    weights = digest(adapter / "adapter_model.safetensors")
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    result = json.loads((adapter / TUNING).read_text())
    assert result["resumed_from"] == result["steps"]
    assert digest(adapter / "adapter_model.safetensors") == weights
    assert not (adapter / "checkpoints").exists()


def test_the_same_tuning_has_the_same_bytes_in_every_process(tmp_path: Path, tiny: Path) -> None:
    """PEFT's configuration holds a set, whose order follows the hash seed."""
    folder = small_domain(tmp_path / "shop", tiny)
    script = tmp_path / "tuner.py"
    script.write_text(textwrap.dedent(TUNER))
    found = set()
    for seed in ("1", "2"):
        environment = {
            **os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONHASHSEED": seed
        }  # fmt: skip
        out = tmp_path / seed
        subprocess.run(
            [sys.executable, str(script), str(folder), str(out)], check=True, env=environment
        )
        (adapter,) = out.iterdir()
        found.add(
            digest(adapter / "adapter_config.json") + digest(adapter / "adapter_model.safetensors")
        )
    assert len(found) == 1


def test_general_conversations_are_read_before_anything_is_trained(
    tmp_path: Path, tiny: Path
) -> None:
    folder = small_domain(tmp_path / "shop", tiny, tuning='general = "few.jsonl"')
    (folder / "few.jsonl").write_text('{"question": "1 더하기 1은?", "answer": "2입니다."}\n')
    with pytest.raises(JobError, match="testing need 9"):
        _jobs(folder, tmp_path / "adapters")


def test_a_wider_tokenizer_is_found_before_anything_is_trained(tmp_path: Path, tiny: Path) -> None:
    """The records happen to hold no token that the base lacks; the general conversations do."""
    from transformers import AutoTokenizer

    wider = tmp_path / "wider"
    shutil.copytree(tiny, wider)
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    tokenizer.add_tokens(["박물관", "등산로"])
    tokenizer.save_pretrained(wider)
    folder = small_domain(tmp_path / "shop", wider)
    with pytest.raises(TuningError, match="token ids, but there are greater ones"):
        _jobs(folder, tmp_path / "adapters")


ENDED = """
    import os, signal, sys
    from multiprocessing import active_children
    from pathlib import Path
    from tests.jobs.test_tune import _jobs
    from sadari.data import prepare
    from sadari.domain import read_domain
    from sadari.jobs import JobError, tune_all

    def end(*step):
        for child in active_children():
            if "Manager" not in child.name:
                os.kill(child.pid, signal.SIGKILL)

    if __name__ == "__main__":
        folder, adapters = map(Path, sys.argv[1:])
        jobs = _jobs(folder, adapters, (1,))
        domain = read_domain(folder)
        try:
            tune_all(jobs, domain, prepare(domain), end)
        except JobError as error:
            print(error)
"""


def test_a_process_that_the_system_ends_is_said(tmp_path: Path, tiny: Path) -> None:
    """Out of memory, Linux kills without a word; the training process alone is gone then."""
    script = tmp_path / "tuner.py"
    script.write_text(textwrap.dedent(ENDED))
    folder = small_domain(tmp_path / "shop", tiny, tuning="epochs = 50\nbatch_examples = 1")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(script), str(folder), str(tmp_path / "adapters")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
        timeout=300,
    )
    assert "The process that trained is gone without a word" in done.stdout, done.stderr
    assert "goes on from its last checkpoint" in done.stdout


def test_an_example_that_teaches_nothing_is_named_by_its_file_and_line(
    tmp_path: Path, tiny: Path
) -> None:
    (job,) = _jobs(small_domain(tmp_path / "shop", tiny), tmp_path / "adapters", (1,))
    with pytest.raises(TuningError, match=r"cut away in examples .*shop/documents/\w+\.md:\d+, "):
        prepare_examples(Imitation().units(job.train), 8, "the training examples")


def test_an_adapter_asked_behind_other_words_is_warned_of(
    tmp_path: Path, tiny: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """PREVENT 5: the persona was rewritten after the tuning."""
    folder = small_domain(tmp_path / "shop", tiny)
    domain = read_domain(folder)
    (tuned,) = tune_all(_jobs(folder, tmp_path / "adapters", (1,)), domain, prepare(domain))
    recipe = recipe_for(domain, "prompt", adapter=tuned.adapter)
    model = open_model(model_spec(domain))
    Assistant(recipe, model)
    assert "trained behind another persona" not in caplog.text
    other = replace(recipe, prompt=replace(recipe.prompt, system="반말로 답해."))
    Assistant(other, model)
    assert "trained behind another persona" in caplog.text
    caplog.clear()
    (tuned.adapter / TUNING).unlink()  # as one that was made elsewhere
    Assistant(other, model)
    assert not caplog.text
