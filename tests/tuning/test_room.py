"""A tuning that runs out of memory goes on in shorter rows, with the same gradients."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from sadari.tuning import TuneSettings, TuningError, train
from sadari.tuning.examples import Example
from sadari.tuning.objective import Batch
from sadari.tuning.room import Room

UNITS = [(Example(i, tuple(range(10 + i)), (True,) * (10 + i)),) for i in range(4)]


def _allocate(row_tokens: int, room_for: int) -> int:
    """Takes real memory, far too much of it for rows that are too long."""
    if row_tokens > room_for:
        torch.empty(2**60, dtype=torch.uint8)
    return row_tokens


def test_rows_halve_until_they_fit_and_a_sentence_says_so() -> None:
    model = nn.Linear(1, 1)
    room = Room(model, 2048, [])
    fitted = room.fit(lambda batch: _allocate(batch.row_tokens, 16), Batch(UNITS, 2048), "step 3")
    assert fitted == room.row_tokens == 11  # 46 tokens in the batch: 23, then 11
    assert [sentence.split(":")[0] for sentence in room.shortages] == [
        "Memory ran out in step 3",
        "Memory ran out in step 3",
    ]
    assert Room(model, **room.state).state == room.state


def test_another_try_begins_with_the_same_random_numbers_and_no_gradients() -> None:
    model = nn.Linear(1, 1)
    drawn = []

    def work(batch: Batch) -> None:
        assert model.weight.grad is None
        drawn.append(torch.rand(1).item())
        model(torch.ones(1)).sum().backward()
        _allocate(batch.row_tokens, 20)

    Room(model, 64, []).fit(work, Batch(UNITS, 64), "step 1")
    assert len(drawn) == 3
    assert len(set(drawn)) == 1


def test_an_example_that_does_not_fit_alone_is_named() -> None:
    room = Room(nn.Linear(1, 1), 64, [])
    with pytest.raises(TuningError, match=r"step 1.*example 3 has 13 tokens"):
        room.fit(lambda batch: _allocate(batch.row_tokens, 0), Batch(UNITS, 64), "step 1")


def test_another_error_passes() -> None:
    def broken(batch: Batch) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        Room(nn.Linear(1, 1), 64, []).fit(broken, Batch(UNITS, 64), "step 1")


@pytest.mark.parametrize("shape", ["llama", "neox"])
def test_recomputed_blocks_give_the_same_weights(
    shape: str, bases: dict[str, Path], make_examples: Any, tmp_path: Path
) -> None:
    """Dropout included: what is computed again draws the same numbers."""
    settings = TuneSettings(rank=4, epochs=1, learning_rate=1e-2, dtype="float32")
    weights = []
    for recompute in (False, True):
        torch.manual_seed(0)
        output = tmp_path / str(recompute)
        chosen = dataclasses.replace(settings, recompute=recompute)
        train(bases[shape], make_examples(6), [], chosen, output)
        weights.append((output / "adapter_model.safetensors").read_bytes())
    assert weights[0] == weights[1]


SHORT_OF_MEMORY = """
    import json, resource, sys
    from pathlib import Path
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    from sadari.llm.types import Rendered
    from sadari.tuning import TuneSettings, train
    from sadari.tuning.watermark import _status

    torch.set_num_threads(1)
    torch.manual_seed(0)
    home, room = Path(sys.argv[1]), int(sys.argv[2]) * 2**20
    config = LlamaConfig(vocab_size=64, hidden_size=64, intermediate_size=4096,
        num_hidden_layers=2, num_attention_heads=4, bos_token_id=1, eos_token_id=2)
    LlamaForCausalLM(config).save_pretrained(home / "base")
    rows = [Rendered((3 + i,) * 127 + (2,), (False,) * 64 + (True,) * 64) for i in range(16)]
    settings = TuneSettings(rank=2, dropout=0.0, epochs=1, batch_examples=16, learning_rate=1e-2,
        dtype="float32", threads=1, targets=("q_proj", "down_proj"))
    if room:
        held = _status("VmSize")
        resource.setrlimit(resource.RLIMIT_AS, (held + room, held + room))
    result = train(home / "base", rows, [], settings, home / f"adapter-{room}")
    print(json.dumps([result.shortages, result.micro_batch_tokens, result.train_losses]))
"""


def test_under_a_limit_of_the_system_it_finishes_with_the_same_loss(tmp_path: Path) -> None:
    """The system refuses the memory for real, in a process of its own."""
    import json

    found = []
    for mebibytes in (0, 300):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SHORT_OF_MEMORY), str(tmp_path), str(mebibytes)],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout.splitlines()[-1]))
    (whole, halved) = found
    assert whole[:2] == [[], 2048]
    assert "Memory ran out in step 1" in halved[0][0]
    assert halved[1] < 2048
    assert halved[2] == pytest.approx(whole[2], abs=1e-4)


@pytest.mark.parametrize("steps_between", [1, 0])
def test_a_disk_that_is_full_is_a_sentence(
    steps_between: int, base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """In a checkpoint, or at the very end; the system refuses large files for real."""
    import resource

    settings = TuneSettings(epochs=1, dtype="float32", save_every_steps=steps_between)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(TuningError, match=r"could not be written to the disk.*Make room"):
            train(base, make_examples(8), [], settings, tmp_path / "adapter")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    result = train(base, make_examples(8), [], settings, tmp_path / "adapter", resume=True)
    assert result.steps == 2
