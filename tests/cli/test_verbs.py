"""The verbs as a person types them: one process each, real exit statuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sadari.domain.skeleton import bundled_examples
from tests.domains import small_domain

SADARI = [sys.executable, "-c", "from sadari.cli import main; main()"]


def run(*words: str | Path, home: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs a verb and checks its exit status; nothing may end in a traceback."""
    done = subprocess.run(
        [*SADARI, *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "SADARI_HOME": str(home), "COLUMNS": "100"},
        timeout=600,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == status, done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    return small_domain(tmp_path_factory.mktemp("cli") / "shop", tiny, tuning="seeds = [1, 2]")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def test_every_verb_has_help_with_an_example(tmp_path: Path) -> None:
    page = run("--help", home=tmp_path).stdout
    verbs = [
        line.split()[1] for line in page.splitlines() if line.startswith("│ ") and line[2] != " "
    ]
    verbs = [verb for verb in verbs if verb.isalpha()]
    assert {"new", "check", "climb", "promote", "serve", "ask"} <= set(verbs)
    for verb in verbs:
        if verb != "data":
            assert "Example: sadari" in run(verb, "--help", home=tmp_path).stdout, verb


def test_help_is_quick(tmp_path: Path) -> None:
    """Processor seconds, so that a busy machine does not fail it."""
    before = os.times()
    run("--help", home=tmp_path)
    after = os.times()
    spent = after.children_user + after.children_system
    assert spent - before.children_user - before.children_system < 0.9


def test_a_new_domain_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "우리-shop"
    run("new", folder, home=tmp_path / "home")
    counts = json.loads(run("check", folder, "--json", home=tmp_path / "home").stdout)
    assert counts["problems"] == []
    again = run("new", folder, home=tmp_path / "home", status=2)
    assert "exists already" in again.stderr


def test_a_bundled_example_can_be_copied(tmp_path: Path) -> None:
    names = json.loads(run("examples", "--json", home=tmp_path).stdout)
    assert set(names) == set(bundled_examples())
    for name in names:
        run("new", tmp_path / name, "--from", name, home=tmp_path)
        assert "no problems" in run("check", tmp_path / name, home=tmp_path).stdout
    bad = run("new", tmp_path / "x", "--from", "nothing", home=tmp_path, status=2)
    assert "There are: " in bad.stderr


def test_check_names_file_and_line(shop: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    small_domain(folder)
    with (folder / "questions" / "dev.jsonl").open("a") as file:
        file.write('{"id": "x", "question": "왜?", "kind": "answer"}\n{"id":\n')
    done = run("check", folder, home=tmp_path / "home", status=1)
    joined = done.stdout.replace("\n", "")
    assert "dev.jsonl:4" in joined
    assert "dev.jsonl:5" in joined
    stopped = run("climb", folder, home=tmp_path / "home", status=2)
    assert "dev.jsonl:4" in stopped.stderr.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("check", "nowhere"), "does not exist"),
        (("climb", "nowhere"), "does not exist"),
        (("releases", "nowhere"), "does not exist"),
    ],
)
def test_a_folder_that_is_not_there(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    status = 1 if words[0] == "check" else 2
    done = run(*words, home=tmp_path, status=status)
    assert sentence in done.stderr + done.stdout


def test_an_unknown_model_is_a_sentence(tmp_path: Path) -> None:
    folder = small_domain(tmp_path / "shop", "no/such-model")
    done = run("ask", folder, "왜?", home=tmp_path / "home", status=2)
    assert "no/such-model" in done.stderr


def test_a_closed_domain_calls_nobody(tmp_path: Path) -> None:
    folder = small_domain(tmp_path / "shop", "gpt", models='url = "http://127.0.0.1:9/v1"')
    done = run("ask", folder, "왜?", home=tmp_path / "home", status=2)
    assert "closed" in done.stderr


def test_data_verbs(shop: Path, home: Path, tmp_path: Path) -> None:
    made = json.loads(
        run("data", "prepare", shop, "--out", tmp_path / "out", "--json", home=home).stdout
    )
    lines = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == made["train"]
    assert {"messages", "id", "group", "source"} <= set(json.loads(lines[0]))
    report = json.loads(run("data", "report", shop, "--json", home=home).stdout)
    assert report["digest"] == made["digest"]
    for step in report["ledger"]:
        left = step["rows_in"] + step["made"]
        assert left == step["rows_out"] + step["set_aside"] + step["merged"]
    assert "tokens" in run("data", "preview", shop, "--count", "1", home=home).stdout


def test_from_climb_to_server_and_back(shop: Path, home: Path) -> None:
    """The story of the README, on a tiny model."""
    shut = run("promote", shop, home=home, status=2)
    assert "has not been climbed yet" in shut.stderr
    index = json.loads(run("index", shop, "--json", home=home).stdout)
    assert index["passages"] > 0
    done = json.loads(run("climb", shop, "--all", "--json", home=home).stdout)
    assert [r["name"] for r in done["rungs"]][:4] == ["prompt", "rag", "tuned", "tuned+rag"]
    assert (home / "runs" / done["run"] / "report.html").is_file()
    for rung in ("prompt", "rag", "tuned+rag"):
        run("promote", shop, "--rung", rung, home=home)
    listed = json.loads(run("releases", shop, "--json", home=home).stdout)
    assert [r["recipe"]["name"] for r in listed] == ["prompt", "rag", "tuned+rag"]
    assert [r["current"] for r in listed] == [False, False, True]
    tuned = json.loads(run("ask", shop, "반품 기간은?", "--json", home=home).stdout)
    assert tuned["release"] == listed[2]["digest"]
    _serve_and_ask(shop, home)  # an adapter and passages
    run("rollback", shop, home=home)
    answer = json.loads(run("ask", shop, "반품 기간은?", "--json", home=home).stdout)
    assert answer["release"] == listed[1]["digest"]
    assert answer["text"] != tuned["text"]


def _serve_and_ask(shop: Path, home: Path) -> None:
    import openai

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    server = subprocess.Popen(
        [*SADARI, "serve", str(shop), "--port", port],
        env={**os.environ, "SADARI_HOME": str(home)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none")
        for _ in range(600):
            try:
                names = [model.id for model in client.models.list()]
                break
            except openai.APIConnectionError:
                assert server.poll() is None, server.stderr.read() if server.stderr else ""
                time.sleep(0.2)
        assert names == ["shop"]
        ask = [{"role": "user", "content": "반품 기간은?"}]
        whole = client.chat.completions.create(model="shop", messages=ask)  # type: ignore[arg-type,call-overload]
        pieces = client.chat.completions.create(model="shop", messages=ask, stream=True)  # type: ignore[arg-type,call-overload]
        streamed = "".join(c.choices[0].delta.content or "" for c in pieces if c.choices)
        assert streamed.strip() == (whole.choices[0].message.content or "").strip()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)


def test_evaluate_and_compare(shop: Path, home: Path) -> None:
    first = json.loads(run("evaluate", shop, "--rung", "prompt", "--json", home=home).stdout)
    second = json.loads(run("evaluate", shop, "--rung", "rag", "--json", home=home).stdout)
    assert first["asked"] == second["asked"] > 0
    found = json.loads(
        run("compare", shop, first["run"], second["run"], "--json", home=home).stdout
    )
    assert found["n"] == first["asked"]
    missing = run("compare", shop, first["run"], "evaluate-99", home=home, status=2)
    assert "no evaluation evaluate-99" in missing.stderr


def test_ctrl_c_says_what_is_kept(shop: Path, tmp_path: Path) -> None:
    # a shell that runs the tests in the background has Ctrl-C ignored, and children inherit that
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    climbing = subprocess.Popen(
        [sys.executable, "-c", heed + SADARI[-1], "climb", str(shop), "--all"],
        env={**os.environ, "SADARI_HOME": str(tmp_path / "home")},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "home" / "scores").is_dir():
        assert climbing.poll() is None
        time.sleep(0.05)
    os.killpg(climbing.pid, signal.SIGINT)
    _, errors = climbing.communicate(timeout=120)
    assert climbing.returncode == 130, errors
    assert "Interrupted" in errors
    assert "Traceback" not in errors


def test_questions_are_drafted_and_reviewed(shop: Path, tmp_path: Path) -> None:
    drafts = json.loads(
        run("questions", "draft", shop, "--count", "2", "--json", home=tmp_path).stdout
    )
    assert len(drafts) == 2
    done = subprocess.run(
        [*SADARI, "questions", "review", str(shop)],
        input="a\nm\n새 질문인가요?\n7일|일주일\n",
        capture_output=True,
        text=True,
        env={**os.environ, "SADARI_HOME": str(tmp_path)},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    files = (tmp_path / "questions" / "shop").glob("*-reviewed.jsonl")
    rows = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    assert {row["id"] for row in rows} == {draft["id"] for draft in drafts}
    assert "새 질문인가요?" in {row["question"] for row in rows}


def test_check_names_feedback_that_asks_a_test_question(shop: Path, tmp_path: Path) -> None:
    """And a climb stops there before it looks at the exam."""
    copy = Path(shutil.copytree(shop, tmp_path / "leaky"))
    question = json.loads((copy / "questions" / "test.jsonl").read_text().splitlines()[0])
    asked = f"안녕하세요. {question['question']} 010-2345-6789"
    row = {"id": "leak", "question": asked, "answer": "7일이다.", "rating": "up"}
    (copy / "feedback" / "leak.jsonl").write_text(json.dumps(row, ensure_ascii=False))
    said = f"leak.jsonl:1: asks the same as the test question {question['id']}"
    assert said in run("check", copy, home=tmp_path, status=1).stdout
    done = run("climb", copy, "--until", "prompt", home=tmp_path, status=2)
    assert said in done.stderr
    assert "prompt:" not in done.stderr


def test_a_file_of_records_joins_the_domains_own(shop: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"question": "언제 열어요?", "answer": "아홉 시에 엽니다."}\n[1]\n')
    words = ("data", "prepare", shop, "--add", rows, "--out", tmp_path / "out", "--json")
    made = json.loads(run(*words, home=tmp_path / "home").stdout)
    steps = {step["name"]: step for step in made["ledger"]}
    assert list(steps)[:3] == ["clean documents", "collect", "import"]
    assert (steps["import"]["made"], steps["import"]["set_aside"]) == (2, 1)
    assert made["train"] + made["validation"] == made["ledger"][-1]["rows_out"]
    assert (tmp_path / "out" / "ledger.json").is_file()
