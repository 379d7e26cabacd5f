"""How many answers are valid JSON, held to a schema and free, and what does holding them cost?

Quality: the dev questions of examples/dinner that ask for a state, in the prompt rung's own words,
to the practice model (or --model, --adapter), greedily: free, as any JSON object, and held to the
schema of an order. Slots are those of the key; nobody tells a free model more than the prompt does.

Cost: random weights in the practice model's shape that never end, so that a free answer and one
that is held to a long string write the same number of tokens. Both take turns in one process;
CPU seconds are counted, so that a busy machine blurs the ratio little.

    python -m benchmarks.constrained
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.evaluation_speed import random_model
from benchmarks.kept import add_out, keep_whole
from sadari.assistant import recipe_for
from sadari.assistant.prompt import build_messages
from sadari.domain import Domain, Question, read_domain
from sadari.domain.message import user
from sadari.evaluation import score
from sadari.llm import Completion, ModelSpec, Request, Sampling, open_model
from sadari.llm.local import LocalModel
from sadari.stats import wilson
from sadari.store import Store

# What can be long is bounded, as docs/models.md advises: a weak model ends no string by itself.
COUNT = {"type": "integer", "minimum": 0, "maximum": 10}
ORDER = {
    "type": "object",
    "properties": {
        "dinner": {"enum": ["valentine", "french", "english", "champagne_feast", None]},
        "style": {"enum": ["simple", "grand", "deluxe", None]},
        "changes": {
            "type": "object",
            "patternProperties": {"^[가-힣 ]{1,8}$": COUNT},
            "additionalProperties": False,
            "maxProperties": 4,
        },
        "date": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "time": {"anyOf": [{"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$"}, {"type": "null"}]},
        "address": {"type": ["string", "null"], "maxLength": 40},
        "customerName": {"type": ["string", "null"], "maxLength": 12},
        "needsMoreInfo": {"type": "boolean"},
        "readyForConfirmation": {"type": "boolean"},
        "confirmed": {"type": "boolean"},
    },
    "additionalProperties": False,
}
ORDER["required"] = list(ORDER["properties"])
FORMS: dict[str, dict[str, Any] | None] = {
    "free": None,
    "any JSON object": {"type": "json_object"},
    "held to the schema": {
        "type": "json_schema",
        "json_schema": {"name": "order", "strict": True, "schema": ORDER},
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="practice")
    parser.add_argument("--adapter", help="what `sadari tune examples/dinner` wrote")
    parser.add_argument("--tokens", type=int, default=60, help="written by each row of the cost")
    parser.add_argument("--rounds", type=int, default=3)
    add_out(parser, "json")
    arguments = parser.parse_args()

    domain = read_domain(Path("examples/dinner"))
    questions = [q for q in domain.exam("dev") if q.kind == "state"]
    result: dict[str, Any] = {
        "model": arguments.model,
        "adapter": bool(arguments.adapter),
        "questions": len(questions),
        "cost": cost(arguments.tokens, arguments.rounds),
        "quality": quality(domain, questions, arguments.model, arguments.adapter),
    }
    result["slots_of_an_empty_order"] = empty_slots(questions)
    keep_whole(arguments.out, result, libraries=("torch", "transformers", "llguidance"))
    print(json.dumps(result, indent=2, ensure_ascii=False))


def quality(
    domain: Domain, questions: Sequence[Question], name: str, adapter: str | None
) -> dict[str, Any]:
    """By form: shares of valid JSON, of whole orders, of right slots, of answers cut off."""
    model = open_model(ModelSpec(name))
    with tempfile.TemporaryDirectory() as home:
        recipe = recipe_for(domain, "prompt", home=Store.open(Path(home)).home)
    found = {}
    for form_name, form in FORMS.items():
        requests = [
            Request(
                build_messages(recipe.prompt, question.messages),
                response_format=form,
                sampling=recipe.sampling,
                adapter=adapter,
            )
            for question in questions
        ]
        answers = asyncio.run(model.complete_all(requests))
        said = [answer for answer in answers if isinstance(answer, Completion)]
        assert len(said) == len(questions)
        parts = [
            score(question, answer.text).parts
            for question, answer in zip(questions, said, strict=True)
        ]
        valid = wilson(sum(last_object(answer.text) is not None for answer in said), len(said))
        found[form_name] = {
            "valid_json": [round(v, 3) for v in (valid.estimate, valid.low, valid.high)],
            "an_order": sum(is_order(answer.text) for answer in said) / len(said),
            "slots": round(statistics.mean(part["slots"] for part in parts), 3),
            "cut_off": round(statistics.mean(a.finish_reason == "length" for a in said), 3),
            "tokens": round(statistics.mean(a.usage.completion_tokens for a in said), 1),
        }
        print(form_name, found[form_name], flush=True)
    return found


def empty_slots(questions: Sequence[Question]) -> float:
    """The share of slots that an order in which nothing is filled has right: what a form alone is
    worth."""
    empty = dict.fromkeys(ORDER["required"]) | {
        "changes": {},
        "needsMoreInfo": True,
        "readyForConfirmation": False,
        "confirmed": False,
    }
    text = json.dumps(empty)
    return round(statistics.mean(score(q, text).parts["slots"] for q in questions), 3)


def last_object(text: str) -> dict[str, Any] | None:
    """The JSON object that the last line is, where it is one."""
    try:
        found = json.loads(text.strip().rsplit("\n", 1)[-1])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def is_order(text: str) -> bool:
    """Whether the last line is an order: the slots and no others, each of its kind."""
    found = last_object(text)
    if found is None or set(found) != set(ORDER["required"]):
        return False
    flags = ("needsMoreInfo", "readyForConfirmation", "confirmed")
    return (
        all(isinstance(found[name], bool) for name in flags)
        and isinstance(found["changes"], dict)
        and all(found[name] in ORDER["properties"][name]["enum"] for name in ("dinner", "style"))
        and all(
            found[name] is None or isinstance(found[name], str)
            for name in ("date", "time", "address", "customerName")
        )
    )


def cost(tokens: int, rounds: int) -> dict[str, Any]:
    """CPU milliseconds a token, free and held to a string that is too long to end."""
    schema = {"type": "string", "minLength": 4 * tokens}
    form = {"type": "json_schema", "json_schema": {"name": "text", "schema": schema}}
    found: dict[str, Any] = {"tokens": tokens, "rounds": rounds}
    with tempfile.TemporaryDirectory() as scratch:
        model = LocalModel(random_model(Path(scratch)))
        found["vocabulary"] = len(model.tokenizer)
        for rows in (1, 16):
            spent: dict[str, list[float]] = {"free": [], "held": []}
            for turn in range(rounds + 1):
                order = ("free", "held") if turn % 2 else ("held", "free")
                for name in order:
                    seconds = write(model, rows, tokens, form if name == "held" else None)
                    if turn:  # the first warms up
                        spent[name].append(1_000 * seconds / (rows * tokens))
            free, held = (statistics.median(spent[name]) for name in ("free", "held"))
            found[f"{rows} rows"] = {
                "free_cpu_ms_per_token": round(free, 3),
                "held_cpu_ms_per_token": round(held, 3),
                "times": round(held / free, 2),
            }
        model.close()
    return found


def write(model: LocalModel, rows: int, tokens: int, form: dict[str, Any] | None) -> float:
    """CPU seconds for so many answers of so many tokens each."""
    requests = [
        Request(
            (user(f"{row}번 주문 상태를 적어 주세요."),),
            response_format=form,
            sampling=Sampling(tokens),
        )
        for row in range(rows)
    ]
    begin = time.process_time()
    done = asyncio.run(model.complete_all(requests))
    seconds = time.process_time() - begin
    written = [one.usage.completion_tokens for one in done if isinstance(one, Completion)]
    assert written == [tokens] * rows, written
    return seconds


if __name__ == "__main__":
    main()
