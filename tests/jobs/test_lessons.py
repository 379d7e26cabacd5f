"""Lessons are the very prompts that the rungs ask with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sadari.assistant import Recipe, recipe_for
from sadari.data import Record, prepare
from sadari.domain import Domain, read_domain
from sadari.domain.message import assistant, user
from sadari.jobs import JobError
from sadari.jobs.lessons import Asking, lessons, shuffle_answers
from sadari.llm.weights import load_tokenizer
from sadari.retrieval import build_index
from tests.domains import small_domain
from tests.tiny import TEMPLATE, tiny_tokenizer

QUIET = ("enable_thinking", False)


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Domain:
    return read_domain(small_domain(tmp_path_factory.mktemp("domain") / "shop", tiny))


@pytest.fixture(scope="module")
def recipes(domain: Domain, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, Recipe]:
    index = build_index(domain.documents, tmp_path_factory.mktemp("index"))
    return recipe_for(domain, "prompt", index=index), recipe_for(domain, "rag", index=index)


def _text(tokenizer: object, ids: tuple[int, ...]) -> str:
    return str(tokenizer.decode(list(ids)))  # type: ignore[attr-defined]


def test_only_the_answer_is_learned_and_ends_its_turn(
    domain: Domain, recipes: tuple[Recipe, Recipe], tiny: Path
) -> None:
    tokenizer = load_tokenizer(tiny)
    records = prepare(domain).train
    made = lessons(records, tokenizer, Asking(recipes[0]), seed=0)
    assert len(made) == len(records)
    for record, lesson in zip(records, made, strict=True):
        learned = tuple(i for i, t in zip(lesson.ids, lesson.trained, strict=True) if t)
        assert _text(tokenizer, learned).startswith(record.messages[-1].content)
        assert tokenizer.eos_token_id in learned
        assert domain.settings.persona in _text(tokenizer, lesson.ids)


def test_an_open_book_lesson_holds_the_passage_that_answers(
    domain: Domain, recipes: tuple[Recipe, Recipe], tiny: Path
) -> None:
    tokenizer = load_tokenizer(tiny)
    closed, rag = recipes
    records = [r for r in prepare(domain).train if r.task not in ("refusal", "feedback")]
    made = lessons(records, tokenizer, Asking(closed, rag, with_passages=1), seed=0)
    for record, lesson in zip(records, made, strict=True):
        prompt = tuple(i for i, t in zip(lesson.ids, lesson.trained, strict=True) if not t)
        text = _text(tokenizer, prompt)
        assert record.messages[-1].content in text
        assert "[1]" in text


def test_shuffled_answers_are_the_same_answers_to_other_questions(domain: Domain) -> None:
    records = list(prepare(domain).train)
    shuffled = shuffle_answers(records, seed=3)
    assert [r.messages[0] for r in shuffled] == [r.messages[0] for r in records]
    answers = [r.messages[-1].content for r in records]
    assert sorted(r.messages[-1].content for r in shuffled) == sorted(answers)
    ids = {id(r.messages[-1]): i for i, r in enumerate(records)}
    assert all(ids[id(r.messages[-1])] != i for i, r in enumerate(shuffled))
    assert shuffle_answers(records, seed=3) == shuffled


def test_two_records_swap_their_answers() -> None:
    from sadari.domain.message import assistant, user

    records = [Record(str(i), (user(f"q{i}"), assistant(f"a{i}")), "g", "s") for i in range(2)]
    assert [r.messages[-1].content for r in shuffle_answers(records, 0)] == ["a1", "a0"]


def test_a_session_teaches_every_turn_and_its_control_only_a_wrong_end(
    recipes: tuple[Recipe, Recipe], tiny: Path
) -> None:
    tokenizer = load_tokenizer(tiny)
    sessions = [
        Record(
            f"s{n}",
            (user("둘이요"), assistant(f"{n}호 맞나요?"), user("네"), assistant(f"{n}번 끝")),
            f"s{n}",
            "s.jsonl:1",
        )
        for n in range(4)
    ]

    def learned(shuffled: bool) -> list[str]:
        made = lessons(sessions, tokenizer, Asking(recipes[0]), seed=0, shuffled=shuffled)
        return [
            _text(tokenizer, tuple(i for i, t in zip(m.ids, m.trained, strict=True) if t))
            for m in made
        ]

    assert all(
        f"{n}호 맞나요?" in text and f"{n}번 끝" in text for n, text in enumerate(learned(False))
    )
    assert all(f"{n}번 끝" not in text and "호" not in text for n, text in enumerate(learned(True)))


def test_a_record_that_the_template_refuses_is_named(recipes: tuple[Recipe, Recipe]) -> None:
    tokenizer = tiny_tokenizer("{{ raise_exception('no') if tools }}" + TEMPLATE)
    record = Record("r", (user("어디?"), assistant("창고")), "g", "f:1", extra={"tools": [{}]})
    with pytest.raises(JobError, match=r"f:1 \(r\): cannot be a lesson: .*refuses"):
        lessons([record], tokenizer, Asking(recipes[0]), seed=0)


def test_functions_on_offer_and_what_the_template_is_told_are_read_in_training(
    recipes: tuple[Recipe, Recipe],
) -> None:
    """As `Request` renders them when the tuned model is asked."""
    tokenizer = tiny_tokenizer(
        "{% if tools %}{{ tools | tojson }}{% endif %}"
        "{% if enable_thinking is false %}[no thinking]{% endif %}" + TEMPLATE
    )
    find = {"type": "function", "function": {"name": "find_order", "parameters": {}}}
    record = Record("r", (user("어디?"), assistant("창고")), "g", "f:1", extra={"tools": [find]})
    closed = recipes[0]
    quiet = replace(closed, prompt=replace(closed.prompt, template_kwargs=(QUIET,)))
    (with_both,) = lessons([record], tokenizer, Asking(quiet), seed=0)
    (without,) = lessons([replace(record, extra={})], tokenizer, Asking(closed), seed=0)
    assert "find_order" in _text(tokenizer, with_both.ids)
    assert "[no thinking]" in _text(tokenizer, with_both.ids)
    assert "find_order" not in _text(tokenizer, without.ids)
    assert "[no thinking]" not in _text(tokenizer, without.ids)
