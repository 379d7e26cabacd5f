"""What is refused before any training, with a sentence that says what to do."""

from __future__ import annotations

import dataclasses
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from sadari.llm.types import Rendered
from sadari.tuning import TuneSettings, TuningError, train

QUICK = TuneSettings(
    rank=4, epochs=2, learning_rate=1e-2, dtype="float32", threads=1, save_every_steps=0
)


def test_an_empty_mask_is_an_error(base: Path, make_examples: Any, tmp_path: Path) -> None:
    """PREVENT: the assistant mask comes out empty."""
    silent = Rendered((5, 6, 7), (True, False, False))
    with pytest.raises(TuningError, match="No token carries loss in example 2 of the training"):
        train(base, [*make_examples(2), silent], [], QUICK, tmp_path)
    with pytest.raises(TuningError, match="of the validation examples"):
        train(base, make_examples(2), [silent], QUICK, tmp_path)


def test_an_end_of_turn_without_a_label_is_an_error(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """PREVENT: the end-of-turn token carries no label."""
    rows = [Rendered(row.ids, (*row.trained[:-1], False)) for row in make_examples(4)]
    with pytest.raises(TuningError, match="would not learn to stop"):
        train(base, rows, [], QUICK, tmp_path)


def test_one_example_is_too_few(base: Path, make_examples: Any, tmp_path: Path) -> None:
    with pytest.raises(TuningError, match="at least 2"):
        train(base, make_examples(1), [], QUICK, tmp_path)


def test_a_folder_that_cannot_be_written_is_said_before_training(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TuningError, match="could not be written"):
        train(base, make_examples(2), [], QUICK, tmp_path / "file" / "adapter")


def test_a_folder_that_holds_a_tuning_is_not_overwritten(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    train(base, make_examples(2), [], QUICK, tmp_path)
    with pytest.raises(TuningError, match="already holds a tuning"):
        train(base, make_examples(2), [], QUICK, tmp_path)


def test_a_base_that_is_none_is_said(make_examples: Any, tmp_path: Path) -> None:
    with pytest.raises(TuningError, match=r"config\.json is missing"):
        train(tmp_path, make_examples(2), [], QUICK, tmp_path / "out")


def test_ids_that_the_base_does_not_have_are_said(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """A vocabulary that does not match: another model's tokenizer made the examples."""
    foreign = Rendered((5, 400, 7, 2), (False, False, True, True))
    with pytest.raises(TuningError, match=r"97 token ids.*greater ones in example 2.*tokenizer"):
        train(base, [*make_examples(2), foreign], [], QUICK, tmp_path)


def test_an_adapter_is_no_base(base: Path, make_examples: Any, tmp_path: Path) -> None:
    train(base, make_examples(2), [], QUICK, tmp_path / "adapter")
    with pytest.raises(TuningError, match=r"holds no model.*model that this adapter belongs to"):
        train(tmp_path / "adapter", make_examples(2), [], QUICK, tmp_path / "out")


def test_an_endless_example_is_cut_or_refused(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """100,000 tokens, with max_length out of the way: the base itself reads 256."""
    settings = dataclasses.replace(QUICK, max_length=200_000)
    ids = (5, 7, 11) * 33_333
    answered_last = Rendered((*ids, 2), (*(False,) * len(ids), True))
    with pytest.raises(TuningError, match=r"At 256 tokens the whole answer is cut away in ex"):
        train(base, [*make_examples(3), answered_last], [], settings, tmp_path)
    answered_first = Rendered((*ids, 2), (False, *(True,) * len(ids)))
    result = train(base, [*make_examples(3), answered_first], [], settings, tmp_path)
    assert (result.cut_examples, result.cut_answers) == (1, 1)
    virtual = dataclasses.replace(settings, method="prompt", virtual_tokens=244)
    result = train(base, make_examples(3), [], virtual, tmp_path / "virtual")
    assert result.cut_examples > 0


def test_a_base_that_is_not_finite_is_said_before_the_first_step(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    """Such a loss would be kept as the best: no later one is less."""
    broken = shutil.copytree(base, tmp_path / "base")
    weights = load_file(broken / "model.safetensors")
    next(value for name, value in weights.items() if "up_proj" in name)[0, 0] = math.nan
    save_file(weights, broken / "model.safetensors", {"format": "pt"})
    with pytest.raises(TuningError, match=r"held-out examples is nan before the first step"):
        train(broken, make_examples(4), make_examples(2), QUICK, tmp_path / "out")
    with pytest.raises(TuningError, match=r"At step 1 .* No weight had been changed yet"):
        train(broken, make_examples(4), [], QUICK, tmp_path / "out2")


def test_weights_that_are_not_whole_are_said(
    base: Path, make_examples: Any, tmp_path: Path
) -> None:
    broken = shutil.copytree(base, tmp_path / "base")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(TuningError, match="Transformers cannot open this model"):
        train(broken, make_examples(4), [], QUICK, tmp_path / "out")


def test_a_pickled_base_is_never_opened(base: Path, make_examples: Any, tmp_path: Path) -> None:
    broken = shutil.copytree(base, tmp_path / "base")
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> Any:
            return (ran.touch, ())

    (broken / "model.safetensors").unlink()
    torch.save({"weight": Bomb()}, broken / "pytorch_model.bin")
    with pytest.raises(TuningError, match="Transformers cannot open this model"):
        train(broken, make_examples(4), [], QUICK, tmp_path / "out")
    assert not ran.exists()
