"""Each check sees its trouble, and the report names it with what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

from sadari.data import Dataset, Record, assess, prepare, summarise, write_ledger, write_page
from sadari.data.quality import GOOD, SHOWN, Quality
from sadari.data.report import histogram
from sadari.domain import Domain, Term
from sadari.domain.message import assistant, user
from tests.data.conftest import exam_question, told

Shop = Callable[..., Domain]


def row(name: str, ask: str, answer: str, **more: Any) -> Record:
    return Record(name, (user(ask), assistant(answer)), more.pop("group", "d0"), name, **more)


def with_rows(data: Dataset, *rows: Record) -> Dataset:
    return replace(data, train=(*data.train, *rows))


def check(quality: Quality, name: str) -> Any:
    return next(c for c in quality.checks if c.id == name)


TROUBLE = {
    "whole": [row("t", "왜 늦나요?", "창고가 멀어서 늦으며 그리고")],
    "lengths": [row("t", "왜 늦나요?", "네")],
    "language": [row("t", "왜 늦나요?", "Because the warehouse is far away.")],
    "agreement": [
        row("t1", "환불 기한은 언제까지인가요?", "받은 날부터 7일입니다."),
        row("t2", "환불 기한은 언제까지인가요", "받은 날부터 30일입니다."),
    ],
    "variety": [
        row(
            "t1",
            "겨울 이불 세탁은 어떻게 하나요",
            "찬물에 중성 세제를 풀어 손으로 빨고 그늘에 말립니다.",
        ),
        row(
            "t2",
            "겨울 이불 세탁은 어떻게 하나요?",
            "찬물에 중성 세제를 풀어 손으로 빨고 그늘에 말립니다!",
        ),
    ],
    "privacy": [row("t", "제 번호는 010-2345-6789예요", "연락드리겠습니다.")],
}


@pytest.mark.parametrize("name", TROUBLE)
def test_a_check_sees_its_trouble(name: str, shop: Shop) -> None:
    domain = shop()
    data = prepare(domain)
    before = check(assess(domain, data), name)
    after = check(assess(domain, with_rows(data, *TROUBLE[name])), name)
    assert after.score < before.score
    assert after.figures[0] > before.figures[0]
    assert {where for where, _ in after.rows} & {
        "t", "t2", "t1 · t2",
    }  # fmt: skip


def test_uncovered_documents_and_topics_are_named(shop: Shop) -> None:
    domain = shop()
    barren = replace(domain.documents[0], id="x", text="끝.", topic="빈 주제", source="x.md:1")
    domain = replace(domain, documents=(*domain.documents, barren))
    quality = assess(domain, prepare(domain))
    assert check(quality, "documents").rows == (("x.md:1", barren.title),)
    assert check(quality, "topics").rows == (("빈 주제", "0"),)


def test_a_reworded_exam_question_is_named(shop: Shop) -> None:
    question = exam_question("반품한 물건의 환불은 언제 들어오나요?")
    domain = shop(exam=(question,), feedback=(told("반품한 상품 환불은 언제 돌려받아요?"),))
    found = check(assess(domain, prepare(domain)), "exam_reworded")
    assert found.figures == (1, 1)
    assert question.text in found.rows[0][1]


def test_the_glossary_is_looked_for(shop: Shop) -> None:
    domain = replace(shop(), glossary=(Term("송장", "번호"), Term("환율", "돈")))
    found = check(assess(domain, prepare(domain)), "jargon")
    assert found.rows == (("환율", ""),)
    assert found.score == 0.5


def test_the_todo_is_in_order_of_gain(shop: Shop) -> None:
    domain = shop()
    rows = [row(f"t{n}", f"질문 {n}", f"{n} 때문에") for n in range(40)]
    quality = assess(domain, with_rows(prepare(domain), *rows))
    gains = [c.gain for c in quality.todo]
    assert gains == sorted(gains, reverse=True)
    assert all(c.score < GOOD for c in quality.todo)
    assert quality.todo[0].id == "whole"
    assert len(quality.todo[0].rows) == SHOWN
    assert 0 <= quality.score <= 1


def test_good_data_are_good(ald: Domain) -> None:
    quality = assess(ald, prepare(ald))
    assert quality.score > 0.9
    assert {c.id for c in quality.todo} <= {"own_words", "exam_reworded"}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_is_whole_and_escaped(shop: Shop, tmp_path: Path, language: str) -> None:
    domain = shop()
    domain = replace(domain, settings=domain.settings.model_copy(update={"language": language}))
    data = with_rows(prepare(domain), row("<script>x</script>", "왜 늦나요?", "창고가 멀어서 &"))
    quality = assess(domain, data)
    page = tmp_path / "deep" / "report.html"
    write_page(domain, data, quality, page)
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "http://" not in html
    assert "https://" not in html
    for found in summarise(domain, data, quality)["checks"]:
        assert str(escape(found["found"])) in html
    open_tags: list[str] = []

    class Whole(HTMLParser):
        def handle_starttag(self, tag: str, attrs: Any) -> None:
            if tag not in ("meta", "br"):
                open_tags.append(tag)

        def handle_startendtag(self, tag: str, attrs: Any) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Whole().feed(html)
    assert open_tags == []


def test_a_histogram_counts_everything() -> None:
    bars = histogram([1, 1, 5, 300, 9999], bars=8)
    assert sum(bar.count for bar in bars) == 5
    assert len(bars) <= 8
    assert histogram([]) == []


def test_the_ledger_lies_beside_the_records(shop: Shop, tmp_path: Path) -> None:
    domain = shop(feedback=(told("왜?", rating="down"),))
    data = prepare(domain)
    write_ledger(data.ledger, tmp_path)
    written = json.loads((tmp_path / "ledger.json").read_text(encoding="utf-8"))
    assert [s["name"] for s in written["steps"]] == [s.name for s in data.ledger.steps]
    lines = (tmp_path / "set_aside.jsonl").read_text(encoding="utf-8").splitlines()
    (aside,) = map(json.loads, lines)
    assert aside["source"] == "feedback.json:2"
    assert sum(s["set_aside"] for s in written["steps"]) == len(lines)
