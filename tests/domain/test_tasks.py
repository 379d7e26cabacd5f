"""Tasks: what stands before a conversation, once, and a task that nobody declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sadari.assistant import Prompt
from sadari.assistant.rungs import default_prompt
from sadari.data import DataError, prepare
from sadari.data.pairs import pairs_of
from sadari.domain import Message, check_domain, read_domain
from sadari.domain.settings import RECORDS_OWN
from sadari.domain.tasks import prefixed

TASKS = '\n[tasks]\nmood = "[감정] "\nrefund = "[환불] "\n'


def declare(domain: Path, tasks: str = TASKS) -> None:
    path = domain / "domain.toml"
    path.write_text(path.read_text(encoding="utf-8") + tasks, encoding="utf-8")


def add(domain: Path, name: str, row: dict[str, Any]) -> Path:
    path = domain / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def session(task: str, said: str) -> dict[str, Any]:
    turns = [("user", said), ("assistant", "불만"), ("user", "그래도요"), ("assistant", "걱정")]
    messages = [{"role": role, "content": content} for role, content in turns]
    return {"id": "s", "task": task, "messages": messages}


def test_only_the_first_turn_of_a_session_is_read_behind_its_prefix(domain: Path) -> None:
    declare(domain)
    add(domain, "dialogues/more.jsonl", session("mood", "너무 늦어요"))
    read = read_domain(domain)
    kept = read.dialogues[-1]
    assert [m.content for m in kept.messages] == ["너무 늦어요", "불만", "그래도요", "걱정"]
    asked = default_prompt(read).of_task(kept.messages, kept.task)
    assert [m.content for m in asked] == ["[감정] 너무 늦어요", "불만", "그래도요", "걱정"]


def test_a_prefix_that_stands_there_is_not_put_twice() -> None:
    turns = (Message("system", "규칙"), Message("user", "[감정] 늦어요"))
    assert prefixed(turns, "[감정] ") == turns
    assert prefixed(turns, "") == turns


@pytest.mark.parametrize(
    ("text", "words"),
    [("[감정] 늦어요", "늦어요"), ("[감정] [환불] 돼요?", "돼요?"), ("늦어요", "늦어요")],
)
def test_passages_are_searched_for_without_the_prefix(text: str, words: str) -> None:
    prompt = Prompt("", tasks=(("mood", "[감정] "), ("both", "[감정] [환불] "), ("none", "")))
    assert prompt.searched(text) == words


def test_copies_and_leaks_are_told_by_the_words_alone(domain: Path) -> None:
    """A prefix that is longer than what is said makes nothing alike, and hides nothing."""
    long = "다음은 손님이 남긴 한마디이다. 글쓴이의 기분을 한 낱말로 답하시오. 말: "
    declare(domain, f'\n[tasks]\nmood = "{long}"\n')
    asked = {"id": "m", "task": "mood", "question": "아 정말 싫다", "key": {"must": ["불만"]}}
    add(domain, "questions/test-more.jsonl", asked)
    add(domain, "dialogues/more.jsonl", session("mood", "아무 느낌이 없어요"))
    made = prepare(read_domain(domain))
    assert any(r.task == "mood" for r in (*made.train, *made.validation))
    rated = {"id": "f", "question": "아 정말 싫다", "answer": "네", "rating": "up"}
    add(domain, "feedback/more.jsonl", rated)
    with pytest.raises(DataError, match="asks the same as the test question m"):
        prepare(read_domain(domain))


def test_feedback_keeps_its_task(domain: Path) -> None:
    declare(domain)
    rated = {"id": "f", "task": "refund", "question": "돼요?", "answer": "네", "rating": "up"}
    add(domain, "feedback/more.jsonl", rated)
    found = prepare(read_domain(domain))
    (record,) = [r for r in (*found.train, *found.validation) if r.id == "f"]
    assert record.task == "refund"
    assert record.from_people


def test_a_task_that_nobody_declared_is_an_error_at_its_line(domain: Path) -> None:
    declare(domain)
    path = add(domain, "dialogues/more.jsonl", session("mod", "너무 늦어요"))
    (problem,) = check_domain(domain)[1].errors
    assert problem.where == f"{path}:1"
    assert problem.what == "its task mod is not declared."
    assert "mood, refund" in problem.todo


@pytest.mark.parametrize("name", ['" mood"', '""', "feedback", "refusal"])
def test_names_that_cannot_be_told_apart_are_refused(domain: Path, name: str) -> None:
    declare(domain, f'\n[tasks]\n{name} = "[x] "\n')
    assert check_domain(domain)[1].errors


def test_records_that_documents_give_have_names_that_no_task_may_take() -> None:
    examples = Path(__file__).parents[2] / "examples"
    domains = [read_domain(examples / name) for name in ("ald", "support", "dinner")]
    documents = [document for domain in domains for document in domain.documents]
    assert {pair.rule for document in documents for pair in pairs_of(document)} <= RECORDS_OWN


def test_without_declared_tasks_a_task_is_a_name_and_no_more(domain: Path) -> None:
    add(domain, "dialogues/more.jsonl", session("mod", "너무 늦어요"))
    found = read_domain(domain).dialogues[-1]
    assert found.task == "mod"
    assert found.messages[0].content == "너무 늦어요"
