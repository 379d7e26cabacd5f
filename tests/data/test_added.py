"""What `data prepare --add` kept is learned from: counted, bounded, looked at again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sadari.data import DataError, Dataset, collect, prepare_in, records_folder
from sadari.data.added import read_added
from sadari.data.bulk import prepare_files
from sadari.data.leakage import question_of
from sadari.data.prepare import own_records
from sadari.domain import Domain
from tests.data.conftest import exam_question
from tests.data.test_near import sentences

Shop = Callable[..., Domain]
Keep = Callable[[Domain], Path]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Adds 40 rows to a domain; returns the state's folder."""

    def added(domain: Domain) -> Path:
        said = zip(sentences(40, seed=1), sentences(40, seed=2), strict=True)
        rows = [
            {"question": f"{q[:40]}은 왜죠?", "answer": a, "id": f"row{n}", "group": f"g{n}"}
            for n, (q, a) in enumerate(said)
        ]
        rows[0]["group"] = "d1"  # made from a document
        path = tmp_path / "rows.jsonl"
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        path.write_text("\n".join(lines), encoding="utf-8")
        home = tmp_path / "home"
        folder = records_folder(home, domain.id)
        prepare_files(domain, [path], folder, own=own_records(domain), workers=1)
        return home

    return added


def ids(data: Dataset) -> set[str]:
    return {r.id for r in (*data.train, *data.validation)}


@pytest.mark.parametrize("augment", [0, 2])
def test_added_records_are_learned(shop: Shop, keep: Keep, augment: int) -> None:
    domain = shop(augment=augment)
    home = keep(domain)
    data = prepare_in(home, domain)
    assert {f"row{n}" for n in range(40)} <= ids(data)
    step = next(s for s in data.ledger.steps if s.name == "add")
    assert (step.made, len(step.set_aside)) == (40, 0)
    assert len(ids(data)) == len(data.train) + len(data.validation)
    assert data.digest == prepare_in(home, domain).digest
    assert any("~" in name for name in ids(data)) == bool(augment)


def test_the_exam_and_held_out_documents_are_looked_at_again(shop: Shop, keep: Keep) -> None:
    domain = shop()
    home = keep(domain)
    kept = read_added(records_folder(home, domain.id), 99, 0).records
    asked = next(question_of(r) for r in kept if r.id == "row5")
    later = replace(domain, questions=(exam_question(asked),))
    data = prepare_in(home, later, held_out=frozenset({"d1"}))
    assert {f"row{n}" for n in range(40)} - ids(data) == {"row0", "row5"}
    reasons = data.ledger.reasons()
    assert reasons["repeats the exam question test-1"] == 1
    assert reasons["its document is held out of tuning"] > 1


def test_more_than_the_domain_takes_is_drawn_and_counted(shop: Shop, keep: Keep) -> None:
    domain = shop(added=10)
    home = keep(domain)
    data = prepare_in(home, domain)
    drawn = {name for name in ids(data) if name.startswith("row")}
    assert len(drawn) == 10
    assert data.ledger.reasons()["more than `[data] added` takes"] == 30
    other = ids(prepare_in(home, shop(added=10, seed=1)))
    assert drawn != {name for name in other if name.startswith("row")}
    assert drawn < ids(prepare_in(home, shop(added=20)))


def test_a_domains_own_id_wins(shop: Shop, keep: Keep, tmp_path: Path) -> None:
    domain = shop()
    home = keep(domain)
    path = records_folder(home, domain.id) / "train.jsonl"
    name = collect(domain)[0][0].id
    text = path.read_text(encoding="utf-8").replace('"id": "row7"', f'"id": "{name}"')
    path.write_text(text, encoding="utf-8")
    reasons = prepare_in(home, domain).ledger.reasons()
    assert reasons[f"the id {name} is one of the domain's own"] == 1


def test_spoilt_and_missing_files_are_said(shop: Shop, keep: Keep) -> None:
    domain = shop()
    home = keep(domain)
    path = records_folder(home, domain.id) / "train.jsonl"
    with path.open("a", encoding="utf-8") as file:
        file.write("{}\n")
    with pytest.raises(DataError, match=r"train\.jsonl:\d+: is no record any more: .*--add"):
        prepare_in(home, domain)
    path.unlink()
    with pytest.raises(DataError, match=r"train\.jsonl: is gone\."):
        prepare_in(home, domain)


def test_a_preparation_that_was_killed_at_its_end_is_said(shop: Shop, keep: Keep) -> None:
    """Its files without their ledger: what was added must not be missing without a word."""
    domain = shop()
    home = keep(domain)
    (records_folder(home, domain.id) / "ledger.json").unlink()
    with pytest.raises(DataError, match="was ended half-way"):
        prepare_in(home, domain)


def test_nothing_was_added(shop: Shop, tmp_path: Path) -> None:
    assert read_added(tmp_path, 9, 0).records == ()
    steps = prepare_in(tmp_path, shop()).ledger.steps
    assert "add" not in [s.name for s in steps]
