"""Each step of the preparation alone: counted, the same bytes each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sadari.cli.steps import Name
from sadari.data import Record
from sadari.data.redact import Vault
from sadari.data.steps import ALL, NAMES, run_step
from sadari.domain import Domain
from sadari.domain.message import assistant, user
from tests.cli.test_verbs import run
from tests.data.conftest import exam_question

Shop = Callable[..., Domain]
TALKS = (
    ("배송비는 얼마야?", "3,000원입니다."),
    ("<b>영업</b> 시간은 언제인가요?", "<p>아홉 시부터 여섯 시까지입니다.</p>"),
    ("영업 시간은 언제인가요?", "아홉 시부터 여섯 시까지입니다."),
    ("문의는 어디로 하나요?", "010-2345-6789로 하세요."),
    ("빈 답은요?", "<br>"),
)
RECORDS = [
    Record(f"r{n}", (user(q), assistant(a)), f"g{n}", f"chats.csv:{n + 2}")
    for n, (q, a) in enumerate(TALKS)
]


@pytest.mark.parametrize(
    ("name", "left", "kind"),
    [
        ("clean", 4, "map"),
        ("redact", 5, "map"),
        ("deduplicate", 5, "over_all"),
        ("augment", 10, "map"),
        ("exam", 4, "map"),
        ("split", 5, "over_all"),
    ],
)
def test_a_step_alone(shop: Shop, tmp_path: Path, name: str, left: int, kind: str) -> None:
    domain = shop(exam=(exam_question("배송비는 얼마야"),))
    with Vault.open(tmp_path / "vault.sqlite") as vault:
        sides, step = run_step(name, RECORDS, domain, vault)
        again, _ = run_step(name, RECORDS, domain, vault)
    assert sides == again
    assert set(sides) == ({"train", "validation"} if name == "split" else {ALL})
    assert sum(map(len, sides.values())) == step.rows_out == left
    assert (step.rows_in, step.kind) == (5, kind)


def test_every_step_can_be_typed() -> None:
    assert [name.value for name in Name] == [*NAMES, "quality"]


def test_steps_as_typed(tmp_path: Path) -> None:
    chats, home = tmp_path / "chats.jsonl", tmp_path / "home"
    rows = [{"question": q, "answer": a} for q, a in TALKS]
    chats.write_text("\n".join(map(json.dumps, rows)) + "\n[1]\n", encoding="utf-8")
    clean, unique = tmp_path / "clean.jsonl", tmp_path / "unique.jsonl"
    said = run("data", "step", "clean", chats, "--out", clean, home=tmp_path / "home").stdout
    assert "an empty turn" in said
    assert "each row" in said
    made = json.loads(
        run("data", "step", "deduplicate", clean, "--out", unique, "--json", home=home).stdout
    )
    assert [step["merged"] for step in made["ledger"]] == [0, 1]
    assert len(unique.read_text(encoding="utf-8").splitlines()) == made["records"] == 3
    aside = (tmp_path / "clean.ledger" / "set_aside.jsonl").read_text(encoding="utf-8")
    assert "chats.jsonl:5" in aside
    run("data", "step", "split", unique, home=home)
    sides = [
        (tmp_path / "unique.split" / f"{s}.jsonl").read_text() for s in ("train", "validation")
    ]
    assert sum(side.count("\n") for side in sides) == 3
    wrong = run("data", "step", "exam", unique, home=home, status=2)
    assert "Name a domain with --domain." in wrong.stderr
