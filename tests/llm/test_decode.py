"""The decoding loop and both engines, held against Transformers' own generate."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from sadari.llm.decode import Row, decode
from sadari.llm.local import LocalModel
from sadari.llm.padded import PaddedEngine
from sadari.llm.ragged import RaggedEngine, fits, shared_ids
from sadari.llm.types import Sampling
from tests.tiny import tiny_model

Prompts = list[tuple[int, ...]]


def prompts_of(seed: int, shared: int, count: int = 9, longest: int = 60) -> Prompts:
    rng = random.Random(seed)
    head = [rng.randrange(300, 500) for _ in range(shared)]
    return [
        tuple(head + [rng.randrange(300, 500) for _ in range(rng.randrange(1, longest))])
        for _ in range(count)
    ]


def new_tokens(place: int) -> int:
    """Different lengths, so that rows leave the batch at different times."""
    return 24 + 7 * (place % 3)


def reference(model: LocalModel, prompts: Prompts) -> list[list[int]]:
    """Transformers' greedy generation, one prompt at a time."""
    answers = []
    for place, prompt in enumerate(prompts):
        ids = torch.tensor([prompt])
        out = model.model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=new_tokens(place),
        )
        answer = out[0, len(prompt) :].tolist()
        answers.append([token for token in answer if token != model.tokenizer.eos_token_id])
    return answers


def run(model: LocalModel, engine: Any, prompts: Sequence[tuple[int, ...]]) -> list[list[int]]:
    rows = [Row(prompt, Sampling(new_tokens(place))) for place, prompt in enumerate(prompts)]
    with torch.inference_mode():
        decode(engine, rows, model.tokenizer, frozenset({model.tokenizer.eos_token_id}))
    return [row.tokens for row in rows]


@pytest.mark.parametrize("shape", ["llama", "qwen2", "qwen3"])
@pytest.mark.parametrize("seed", range(4))
def test_greedy_tokens_equal_transformers(shape: Any, seed: int, tmp_path: Path) -> None:
    model = LocalModel(tiny_model(tmp_path, shape, seed=seed))
    prompts = prompts_of(seed, shared=[0, 1, 40, 3][seed])
    wanted = reference(model, prompts)
    assert run(model, PaddedEngine(model.model), prompts) == wanted
    assert fits(model.model)
    assert run(model, RaggedEngine(model.model), prompts) == wanted
    shared = shared_ids(prompts)
    with torch.inference_mode():
        prefix = RaggedEngine(model.model).read_prefix(shared) if shared else None
    assert run(model, RaggedEngine(model.model, prefix), prompts) == wanted
    model.close()


def test_long_prompts_and_answers_grow_the_cache(tmp_path: Path) -> None:
    """More tokens than are read in one go, and more than the cache starts with."""
    model = LocalModel(tiny_model(tmp_path, talkative=True))
    prompts = prompts_of(5, shared=120, count=5, longest=700)
    rows = [Row(prompt, Sampling(150)) for prompt in prompts]
    again = [Row(prompt, Sampling(150)) for prompt in prompts]
    with torch.inference_mode():
        prefix = RaggedEngine(model.model).read_prefix(shared_ids(prompts))
        decode(RaggedEngine(model.model, prefix), rows, model.tokenizer, frozenset())
        decode(PaddedEngine(model.model), again, model.tokenizer, frozenset())
    assert [row.tokens for row in rows] == [row.tokens for row in again]
    assert {len(row.tokens) for row in rows} == {150}
    model.close()


def test_sliding_windows_take_the_general_engine(folders: dict[str, Path]) -> None:
    model = LocalModel(folders["mistral"])
    assert not fits(model.model)
    prompts = prompts_of(1, shared=5)
    assert run(model, PaddedEngine(model.model), prompts) == reference(model, prompts)
    model.close()


def test_shared_ids_leave_each_prompt_a_token_of_its_own() -> None:
    assert shared_ids([(1, 2, 3), (1, 2, 4, 5)]) == (1, 2)
    assert shared_ids([(1, 2), (1, 2, 3)]) == (1,)
    assert shared_ids([(1, 2), (1, 2)]) == (1,)
    assert shared_ids([(1,), (2,)]) == ()


def test_sampling_follows_the_distribution(llama: LocalModel) -> None:
    """With temperature, tokens come as often as the softmax says; with top_p, only its head."""
    prompt = prompts_of(3, 0, count=1)[0]
    ids = torch.tensor([prompt])
    with torch.inference_mode():
        chances = (llama.model(ids).logits[0, -1] / 4).softmax(-1)
    count = 500
    for top_p in (1.0, 0.3):
        rows = [
            Row(prompt, Sampling(1, temperature=4.0, top_p=top_p, seed=seed))
            for seed in range(count)
        ]
        with torch.inference_mode():
            decode(RaggedEngine(llama.model), rows, llama.tokenizer, frozenset())
        drawn = torch.bincount(
            torch.tensor([row.tokens[0] for row in rows]), minlength=len(chances)
        )
        kept = chances.clone()
        if top_p < 1:
            ranked, order = chances.sort(descending=True)
            kept[order[ranked.cumsum(0) - ranked >= top_p]] = 0
            kept /= kept.sum()
            assert not drawn[kept == 0].any()
        top = int(kept.argmax())
        deviation = float((kept[top] * (1 - kept[top]) / count) ** 0.5)
        assert abs(drawn[top] / count - kept[top]) < 4 * deviation


def test_a_cancelled_row_leaves_and_the_others_go_on(llama: LocalModel) -> None:
    prompts = prompts_of(1, 4, count=3)
    rows = [Row(prompt, Sampling(30)) for prompt in prompts]
    alone = [Row(prompts[0], Sampling(30))]
    rows[1].show = lambda _: rows[1].cancelled.set()
    with torch.inference_mode():
        decode(RaggedEngine(llama.model), rows, llama.tokenizer, frozenset())
        decode(RaggedEngine(llama.model), alone, llama.tokenizer, frozenset())
    assert rows[1].finish_reason == "cancelled"
    assert len(rows[1].tokens) < 10
    assert rows[0].tokens == alone[0].tokens
