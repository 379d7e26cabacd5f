"""A tuning that was killed goes on as if it had never stopped, and never on from something else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch

from sadari.tuning import Progress, TuneSettings, TuningError, train
from sadari.tuning.checkpoint import is_there
from tests.files import digest

SETTINGS = TuneSettings(
    rank=4,
    epochs=3,
    learning_rate=1e-2,
    dtype="float32",
    threads=1,
    save_every_steps=2,
    batch_examples=2,
)
EXAMPLES = 10  # 5 steps an epoch, 15 in all


class KilledError(Exception):
    """Stands for the end of a process."""


def stop_at(step: int) -> Any:
    def on_step(progress: Progress) -> None:
        if progress.step == step:
            raise KilledError

    return on_step


@pytest.fixture
def begun(base: Path, make_examples: Any, tmp_path: Path) -> Path:
    """A folder with checkpoints of a tuning that stopped in its eighth step."""
    with pytest.raises(KilledError):
        run(base, make_examples, tmp_path / "begun", on_step=stop_at(8))
    return tmp_path / "begun"


def run(base: Path, make_examples: Any, output: Path, **rest: Any) -> Any:
    settings = rest.pop("settings", SETTINGS)
    examples = make_examples(EXAMPLES)
    return train(base, examples, make_examples(3, seed=5), settings, output, **rest)


def test_resume_is_bit_equal_after_kill_9(base: Path, make_examples: Any, tmp_path: Path) -> None:
    """PREVENT: resume starts over, or skips everything. A real process, really killed."""
    whole = run(base, make_examples, tmp_path / "whole")
    examples, checks = make_examples(EXAMPLES), make_examples(3, seed=5)
    (tmp_path / "job").write_bytes(pickle.dumps((base, examples, checks, SETTINGS)))
    program = textwrap.dedent("""
        import pickle, sys, time
        from pathlib import Path
        from sadari.tuning import train
        base, examples, checks, settings = pickle.loads(Path(sys.argv[1]).read_bytes())
        def on_step(progress):
            print(progress.step, flush=True)
            time.sleep(0.05)
        train(base, examples, checks, settings, Path(sys.argv[2]), on_step=on_step)
    """)
    output = tmp_path / "killed"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "job"), str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 8:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert not (output / "adapter_config.json").exists()

    result = run(base, make_examples, output, resume=True)
    assert 5 <= result.resumed_from <= 8
    assert result.train_losses == whole.train_losses
    assert result.validation_losses == whole.validation_losses
    assert result.tokens == whole.tokens
    name = "adapter_model.safetensors"
    assert digest(output / name) == digest(tmp_path / "whole" / name)


@pytest.mark.parametrize(("step", "dtype"), [(1, "float32"), (5, "bfloat16"), (14, "float32")])
def test_resume_is_bit_equal_wherever_it_stopped(
    base: Path, make_examples: Any, tmp_path: Path, step: int, dtype: str
) -> None:
    settings = dataclasses.replace(SETTINGS, dtype=dtype)
    whole = run(base, make_examples, tmp_path / "whole", settings=settings)
    output = tmp_path / "stopped"
    with pytest.raises(KilledError):
        run(base, make_examples, output, settings=settings, on_step=stop_at(step))
    result = run(base, make_examples, output, settings=settings, resume=True)
    assert result.train_losses == whole.train_losses
    name = "adapter_model.safetensors"
    assert digest(tmp_path / "stopped" / name) == digest(tmp_path / "whole" / name)


def test_nothing_is_ever_pickled(begun: Path) -> None:
    suffixes = {path.suffix for path in begun.rglob("*") if path.is_file()}
    assert suffixes == {".safetensors", ".json"}


def test_a_half_written_checkpoint_is_passed_over_with_a_sentence(
    base: Path, make_examples: Any, begun: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newest = max((begun / "checkpoints").iterdir())
    half = newest.with_name(".unfinished-step-00000007")
    shutil.copytree(newest, half)
    (half / "state.json").unlink()
    with caplog.at_level(logging.WARNING):
        result = run(base, make_examples, begun, resume=True)
    assert "was being written when its process ended; it is ignored" in caplog.text
    assert result.resumed_from == 6


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    base: Path, make_examples: Any, begun: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newest = max((begun / "checkpoints").iterdir())
    path = newest / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-8])
    with caplog.at_level(logging.WARNING):
        result = run(base, make_examples, begun, resume=True)
    assert "weights.safetensors is not what was written" in caplog.text
    assert result.resumed_from == 5


def test_only_the_newest_checkpoints_are_kept(begun: Path) -> None:
    names = sorted(path.name for path in (begun / "checkpoints").iterdir())
    assert names == ["step-00000005", "step-00000006"]


def test_another_base_is_refused(bases: dict[str, Path], make_examples: Any, begun: Path) -> None:
    with pytest.raises(TuningError, match="another base model"):
        run(bases["qwen2"], make_examples, begun, resume=True)


def test_other_examples_are_refused(base: Path, make_examples: Any, begun: Path) -> None:
    with pytest.raises(TuningError, match="other training examples, other validation examples"):
        train(base, make_examples(EXAMPLES, seed=7), [], SETTINGS, begun, resume=True)


def test_other_settings_are_refused_by_name(base: Path, make_examples: Any, begun: Path) -> None:
    settings = dataclasses.replace(SETTINGS, learning_rate=0.5)
    with pytest.raises(TuningError, match=r"learning_rate 0\.5 instead of 0\.01"):
        run(base, make_examples, begun, settings=settings, resume=True)


def test_a_finished_adapter_cannot_be_resumed(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    run(base, make_examples, tmp_path)
    with pytest.raises(TuningError, match=r"finished tuning.*optimiser state was dropped"):
        run(base, make_examples, tmp_path, resume=True)


def test_a_start_over_checkpoints_is_refused(base: Path, make_examples: Any, begun: Path) -> None:
    with pytest.raises(TuningError, match="already holds a tuning"):
        run(base, make_examples, begun)


def test_resume_with_nothing_there_starts(
    base: Path, make_examples: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result = run(base, make_examples, tmp_path / "new", resume=True)
    assert result.resumed_from == 0
    assert "starts at the beginning" in caplog.text


def test_what_was_measured_is_kept_over_a_resume(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    settings = dataclasses.replace(SETTINGS, dtype=None)
    with pytest.raises(KilledError):
        run(base, make_examples, tmp_path, settings=settings, on_step=stop_at(4))
    path = max((tmp_path / "checkpoints").iterdir()) / "state.json"
    state = json.loads(path.read_text())
    other = {"float32": "bfloat16", "bfloat16": "float32"}[state["chosen"]["dtype"]]
    state["chosen"]["dtype"] = other
    path.write_text(json.dumps(state))
    result = run(base, make_examples, tmp_path, settings=settings, resume=True)
    assert result.dtype == other


def test_what_is_planted_in_a_checkpoint_is_not_opened(
    base: Path, make_examples: Any, begun: Path, tmp_path: Path
) -> None:
    """A pickle beside the tensors is not read; one in their place is no tensor."""
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> Any:
            return (ran.touch, ())

    older, newest = sorted((begun / "checkpoints").iterdir())
    torch.save(Bomb(), older / "extra.pt")
    torch.save(Bomb(), newest / "optimiser.safetensors")
    state = json.loads((newest / "state.json").read_text())
    planted = (newest / "optimiser.safetensors").read_bytes()
    state["files"]["optimiser.safetensors"] = hashlib.sha256(planted).hexdigest()
    (newest / "state.json").write_text(json.dumps(state))
    assert run(base, make_examples, begun, resume=True).resumed_from == 5
    assert not ran.exists()


def test_only_a_whole_checkpoint_is_there(begun: Path) -> None:
    assert is_there(begun)
    for folder in (begun / "checkpoints").iterdir():
        (folder / "weights.safetensors").write_bytes(b"")
    assert not is_there(begun)
