"""Examples in one row do not see each other, and none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaModel

from sadari.llm.types import Rendered
from sadari.tuning import TuneSettings, TuningError
from sadari.tuning.examples import Example
from sadari.tuning.methods import Adaptation
from sadari.tuning.model import open_base
from sadari.tuning.network import Network
from sadari.tuning.objective import Imitation
from sadari.tuning.packing import Span, pack

units = Imitation().units


def bare(model: Any) -> Adaptation:
    """A model that is not tuned at all."""
    return Adaptation(model, model, TuneSettings())


@pytest.mark.parametrize("body", ["llama", "sadari_spans", "sdpa", "eager"])
def test_packed_logits_equal_unpacked_ones(any_base: Path, make_examples: Any, body: str) -> None:
    network = Network(bare(open_base(any_base, "float32", torch.device("cpu"))))
    if body not in network._candidates():
        pytest.skip("not of this shape")
    network.body = network._open(body)
    whole = [Rendered(row.ids, (True,) * len(row.ids)) for row in make_examples(5, prompt=(3, 20))]
    (packed,) = pack(units(whole), row_tokens=512)
    together = network.head(network.body.answer_states(packed))
    alone = []
    for start, end, _ in packed.spans:
        ids = packed.input_ids[:, start:end]
        network.model.set_attn_implementation("eager")
        alone.append(network.model(ids).logits[0, :-1])
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-4)


def test_the_fastest_body_of_each_architecture_is_used(bases: dict[str, Path]) -> None:
    names = {
        name: Network(bare(open_base(base, "float32", torch.device("cpu")))).name
        for name, base in bases.items()
    }
    spans = "sadari_spans"
    assert names == {"llama": "llama", "qwen2": "llama", "phi3": spans, "neox": spans}


def test_a_model_that_mixes_packed_examples_is_refused(bases: dict[str, Path]) -> None:
    """A model whose tokens take in the mean of their row, as one with a global state would."""

    class Mixing(LlamaModel):
        def forward(self, *args: Any, **kwargs: Any) -> Any:
            out = super().forward(*args, **kwargs)
            out.last_hidden_state += out.last_hidden_state.mean(1, keepdim=True)
            return out

    model: Any = open_base(bases["llama"], "float32", torch.device("cpu"))
    model.model.__class__ = Mixing
    with pytest.raises(TuningError, match="LlamaForCausalLM mixes examples"):
        Network(bare(model))


@given(
    lengths=st.lists(st.integers(2, 40), min_size=1, max_size=30),
    row_tokens=st.integers(1, 100),
)
def test_every_token_is_packed_once(lengths: list[int], row_tokens: int) -> None:
    examples = [
        (Example(i, tuple(range(100 * i, 100 * i + n)), (False,) + (True,) * (n - 1)),)
        for i, n in enumerate(lengths)
    ]
    rows = pack(examples, row_tokens)
    seen = [token for row in rows for token in row.input_ids[0].tolist()]
    assert sorted(seen) == sorted(token for (example,) in examples for token in example.ids)
    for row in rows:
        assert row.tokens <= row_tokens or len(row.spans) == 1
        for start, end, _ in row.spans:
            assert row.position_ids[0, start:end].tolist() == list(range(end - start))
        assert row.targets.tolist() == (row.input_ids[0, row.predicts + 1]).tolist()
        first = {span.start for span in row.spans}
        assert first.isdisjoint((row.predicts + 1).tolist())


def test_a_common_beginning_stands_once(make_examples: Any) -> None:
    examples = _beginning_alike(make_examples(5))
    rows = pack(units(examples), 64, share=True)
    assert sum(row.tokens for row in rows) == 20 * len(rows) + sum(
        len(row.ids) - 20 for row in examples
    )
    assert all(row.tokens <= 64 for row in rows)
    assert {span.shared for row in rows for span in row.spans[1:]} == {20}
    answers = [
        token for row in examples for token, on in zip(row.ids, row.trained, strict=True) if on
    ]
    assert sorted(token for row in rows for token in row.targets.tolist()) == sorted(answers)


def test_nothing_is_shared_that_carries_loss_or_predicts() -> None:
    alike = Rendered(tuple(range(3, 33)), (False,) * 20 + (True,) * 10)
    (row,) = pack(units([alike, alike]), 128, share=True)
    assert row.spans == (Span(0, 19), Span(19, 30, ((0, 19),)), Span(30, 41, ((0, 19),)))
    assert row.targets.tolist() == [*range(23, 33)] * 2
    alone = pack(units([alike]), 128, share=True)
    assert alone[0].spans == (Span(0, 30),)


def test_only_answers_carry_loss() -> None:
    row = Rendered((5, 6, 7, 8, 2), (False, False, True, False, True))
    (packed,) = pack(units([row, row]), 64)
    assert packed.targets.tolist() == [7, 2, 7, 2]
    assert packed.predicts.tolist() == [1, 3, 6, 8]


def _beginning_alike(rows: list[Rendered]) -> list[Rendered]:
    common = tuple(range(30, 50))
    return [
        Rendered((*common, i + 3, *row.ids), (False,) * 21 + row.trained)
        for i, row in enumerate(rows)
    ]
