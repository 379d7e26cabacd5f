"""Questions and answers that a stronger model makes from the documents: first plain ones
(self-instruct, Wang et al. 2023), then harder forms of them (evol-instruct, Xu et al. 2023). Each
answer is checked against its passage and set aside where the passage does not bear it out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from random import Random
from typing import Any

from sadari.data.near import grams, jaccard
from sadari.data.types import Record, SetAside, Step
from sadari.domain.document import Document
from sadari.domain.message import assistant, system, user
from sadari.llm import Completion, LanguageModel, Request, Sampling
from sadari.text import bigrams
from sadari.text.claims import unheld
from sadari.text.sentences import sections

BORNE_OUT = 0.6  # of an answer's bigrams must stand in its passage
SAME = 0.7  # Jaccard similarity from which two made questions are one
SHORTEST_PASSAGE, SHORTEST_ANSWER = 40, 8  # characters
ANSWER_TOKENS = 700

_ASK = {
    "ko": (
        "당신은 문서로 학습 자료를 만드는 편집자입니다. 주어진 글만으로 답할 수 있는 질문과 답을 "
        "{n}개 만드세요. 질문은 실제 사용자가 물을 법하게, 답은 글의 표현과 숫자를 그대로 써서 "
        '한두 문장으로. 글에 없는 것은 쓰지 마세요. JSON 목록만 출력: [{{"question": "…", '
        '"answer": "…"}}]'
    ),
    "en": (
        "You edit training material from documents. Write {n} questions and answers that the given "
        "text alone settles: questions as a user would ask them, answers of one or two sentences "
        "in the text's own words and numbers. Add nothing that is not in the text. Print a JSON "
        'list only: [{{"question": "…", "answer": "…"}}]'
    ),
}
_HARDER = {
    "ko": (
        "질문을 더 구체적인 상황에서 묻게 바꾸세요.",
        "두 가지 사실을 함께 알아야 답할 수 있게 바꾸세요.",
        "까닭이나 결과를 묻게 바꾸세요.",
        "조건을 하나 붙이세요.",
    ),
    "en": (
        "Make the question ask about a more concrete situation.",
        "Make it need two facts at once.",
        "Make it ask for a cause or a consequence.",
        "Add one condition.",
    ),
}
_LIST = re.compile(r"\[\s*\{.*\}\s*\]", re.DOTALL)


@dataclass(frozen=True)
class Budget:
    """What may be spent: tokens read and written, and money where the model has a price."""

    tokens: int
    money: float | None = None


@dataclass
class Spent:
    """What was spent so far."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float = 0.0

    @property
    def tokens(self) -> int:
        """Read and written together."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True)
class Synthesis:
    """The records that passed, the account, what it cost, and why it ended: "enough", "budget" or
    "documents" (nothing new came of a whole round)."""

    records: tuple[Record, ...]
    step: Step
    spent: Spent
    ended: str


@dataclass
class _Work:
    """What grows while records are made."""

    records: list[Record] = field(default_factory=list)
    aside: list[SetAside] = field(default_factory=list)
    asked: list[frozenset[str]] = field(default_factory=list)


async def synthesise(
    documents: Sequence[Document],
    model: LanguageModel,
    *,
    wanted: int,
    budget: Budget,
    known: Sequence[str] = (),
    language: str = "ko",
    harder: float = 0.3,
    batch: int = 4,
    seed: int = 0,
    template_kwargs: Mapping[str, Any] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Synthesis:
    """Up to `wanted` records, a share `harder` of them evolved from others, which they name as
    their parent. `known` are questions that must not come again: the exam's above all. The worst
    case of a batch is reserved before it is asked, so that the budget is never exceeded.
    `template_kwargs` are told to the model's chat template."""
    passages = list(_passages(documents))
    Random(seed).shuffle(passages)
    work = _Work(asked=[grams(text) for text in known])
    spent = Spent()
    plain = wanted - round(harder * wanted)
    ended = "documents"
    for goal, tasks in (
        (plain, _first_tasks(passages, language)),
        (wanted, _evolving_tasks(work, passages, language, seed)),
    ):
        fruitless = 0
        while group := tuple(islice(tasks, batch)):
            if len(work.records) >= goal or fruitless > max(1, len(passages) // batch):
                break
            requests = [replace(ask, template_kwargs=template_kwargs or {}) for ask, *_ in group]
            if not _affords(model, requests, spent, budget):
                ended = "budget"
                break
            before = len(work.records)
            replies = await model.complete_all(requests)
            for (_, passage, parent), reply in zip(group, replies, strict=True):
                if isinstance(reply, Completion):
                    _charge(model, spent, reply)
                    _take(reply.text, passage, parent, work, goal)
                else:
                    work.aside.append(SetAside(passage.source, f"not answered: {reply.reason}"))
            fruitless = 0 if len(work.records) > before else fruitless + 1
            if progress is not None:
                progress("making records", min(len(work.records), wanted), wanted)
        if ended == "budget":
            break
    if len(work.records) >= wanted:
        ended = "enough"
    made = len(work.records) + len(work.aside)
    step = Step("synthesise", 0, len(work.records), made, set_aside=tuple(work.aside))
    return Synthesis(tuple(work.records), step, spent, ended)


def fault_of(question: str, answer: str, passage: str) -> str | None:
    """Why a made answer is not to be trusted, or None: every number of it must stand in the
    passage, and most of its words."""
    if len(answer) < SHORTEST_ANSWER or len(question) < SHORTEST_ANSWER:
        return "too short"
    if strange := unheld(answer, [passage]):
        number = answer[strange[0].start : strange[0].end]
        return f"a number that its passage does not hold ({number})"
    own, held = set(bigrams(answer)), set(bigrams(passage))
    if not own or len(own & held) / len(own) < BORNE_OUT:
        return "its passage does not say so"
    return None


_Task = tuple[Request, Document, Record | None]


def _passages(documents: Sequence[Document]) -> Iterator[Document]:
    """The sections of the documents that say enough to ask about."""
    for document in documents:
        for part in sections(document.text):
            text = f"{part.heading}\n{part.text}".strip()
            if len(text) >= SHORTEST_PASSAGE:
                yield replace(document, text=text)


def _first_tasks(passages: Sequence[Document], language: str) -> Iterator[_Task]:
    """Each passage in turn, again and again with another count, until enough is made."""
    for number, passage in enumerate(cycle(passages)):
        wanted = 3 + number // len(passages)
        yield _request(_ASK[language].format(n=wanted), passage.text), passage, None


def _evolving_tasks(
    work: _Work, passages: Sequence[Document], language: str, seed: int
) -> Iterator[_Task]:
    draw = Random(f"{seed}/harder")
    parents = list(work.records)
    draw.shuffle(parents)
    of: dict[str, list[Document]] = {}
    for passage in passages:
        of.setdefault(passage.id, []).append(passage)
    for parent, how in zip(cycle(parents), cycle(_HARDER[language]), strict=False):
        question, answer = (m.content for m in parent.messages)
        passage = max(of[parent.group], key=lambda p: len(grams(p.text) & grams(answer)))
        rule = f"{_ASK[language].format(n=1)} {how}"
        yield _request(rule, f"{passage.text}\n\nQ: {question}\nA: {answer}"), passage, parent


def _request(rule: str, text: str) -> Request:
    return Request((system(rule), user(text)), sampling=Sampling(max_tokens=ANSWER_TOKENS))


def _affords(
    model: LanguageModel, requests: Sequence[Request], spent: Spent, budget: Budget
) -> bool:
    read = sum(model.count_tokens(request.messages) for request in requests)
    write = ANSWER_TOKENS * len(requests)
    if spent.tokens + read + write > budget.tokens:
        return False
    return budget.money is None or spent.money + _cost(model, read, write) <= budget.money


def _charge(model: LanguageModel, spent: Spent, reply: Completion) -> None:
    spent.prompt_tokens += reply.usage.prompt_tokens
    spent.completion_tokens += reply.usage.completion_tokens
    spent.money += _cost(model, reply.usage.prompt_tokens, reply.usage.completion_tokens)


def _cost(model: LanguageModel, read: int, write: int) -> float:
    price = model.info.price
    if price is None:
        return 0.0
    return (read * price.input_per_million + write * price.output_per_million) / 1e6


def _take(reply: str, passage: Document, parent: Record | None, work: _Work, goal: int) -> None:
    """Adds what is good in a reply to the work, and what is not to what was set aside."""
    found = list(_pairs(reply))
    if not found:
        work.aside.append(SetAside(passage.source, "the model gave no list of questions"))
    for question, answer in found:
        if len(work.records) >= goal:
            return
        asked = grams(question)
        fault = fault_of(question, answer, passage.text)
        if fault is None and any(jaccard(asked, other) >= SAME for other in work.asked):
            fault = "asks what was asked already"
        if fault is not None:
            work.aside.append(SetAside(f"{passage.source} ({question[:60]})", fault))
            continue
        work.asked.append(asked)
        work.records.append(
            Record(
                id=f"{passage.id}#made{len(work.records) + 1}",
                messages=(user(question), assistant(answer)),
                group=passage.id,
                source=passage.source,
                task="synthetic",
                parent=parent.id if parent else None,
            )
        )


def _pairs(reply: str) -> Iterator[tuple[str, str]]:
    """The questions and answers of the first JSON list in a reply."""
    match = _LIST.search(reply)
    if match is None:
        return
    try:
        rows: Any = json.loads(match.group())
    except ValueError:
        return
    for row in rows:
        if not isinstance(row, dict):
            continue
        question, answer = row.get("question"), row.get("answer")
        if isinstance(question, str) and isinstance(answer, str):
            yield question.strip(), answer.strip()
