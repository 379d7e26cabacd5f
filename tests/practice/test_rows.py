"""Rows as tensors: the lean forward and the shared prefix change nothing."""

from __future__ import annotations

from random import Random

import pytest

torch = pytest.importorskip("torch")
from transformers import AutoTokenizer, LlamaForCausalLM  # noqa: E402

from sadari.llm.practice import FOLDER  # noqa: E402
from training.practice.batches import collate, encode  # noqa: E402
from training.practice.forward import logits  # noqa: E402
from training.practice.mixture import sample  # noqa: E402
from training.practice.rows import Row  # noqa: E402
from training.practice.train import deepen  # noqa: E402


@pytest.fixture(scope="module")
def model() -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def tokenizer() -> object:
    return AutoTokenizer.from_pretrained(FOLDER)


@torch.no_grad()
def test_a_branch_reads_as_the_prompt_of_its_own(
    model: LlamaForCausalLM, tokenizer: object
) -> None:
    row = sample(Random(3), 2, kind="read")
    branch = row.branches[-1]
    alone = Row("", (branch,))
    tree = collate([encode(row, tokenizer)], 0)
    text = row.prefix + "".join(piece.text for piece in branch.pieces)
    plain = model(tokenizer(text, return_tensors="pt").input_ids).logits[0]
    answer = len(encode(alone, tokenizer).ids) - sum(
        w == 0 for w in encode(alone, tokenizer).weights
    )
    last = tree.owner == len(row.branches)
    ours = logits(model, tree)[last]
    assert ours.shape[0] == answer
    torch.testing.assert_close(ours, plain[-answer - 1 : -1], atol=0.5, rtol=0.1)
    assert (ours.argmax(-1) == plain[-answer - 1 : -1].argmax(-1)).float().mean() > 0.9


@torch.no_grad()
def test_deeper_is_the_same_function(model: LlamaForCausalLM) -> None:
    ids = torch.randint(10, 3000, (1, 40), generator=torch.Generator().manual_seed(0))
    grown = deepen(model, model.config.num_hidden_layers + 2).eval()
    torch.testing.assert_close(grown(ids).logits, model(ids).logits)


def test_only_answers_carry_loss(tokenizer: object) -> None:
    row = sample(Random(4), 3, kind="read")
    encoded = encode(row, tokenizer)
    trained = tokenizer.decode([t for t, w in zip(encoded.ids, encoded.weights, strict=True) if w])
    assert trained == "".join(branch.pieces[-1].text for branch in row.branches)
