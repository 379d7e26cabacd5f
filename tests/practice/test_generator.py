"""The generator: deterministic, true to its held-out shapes, and far from the bundled domains."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random

from training.practice.facts import ask, tell
from training.practice.mixture import LAST, sample
from training.practice.names import noun
from training.practice.reading import RULES, VALUE_RULES
from training.practice.rows import REFUSAL
from training.practice.shapes import QUESTIONS, SENTENCES, held_out
from training.practice.tokenizer import text_of

EXAMPLES = Path(__file__).parents[2] / "examples"
RUN = 13  # characters, spaces removed
# What prompts and answers share by design: the refusal and the instructions around it.
EXEMPT = [*RULES, *VALUE_RULES, REFUSAL, f'답이 없으면 "{REFUSAL}"라고만 답하세요.']


def test_same_seed_same_rows() -> None:
    assert [sample(Random(5), LAST) for _ in range(3)] == [
        sample(Random(5), LAST) for _ in range(3)
    ]


def test_there_are_hundreds_of_shapes_and_a_fifth_is_held_out() -> None:
    sentences = [shape for shapes in SENTENCES.values() for shape in shapes]
    questions = [shape for shapes in QUESTIONS.values() for shape in shapes]
    assert len(sentences) >= 300
    assert len(questions) >= 150
    for shapes in (sentences, questions):
        assert 0.12 < sum(map(held_out, shapes)) / len(shapes) < 0.30


def test_training_never_uses_a_held_out_shape() -> None:
    rng = Random(0)
    for _ in range(2000):
        fact = tell(rng.choice(list(SENTENCES)), noun(rng), "plain", rng)
        asked = ask(fact, rng)
        assert not held_out(fact.shape)
        assert asked is None or not held_out(asked[1])


def _runs(text: str) -> set[str]:
    packed = "".join(text.split())
    return {packed[i : i + RUN] for i in range(len(packed) - RUN + 1)}


def _domain_texts() -> Iterator[str]:
    for path in sorted(EXAMPLES.rglob("*")):
        if path.suffix in {".md", ".txt", ".csv"}:
            yield path.read_text(encoding="utf-8")
        elif path.suffix == ".toml":
            yield from _strings(tomllib.loads(path.read_text(encoding="utf-8")))
        elif path.suffix in {".json", ".jsonl"}:
            text = path.read_text(encoding="utf-8")
            for document in text.splitlines() if path.suffix == ".jsonl" else [text]:
                if document.strip():
                    yield from _strings(json.loads(document))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        # a dialogue's state is text that holds JSON: its values count, its slots' names and its
        # marks are a format that any service may share
        state = re.search(r"\{.*\}", value, re.DOTALL)
        try:
            inner = json.loads(state.group()) if state else None
        except ValueError:
            inner = None
        if state is None:
            yield value
        elif inner is None:  # a rule that shows the form of a state
            yield re.sub(r'"\w+"\s*:', "\n", value)
        else:
            yield value.replace(state.group(), "\n")
            yield from _strings(inner)
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def test_no_long_run_is_shared_with_a_bundled_domain() -> None:
    domain = set().union(*(_runs(text) for text in _domain_texts()))
    assert domain, "the bundled domains hold no text to compare with"
    exempt = set().union(*(_runs(text) for text in EXEMPT))
    rng = Random(11)
    shared: set[str] = set()
    for number in range(6000):
        for text in text_of(sample(rng, number % (LAST + 1))):
            shared |= _runs(text) & domain
    assert sorted(shared - exempt) == []
