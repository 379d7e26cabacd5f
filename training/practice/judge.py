"""Judge exported weights the way users meet them: chat template in, greedy text out.

python -m training.practice.judge src/sadari/llm/practice
python -m training.practice.judge src/sadari/llm/practice --prose tests/practice/prose.jsonl
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.practice.mixture import sample
from training.practice.prose_dev import LONG, PROSE, Case
from training.practice.reading import RULE
from training.practice.rows import END, REFUSAL, Branch

KINDS = ("read", "closed", "state", "call", "echo", "glossary", "talk")


@dataclass(frozen=True)
class Asked:
    """One prompt as text, what kind it is, and what a right answer is."""

    prompt: str
    kind: str
    answer: str
    value: str = ""
    must: tuple[tuple[str, ...], ...] = ()
    must_not: tuple[str, ...] = ()


def load(folder: Path) -> tuple[Any, Any]:
    """Model (bfloat16, one thread's worth of work) and tokenizer through plain Transformers."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval(), tokenizer


@torch.no_grad()
def complete(
    model: Any, tokenizer: Any, prompts: Sequence[str], *, batch: int = 16, tokens: int = 160
) -> list[str]:
    """Greedy answers, prompts of like length together."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = [""] * len(prompts)
    tokenizer.padding_side = "left"
    for at in range(0, len(order), batch):
        chosen = order[at : at + batch]
        inputs = tokenizer(
            [prompts[i] for i in chosen],
            return_tensors="pt",
            padding=True,
            return_token_type_ids=False,
        )
        written = model.generate(
            **inputs, max_new_tokens=tokens, do_sample=False, pad_token_id=tokenizer.pad_token_id
        )
        for i, row in zip(chosen, written[:, inputs.input_ids.shape[1] :], strict=True):
            answers[i] = (
                tokenizer.decode(row, skip_special_tokens=False)
                .split(END)[0]
                .replace("<|endoftext|>", "")
                .strip()
            )
    return answers


def squeeze(text: str) -> str:
    return "".join(text.split()).casefold()


def right(asked: Asked, answer: str) -> bool:
    """Whether the answer holds what it must: the value, the call, the refusal, or every key."""
    said = squeeze(answer)
    if asked.kind in ("refuse", "closed"):
        return said == squeeze(REFUSAL)
    if asked.must:
        return all(any(squeeze(s) in said for s in any_of) for any_of in asked.must) and not any(
            squeeze(s) in said for s in asked.must_not
        )
    if asked.kind in ("state", "call"):
        return parsed(answer) is not None and parsed(answer) == parsed(asked.answer)
    if asked.kind == "answer" and asked.value:
        return squeeze(asked.value) in said and len(said) <= len(squeeze(asked.answer)) + 10
    return said == squeeze(asked.answer)


def parsed(text: str) -> Any:
    """The JSON of a state or of a tool call; None where it is not valid."""
    body = text.removeprefix("<tool_call>").removesuffix("</tool_call>").strip()
    try:
        return json.loads(body)
    except ValueError:
        return None


def generated(per_kind: int, *, seed: int = 7, stage: int = 4) -> list[Asked]:
    """Prompts in sentence and question shapes that were never trained on."""
    asked: list[Asked] = []
    for kind in KINDS:
        rng, made = Random(f"{seed} {kind}"), 0
        while made < per_kind * (2 if kind == "read" else 1):
            row = sample(rng, stage, unseen=True, kind=kind)
            branches: Iterable[Branch] = rng.sample(row.branches, min(2, len(row.branches)))
            for branch in branches:
                asked.append(
                    Asked(row.prefix + branch.prompt, branch.kind, branch.answer, branch.value)
                )
                made += 1
    return asked


def prompt(tokenizer: Any, passages: Sequence[tuple[str, str]], question: str) -> str:
    """The prompt that the assistant builds: numbered passages, then the question."""
    shown = "\n".join(f"[{i}] {title}\n{text}" for i, (title, text) in enumerate(passages, 1))
    messages = [
        {"role": "system", "content": f"당신은 담당자를 돕는 조수입니다.\n{RULE}"},
        {"role": "user", "content": f"{shown}\n\n질문: {question}"},
    ]
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def by_hand(tokenizer: Any, cases: Sequence[Case] = PROSE) -> list[Asked]:
    """The hand-written development prose."""
    return [
        Asked(
            prompt(tokenizer, passages, question),
            "answer" if must else "refuse",
            "",
            "",
            tuple((m,) for m in must),
        )
        for passages, questions in cases
        for question, must in questions
    ]


def blind(tokenizer: Any, path: Path) -> list[Asked]:
    """Prose that somebody else wrote without seeing the generator, scored by key."""
    asked = []
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        key = case["key"]
        must = tuple(_alternatives(one) for one in key.get("must", []))
        text = prompt(tokenizer, [(case["title"], case["passage"])], case["question"])
        asked.append(
            Asked(
                text, "answer" if must else "refuse", "", "", must, tuple(key.get("must_not", []))
            )
        )
    return asked


def in_common(asked: Sequence[Asked]) -> float:
    """Mean share of an answerable question's pairs of characters that its passages hold too."""
    shares = []
    for one in asked:
        if one.kind == "answer":
            shown, _, question = one.prompt.rpartition("질문: ")
            pairs = _pairs(question.split(END)[0])
            shares.append(len(pairs & _pairs(shown.rpartition("user\n")[2])) / len(pairs))
    return round(sum(shares) / len(shares), 2)


def _pairs(text: str) -> set[str]:
    letters = "".join(c for c in text if c.isalnum())
    return {letters[i : i + 2] for i in range(len(letters) - 1)}


def _alternatives(item: Any) -> tuple[str, ...]:
    """The strings of which one suffices; a number counts as its spellings."""
    if isinstance(item, dict):
        number = float(item["value"])
        return (f"{number:g}", f"{number:,g}", str(item["value"]))
    return (item,) if isinstance(item, str) else tuple(item)


def report(
    model: Any, tokenizer: Any, asked: list[Asked], *, show: bool = False
) -> dict[str, float]:
    """Scores by kind; `false_refusals` is the share of answerable questions that were refused and
    `valid_json` the share of states that parse."""
    answers = complete(model, tokenizer, [a.prompt for a in asked])
    hits: dict[str, list[bool]] = {}
    for one, answer in zip(asked, answers, strict=True):
        hits.setdefault(one.kind, []).append(right(one, answer))
        if one.kind == "answer":
            hits.setdefault("false_refusals", []).append(squeeze(REFUSAL) in squeeze(answer))
        if one.kind == "state":
            hits.setdefault("valid_json", []).append(parsed(answer) is not None)
        if show:
            question = one.prompt.rpartition("<|im_start|>user\n")[2].split(END)[0].split("\n")[-1]
            print(
                "O" if right(one, answer) else "X",
                one.kind,
                "|",
                question,
                "|",
                answer,
                "|",
                one.must or one.answer,
            )
    return {kind: round(sum(h) / len(h), 3) for kind, h in sorted(hits.items())}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("folder", type=Path)
    p.add_argument("--each", type=int, default=60, help="prompts of each kind")
    p.add_argument("--stage", type=int, default=4)
    p.add_argument("--by-hand", action="store_true", help="the development proses only")
    p.add_argument("--show", action="store_true")
    p.add_argument("--prose", type=Path, help="blind prose, a final measure: never tune on it")
    options = p.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load(options.folder)
    if options.prose:
        asked = blind(tokenizer, options.prose)
        print("blind prose", report(model, tokenizer, asked), "in common", in_common(asked))
        asked.sort(key=lambda one: in_common([one]))
        for third in (asked[at * len(asked) // 3 : (at + 1) * len(asked) // 3] for at in range(3)):
            print("a third", report(model, tokenizer, third), "in common", in_common(third))
        return
    if not options.by_hand:
        print(
            "held-out shapes",
            report(
                model, tokenizer, generated(options.each, stage=options.stage), show=options.show
            ),
            flush=True,
        )
    for name, cases in (("development prose", PROSE), ("long development prose", LONG)):
        asked = by_hand(tokenizer, cases)
        scores = report(model, tokenizer, asked, show=options.show)
        print(name, scores, "in common", in_common(asked))


if __name__ == "__main__":
    main()
