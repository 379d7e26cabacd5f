"""`data redact|restore|convert` as a person types them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from sadari.assistant import Assistant, Prompt, Recipe
from sadari.data import prepare_in
from sadari.domain import read_domain
from sadari.llm import ModelSpec, Sampling, open_model
from sadari.serving import create_app
from tests.cli.test_verbs import SADARI, run
from tests.domains import small_domain
from tests.served import running


def test_redact_and_restore(tmp_path: Path) -> None:
    home, chats = tmp_path / "home", tmp_path / "chats.csv"
    chats.write_text("고객명,메모\n이서연,010-2345-6789로 연락\n", encoding="utf-8")
    done = run("data", "redact", chats, "--json", home=home)
    assert json.loads(done.stdout)["found"] == {"name": 1, "phone": 1}
    clean = tmp_path / "chats.redacted.csv"
    assert clean.read_text(encoding="utf-8") == "고객명,메모\n[NAME_1],[PHONE_1]로 연락\n"
    back = tmp_path / "back.csv"
    run("data", "restore", clean, "--out", back, home=home)
    assert back.read_text(encoding="utf-8") == chats.read_text(encoding="utf-8")
    piped = subprocess.run(
        [*SADARI, "data", "redact", "-"],
        input="이서연 고객님",
        capture_output=True,
        text=True,
        env={"SADARI_HOME": str(home), "PATH": "/usr/bin"},
        check=True,
    )
    assert piped.stdout == "[NAME_1] 고객님"
    piped_bytes = subprocess.run(
        [*SADARI, "data", "redact", "-"],
        input="이서연 고객님\r\n".encode("cp949"),
        capture_output=True,
        env={"SADARI_HOME": str(home), "PATH": "/usr/bin"},
        check=True,
    )
    assert piped_bytes.stdout == "[NAME_1] 고객님\r\n".encode()
    wrong = run("data", "redact", chats, "--vault", "../x", home=home, status=2)
    assert "is no name for a map" in wrong.stderr


def test_convert(tmp_path: Path) -> None:
    log, out = tmp_path / "log.csv", tmp_path / "out.jsonl"
    log.write_text("질문,답변\n며칠?,7일\n빈칸,\n", encoding="utf-8")
    said = run("data", "convert", log, out, "--to", "openai", home=tmp_path).stdout
    assert "2 rows in, 1 set aside, 1 written" in said
    assert "log.csv:3: turn 2 (assistant) is empty" in said
    assert json.loads(out.read_text(encoding="utf-8")) == {
        "messages": [{"role": "user", "content": "며칠?"}, {"role": "assistant", "content": "7일"}]
    }
    counts = json.loads(run("data", "convert", log, out, "--json", home=tmp_path).stdout)
    assert (counts["rows_in"], counts["rows_out"]) == (2, 1)
    empty = tmp_path / "empty.csv"
    empty.write_text("질문,답변\n며칠?,\n", encoding="utf-8")
    nothing = run("data", "convert", empty, out, home=tmp_path, status=1)
    assert "1 set aside, 0 written" in nothing.stdout
    wrong = run("data", "convert", log, log, home=tmp_path, status=2)
    assert "would be written over itself" in wrong.stderr
    wrong = run("data", "step", "clean", log, "--out", log, home=tmp_path, status=2)
    assert "would be written over itself" in wrong.stderr
    wrong = run("data", "convert", log, out, "--columns", "question", home=tmp_path, status=2)
    assert "--columns is not name=column" in wrong.stderr
    wrong = run(
        "data", "convert", "sqlite:///x.db", out, "--query", "DROP TABLE x",
        home=tmp_path, status=2,
    )  # fmt: skip
    assert "the query is no SELECT" in wrong.stderr


def test_tune_learns_from_added_files(tmp_path: Path, tiny: Path) -> None:
    folder, home = small_domain(tmp_path / "shop", tiny), tmp_path / "home"
    rows = [
        {
            "question": f"{word} 상자는 어디에 두나요?",
            "answer": f"{word} 상자는 {n}번 선반에 둡니다.",
        }
        for n, word in enumerate("유리 종이 나무 고무 비단 구리 가죽 대나무 도자기 양털".split())
    ]
    rows += [
        {"question": "적립금은 얼마로 정해져 있어?", "answer": "90일입니다."},  # of the exam
        {"question": "문의는 누가 받나요?", "answer": "이서연 과장, 010-2345-6789로 하세요."},
    ]
    chats = tmp_path / "chats.jsonl"
    chats.write_text("\n".join(json.dumps(row) for row in [*rows, rows[0]]), encoding="utf-8")
    kept = json.loads(run("data", "prepare", folder, "--add", chats, "--json", home=home).stdout)
    tuned = run("tune", folder, "--json", home=home)
    assert "11 of 11 records that `data prepare --add` kept take part." in tuned.stderr
    after = json.loads(tuned.stdout)
    learned = prepare_in(home, read_domain(folder))
    assert len(learned.train) + len(learned.validation) == kept["train"] + kept["validation"]
    assert after["examples"] == len(learned.train)
    assert learned.digest in (Path(after["adapter"]) / "README.md").read_text(encoding="utf-8")
    lines = (home / "data" / "shop" / "train.jsonl").read_text(encoding="utf-8")
    lines += (home / "data" / "shop" / "validation.jsonl").read_text(encoding="utf-8")
    assert "[NAME_1] 과장, [PHONE_1]로" in lines
    assert "적립금은 얼마로" not in lines
    run("data", "prepare", folder, home=home)
    alone = prepare_in(home, read_domain(folder))
    assert len(alone.train) + len(alone.validation) == kept["train"] + kept["validation"] - 11


def test_synthesise_through_our_own_server(tmp_path: Path) -> None:
    """The practice model makes no material worth keeping; the ledger says why, and the budget ends
    it."""
    model = open_model(ModelSpec("practice"))
    recipe = Recipe("maker", "practice", Prompt(""), sampling=Sampling(max_tokens=24))
    with running(create_app({"maker": Assistant(recipe, model)})) as url:
        served = f'url = "{url}/v1"\nremote = true'
        folder = small_domain(tmp_path / "shop", "maker", models=served)
        budget = ("--tokens", "7000")
        said = run("data", "synthesise", folder, *budget, "--json", home=tmp_path / "home").stdout
    model.close()
    made = json.loads(said)
    assert made["ended"] == "budget"
    assert 0 < made["spent"]["prompt_tokens"] + made["spent"]["completion_tokens"] <= 7000
    (step,) = made["ledger"]
    assert step["rows_in"] + step["made"] == step["rows_out"] + step["set_aside"] + step["merged"]
    ledger = json.loads(Path(made["out"]).with_name("ledger.json").read_text(encoding="utf-8"))
    assert sum(ledger["set_aside"].values()) == step["set_aside"] > 0
    assert "not answered" not in str(ledger["set_aside"])
