"""How likely a model finds given answers: the quantity behind perplexity, forgetting and DPO."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sadari.domain.message import Message
from sadari.llm.prefix import Prefix
from sadari.llm.render import render
from sadari.llm.types import Rendered

_ROWS = 8


def answer_logprobs(
    model: Any,
    tokenizer: Any,
    pairs: Sequence[tuple[tuple[Message, ...], str]],
    prefix: Prefix | None = None,
) -> list[list[float]]:
    """Natural logarithms, one list per (prompt messages, answer) pair, one number per token that
    training would put loss on: the answer and its end-of-turn token. `prefix` is what virtual
    tokens leave before each prompt."""
    import torch

    examples = [
        render(
            tokenizer,
            (*(replace(turn, train=False) for turn in messages), Message("assistant", answer)),
            add_generation_prompt=False,
        )
        for messages, answer in pairs
    ]
    order = sorted(range(len(examples)), key=lambda place: len(examples[place].ids))
    found: list[list[float]] = [[] for _ in examples]
    with torch.inference_mode():
        for begin in range(0, len(order), _ROWS):
            places = order[begin : begin + _ROWS]
            scores = _batch(model, [examples[place] for place in places], prefix)
            for place, score in zip(places, scores, strict=True):
                found[place] = score
    return found


def _batch(model: Any, examples: Sequence[Rendered], prefix: Prefix | None) -> list[list[float]]:
    import torch

    longest = max(len(example.ids) for example in examples)
    # Padded on the right, where no token of the row looks.
    rows = [[*example.ids, *[0] * (longest - len(example.ids))] for example in examples]
    ids = torch.tensor(rows, device=model.device)
    cache = None if prefix is None else prefix.cache(model.config, len(rows))
    hidden = model.base_model(
        input_ids=ids, past_key_values=cache, use_cache=cache is not None
    ).last_hidden_state
    head = model.get_output_embeddings()
    scores: list[list[float]] = []
    for example, row_ids, row in zip(examples, ids, hidden, strict=True):
        wanted = torch.tensor(example.trained).nonzero().squeeze(1).to(model.device)
        logprobs = head(row[wanted - 1]).float().log_softmax(-1)
        scores.append(logprobs.gather(1, row_ids[wanted].unsqueeze(1)).squeeze(1).tolist())
    return scores
