"""Tiny random models of four architectures, and examples for them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sadari.llm.types import Rendered

VOCABULARY = 97
END = 2

Example = Rendered
MakeExamples = Callable[..., list[Rendered]]


def _configs() -> dict[str, object]:
    from transformers import GPTNeoXConfig, LlamaConfig, Phi3Config, Qwen2Config

    shape = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "max_position_embeddings": 256,
        "bos_token_id": 1,
        "eos_token_id": END,
        "pad_token_id": 0,
    }
    return {
        "llama": LlamaConfig(**shape, tie_word_embeddings=True),
        "qwen2": Qwen2Config(**shape, num_key_value_heads=2),
        "phi3": Phi3Config(**shape, num_key_value_heads=2, sliding_window=9),
        "neox": GPTNeoXConfig(**shape),
    }


@pytest.fixture(scope="session", params=["llama", "qwen2", "phi3", "neox"])
def any_base(request: pytest.FixtureRequest, bases: dict[str, Path]) -> Path:
    return bases[request.param]


@pytest.fixture(scope="session")
def base(bases: dict[str, Path]) -> Path:
    return bases["llama"]


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of tiny models, by architecture."""
    from transformers import AutoModelForCausalLM

    home = tmp_path_factory.mktemp("bases")
    for name, config in _configs().items():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config)
        with torch.no_grad():
            for parameter in model.parameters():
                # Larger than the usual start, so that attention is not uniform.
                parameter.add_(0.1 * torch.randn_like(parameter))
        model.save_pretrained(home / name)
    return {name: home / name for name in _configs()}


@pytest.fixture(scope="session")
def make_examples() -> MakeExamples:
    """`make_examples(count, seed=0, prompt=(3, 9), answer=(3, 9))`: random ids, the answers ending
    with the end of the turn."""

    def make(
        count: int,
        seed: int = 0,
        prompt: tuple[int, int] = (3, 9),
        answer: tuple[int, int] = (3, 9),
    ) -> list[Rendered]:
        rng = random.Random(seed)
        rows = []
        for _ in range(count):
            asked = [rng.randrange(3, VOCABULARY) for _ in range(rng.randint(*prompt))]
            said = [rng.randrange(3, VOCABULARY) for _ in range(rng.randint(*answer))] + [END]
            trained = (False,) * len(asked) + (True,) * len(said)
            rows.append(Rendered(tuple(asked + said), trained))
        return rows

    return make
