"""Several tasks on the command line: asked, measured, compared and tuned apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_verbs import run
from tests.domains import small_domain

MOODS = (
    "늦어서 화나요",
    "빨라서 좋아요",
    "잘 받았어요",
    "또 깨졌어요",
    "궁금한 게 있어요",
    "고마워요",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    folder = small_domain(
        tmp_path_factory.mktemp("tasks") / "shop",
        tiny,
        tasks='mood = "[감정] "',
        data="balance = 1.0",
    )
    sessions = [
        {
            "id": f"mood-{i}",
            "task": "mood",
            "messages": [
                {"role": "user", "content": said},
                {"role": "assistant", "content": "불만"},
            ],
        }
        for i, said in enumerate(MOODS)
    ]
    asked = {"id": "m", "task": "mood", "question": "화가 나요", "key": {"must": ["불만"]}}
    (folder / "dialogues").mkdir(exist_ok=True)
    write(folder / "dialogues" / "moods.jsonl", *sessions)
    write(folder / "questions" / "test-mood.jsonl", asked)
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def write(path: Path, *rows: object) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_an_exam_is_taken_apart_by_task(shop: Path, home: Path) -> None:
    words = ("evaluate", shop, "--rung", "prompt", "--split", "test")
    assert "mood: 0% (" in run(*words, home=home).stdout
    figures = json.loads(run(*words, "--json", home=home).stdout)
    assert figures["tasks"]["mood"]["n"] == 1
    compared = run("compare", shop, "evaluate-1", "evaluate-2", home=home).stdout
    assert "mood: 0.0 points" in compared
    alone = json.loads(run(*words, "--task", "mood", "--json", home=home).stdout)
    assert (alone["asked"], alone["tasks"]) == (1, {})
    assert alone["look"] == 3  # at the whole exam
    run("evaluate", shop, "m", "--dispute", "--verdict", "right", home=home)
    part = run("compare", shop, "evaluate-2", alone["run"], home=home).stdout
    assert "on 1 questions" in part
    assert "of the task 'mod'" in run(*words, "--task", "mod", home=home, status=2).stderr


def test_a_question_of_a_task_is_asked_behind_its_prefix(shop: Path, home: Path) -> None:
    words = ("ask", shop, "화가 나요", "--rung", "prompt", "--json", "--task")
    asked = json.loads(run(*words, "mood", home=home).stdout)["messages"][-1]
    assert asked["content"] == "[감정] 화가 나요"
    assert "declares mood" in run(*words, "mod", home=home, status=2).stderr


def test_one_task_gets_an_adapter_of_its_own(shop: Path, home: Path) -> None:
    alone = run("tune", shop, "--task", "mood", home=home).stderr
    together = run("tune", shop, home=home).stderr
    assert int(alone.split(" records make ")[0].split()[-1]) < len(MOODS)
    records, examples = together.split(" records make ")
    assert int(examples.split()[0]) >= int(records.split()[-1])
    assert (
        "no record of the task 'mod'"
        in run("tune", shop, "--task", "mod", home=home, status=2).stderr
    )
