"""Files through the same steps: counted, the same bytes on any number of processes."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sadari.data import DataError, Record, parts
from sadari.data.bulk import Prepared, prepare_files
from sadari.data.prepare import own_records
from sadari.data.redact import Vault
from sadari.domain import Domain
from tests.data.conftest import exam_question
from tests.data.test_near import sentences
from tests.files import digest

Shop = Callable[..., Domain]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """300 good rows and one of every trouble."""
    asked = sentences(300, seed=1)
    answers = sentences(300, seed=2)
    good = [
        {"question": f"{q[:40]}은 어떻게 하나요?", "answer": a}
        for q, a in zip(asked, answers, strict=True)
    ]
    first = good[0]
    lines = [json.dumps(row, ensure_ascii=False) for row in good]
    lines += [
        json.dumps(row, ensure_ascii=False)
        for row in (
            first,  # a copy
            {**first, "answer": f"{first['answer']}요"},  # a near copy
            {**first, "answer": "전혀 다른 답입니다."},  # another answer
            {"question": "배송비는 얼마야?", "answer": "3,000원입니다."},  # of the exam
            {"question": "<b>가격</b>이 뭐예요?", "answer": "<br>"},  # broken
            {"question": "연락처가 뭐예요?", "answer": "010-2345-6789로 전화하세요."},
        )
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join([*lines, '{"question": "깨', "[1]", ""]), encoding="utf-8")
    return path


def prepared(domain: Domain, path: Path, out: Path, **more: Any) -> tuple[Prepared, list[Record]]:
    with Vault.open(out.parent / f"{out.name}.sqlite") as vault:
        made = prepare_files(domain, [path], out, vault=vault, **more)
    lines = [
        json.loads(line)
        for name in ("train", "validation")
        for line in (out / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return made, lines


def test_every_row_is_accounted_for(shop: Shop, rows: Path, tmp_path: Path) -> None:
    domain = shop(exam=(exam_question("배송비는 얼마야"),))
    made, lines = prepared(domain, rows, tmp_path / "out", workers=1)
    assert len(lines) == made.train + made.validation == 301
    assert made.validation
    steps = made.ledger.steps
    names = ["import", "clean", "keep the exam out", "redact", "deduplicate", "split"]
    assert [s.name for s in steps] == names
    assert (steps[0].rows_in, steps[0].made) == (0, 308)
    for step, following in itertools.pairwise(steps):
        assert step.rows_out == following.rows_in
    assert steps[-2].merged == 2
    aside = [a for s in steps for a in s.set_aside]
    places = [a.source.rpartition(":")[2].split(" ")[0].rstrip(")") for a in aside]
    assert places == ["307", "308", "305", "304", "303"]
    assert steps[0].set_aside[1].reason == "is a list, not an object"
    assert steps[0].set_aside[-1] == list(steps[0].set_aside)[-1]
    text = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8")
    text += (tmp_path / "out" / "validation.jsonl").read_text(encoding="utf-8")
    assert "[PHONE_1]" in text
    assert "010-2345-6789" not in text
    left = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert left == ["ledger.json", "set_aside.jsonl", "train.jsonl", "validation.jsonl"]


def test_the_same_bytes_on_any_number_of_processes(
    shop: Shop, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROWS", 50)
    domain = shop(augment=2)
    one, _ = prepared(domain, rows, tmp_path / "one", workers=1)
    two, _ = prepared(domain, rows, tmp_path / "two", workers=2)
    assert one.digest == two.digest
    for name in ("train.jsonl", "validation.jsonl", "set_aside.jsonl"):
        assert digest(tmp_path / "one" / name) == digest(tmp_path / "two" / name)


def test_variants_stay_with_their_parents(shop: Shop, rows: Path, tmp_path: Path) -> None:
    made, lines = prepared(shop(augment=2), rows, tmp_path / "out", workers=1)
    assert made.ledger.steps[-2].made > 300
    sides: dict[str, set[str]] = {}
    for name in ("train", "validation"):
        text = (tmp_path / "out" / f"{name}.jsonl").read_text(encoding="utf-8")
        for line in text.splitlines():
            sides.setdefault(json.loads(line)["group"], set()).add(name)
    assert all(len(names) == 1 for names in sides.values())


def test_a_domains_own_records_and_a_table(shop: Shop, tmp_path: Path) -> None:
    domain = shop()
    table = tmp_path / "chats.csv"
    table.write_text("question,answer\n언제 열어요?,아홉 시에 엽니다.\n,없음\n", encoding="utf-8")
    own = own_records(domain)
    made, lines = prepared(domain, table, tmp_path / "out", own=own, workers=1)
    names = ["clean documents", "collect", "import"]
    assert [step.name for step in made.ledger.steps[:3]] == names
    imported = made.ledger.steps[2]
    assert (imported.rows_in, imported.made) == (len(own.records), 2)
    assert len(imported.set_aside) == 1
    assert {line["source"] for line in lines} >= {f"{table}:2", "d0.md:1"}


def test_what_a_killed_process_left_is_removed(shop: Shop, rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (left := out / f".preparing-{gone.pid}-x" / "spool").mkdir(parents=True)
    (other := out / f".preparing-{os.getppid()}-x").mkdir()
    prepared(shop(), rows, out, workers=1)
    assert not left.parent.exists()
    assert other.exists()


def test_files_that_are_none(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for path, said in ((tmp_path / "gone.jsonl", "does not exist"), (tmp_path, "is no file of")):
        with pytest.raises(DataError, match=said):
            prepare_files(shop(), [path], out, workers=1)
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(DataError, match="is no file of records"):
        prepare_files(shop(), [tmp_path / "pipe.jsonl"], out, workers=1)
    assert not out.exists()


def test_a_file_where_records_should_go(shop: Shop, rows: Path) -> None:
    with pytest.raises(DataError, match=r"rows\.jsonl: records cannot be written here"):
        prepare_files(shop(), [rows], rows, workers=1)


def test_tools_that_are_no_list_are_set_aside(shop: Shop, tmp_path: Path) -> None:
    talk = [{"role": "user", "content": "어디?"}, {"role": "assistant", "content": "창고"}]
    lines = [
        json.dumps(
            {
                "id": f"r{n}",
                "group": f"g{n}",
                "source": "f:1",
                "messages": talk,
                "extra": {"tools": tools},
            }
        )
        for n, tools in enumerate(([], None, "abc", [1]))
    ]
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    own = own_records(shop())
    made, _ = prepared(shop(), path, tmp_path / "out", own=own, workers=1)
    reasons = [row.reason for step in made.ledger.steps for row in step.set_aside]
    assert reasons.count("extra.tools is no list of objects") == 3


def test_a_datasets_folder(shop: Shop, tmp_path: Path) -> None:
    from datasets import Dataset

    rows = [
        {"question": f"{n}번 상자는 어디 있나요?", "answer": f"{n}층에 있습니다."} for n in range(9)
    ]
    Dataset.from_list(rows).save_to_disk(str(tmp_path / "set"))
    made, lines = prepared(shop(), tmp_path / "set", tmp_path / "out", workers=1)
    assert made.train + made.validation == len(lines) == 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no row"),
        ('{"a": 1}\n', "holds no row"),
        ('{"question": "왜?"\n', "holds no row"),
    ],
)
def test_files_without_a_record(shop: Shop, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        prepare_files(shop(), [path], tmp_path / "out", workers=1)
    assert list((tmp_path / "out").iterdir()) == []
