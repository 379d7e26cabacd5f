"""Tasks: what stands before a conversation, once, and a task that nobody declared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sadari.domain import Message, check_domain, read_domain
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


def test_only_the_first_turn_of_a_session_gets_its_prefix(domain: Path) -> None:
    declare(domain)
    add(domain, "dialogues/more.jsonl", session("mood", "너무 늦어요"))
    said = [m.content for m in read_domain(domain).dialogues[-1].messages]
    assert said == ["[감정] 너무 늦어요", "불만", "그래도요", "걱정"]


def test_a_prefix_that_stands_there_is_not_put_twice() -> None:
    turns = (Message("system", "규칙"), Message("user", "[감정] 늦어요"))
    assert prefixed(turns, "[감정] ") == turns
    assert prefixed(turns, "") == turns


def test_questions_and_feedback_get_theirs(domain: Path) -> None:
    declare(domain)
    asked = {"id": "m", "task": "mood", "question": "늦어요", "key": {"must": ["불만"]}}
    add(domain, "questions/test-more.jsonl", asked)
    rated = {"id": "f", "task": "refund", "question": "돼요?", "answer": "네", "rating": "up"}
    add(domain, "feedback/more.jsonl", rated)
    found = read_domain(domain)
    assert next(q for q in found.questions if q.id == "m").text == "[감정] 늦어요"
    assert next(f for f in found.feedback if f.id == "f").question == "[환불] 돼요?"


def test_a_task_that_nobody_declared_is_an_error_at_its_line(domain: Path) -> None:
    declare(domain)
    path = add(domain, "dialogues/more.jsonl", session("mod", "너무 늦어요"))
    (problem,) = check_domain(domain)[1].errors
    assert problem.where == f"{path}:1"
    assert problem.what == "its task mod is not declared."
    assert "mood, refund" in problem.todo


def test_without_declared_tasks_a_task_is_a_name_and_no_more(domain: Path) -> None:
    add(domain, "dialogues/more.jsonl", session("mod", "너무 늦어요"))
    found = read_domain(domain).dialogues[-1]
    assert found.task == "mod"
    assert found.messages[0].content == "너무 늦어요"
