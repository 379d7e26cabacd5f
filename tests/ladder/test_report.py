"""The HTML report: complete, offline, and safe against what a model may answer."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from sadari.domain.message import user
from sadari.domain.question import Key, Number, Question
from sadari.ladder.judgement import Judgement
from sadari.ladder.report import key_lines, render_report, write_report
from sadari.ladder.types import Rung
from sadari.ladder.verdict import judge
from sadari.text.language import Language
from tests.ladder.climbs import coins, held_out, rung

N = 40
ATTACK = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}"


class Reader(HTMLParser):
    """Tags, attributes and visible text of a page; complains about tags left open."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def judgement(language: Language = "en", attack: str = ATTACK) -> Judgement:
    questions = tuple(
        Question(
            f"q{i}",
            f"g{i // 2}",
            (user(f"{attack} 퍼지 시간 {i}?"),),
            "answer",
            Key(must=((Number(12.0, "s", 0.5), "12초"),), must_not=(attack,)),
            "test",
            level=1 + i % 2,
            topic=("전구체", attack)[i % 2],
            evidence=(attack,),
            reference=attack,
        )
        for i in range(N)
    )
    found = [i % 4 > 0 for i in range(N)]
    rungs = [
        rung("prompt", None, [coins(1, N, 0.4)], group=2),
        rung("rag", "prompt", [coins(2, N, 0.9)], group=2, found=found, recall=0.9),
        rung("tuned", "prompt", [coins(3, N, 0.6), coins(4, N, 0.6)], group=2),
    ]
    rungs = [_answering(r, attack) for r in rungs]
    exposure = held_out(0, N, N, step=2)
    return judge(rungs, target=0.95, exposure=exposure, questions=questions, language=language)


def _answering(measured: Rung, answer: str) -> Rung:
    scores = tuple(replace(s, answer=answer, why=answer) for s in measured.scores)
    return replace(measured, scores=scores, facts={"verbatim_training_answers": 0.04})


@pytest.mark.parametrize("language", ["en", "ko"])
def test_everything_a_model_says_is_text(language: Language) -> None:
    page = render_report(
        judgement(language),
        title=ATTACK,
        notes=[ATTACK],
        curves={ATTACK: [(1, 2.0), (2, 1.0)]},
    )
    reader = read(page)
    assert not {"script", "img", "iframe", "link", "object"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in "".join(reader.words)
    assert "{{ 7 * 7 }}" in "".join(reader.words)


def test_it_opens_offline() -> None:
    page = render_report(judgement(attack="plain"))
    reader = read(page)
    for name, value in reader.attributes:
        if name in ("src", "href", "xlink:href", "action"):
            assert value is not None
            assert value.startswith("#")
    assert "url(http" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_it_shows_intervals_steps_failures_breakdown_and_wrong_answers(tmp_path: Path) -> None:
    verdict = judgement(attack="plain")
    path = write_report(verdict, tmp_path / "deep" / "report.html", title="Cranes")
    text = " ".join(" ".join(read(path.read_text(encoding="utf-8")).words).split())
    share = verdict.standing("rag").all.share
    assert f"({100 * share.low:.0f}–{100 * share.high:.0f}%; 40 questions)" in text
    assert "rag is better than prompt" in text
    assert "not found" in text
    assert "found, answered wrongly" in text
    assert "전구체" in text
    assert "12 ± 0.5 s / 12초" in text
    assert "wrong in 2 of 2 seeds" in text
    assert "verbatim training answers: 0.04" in text


def test_plots_take_colours_and_font_from_the_page() -> None:
    page = render_report(judgement(attack="plain"), curves={"시드 0": [(1, 2.0), (2, 1.5)]})
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) == 4
    assert "시드 0" in drawings[-1]
    for drawing in drawings:
        assert "var(--ink)" in drawing
        assert not re.search(r"#0[1-7]0[1-7]0[1-7]", drawing)


def test_the_same_verdict_gives_the_same_page() -> None:
    assert render_report(judgement()) == render_report(judgement())


def test_one_rung_without_questions_still_makes_a_page() -> None:
    alone = judge([rung("prompt", None, [coins(1, N, 0.9)])], target=0.5)
    page = render_report(alone, language="ko")
    read(page)
    assert "prompt" in page


def test_a_state_is_shown_as_the_json_that_a_model_has_to_write() -> None:
    key = Key(state={"dinner": "french", "date": None, "changes": {"와인": 0}})
    question = Question("one", "group", (user("프렌치요"),), "state", key, "test")
    assert key_lines(question) == ('{"dinner": "french", "date": null, "changes": {"와인": 0}}',)
