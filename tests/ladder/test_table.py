"""The verdict in the terminal and as JSON."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from sadari.ladder.judgement import Judgement
from sadari.ladder.table import as_dict, render_table
from sadari.ladder.verdict import judge
from sadari.ladder.words import percent
from sadari.text.language import Language
from tests.ladder.climbs import coins, held_out, rung

N = 60


def judgement(language: Language = "en") -> Judgement:
    found = [i % 5 > 0 for i in range(N)]
    return judge(
        [
            rung("prompt", None, [coins(1, N, 0.4)], price=4_200),
            rung("rag", "prompt", [coins(2, N, 0.9)], price=19_100, found=found, recall=0.93),
            rung("tuned", "prompt", [coins(3, N, 0.5), coins(4, N, 0.5)], price=2_100),
            rung("tuned+rag", "rag", [coins(s, N, 0.9) for s in (5, 6, 7)], price=17_400),
            rung("tuned-shuffled", "prompt", [coins(8, N, 0.3)], price=2_100, control=True),
        ],
        target=0.97,
        exposure=held_out(20, 60, N),
        setup_costs={"tuned": 350_000},
        language=language,
    )


def printed(language: Language, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    render_table(judgement(language), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_fits_a_hundred_columns_and_cuts_nothing(language: Language) -> None:
    text = printed(language, width=140)
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= 100
    assert "…" not in text.replace(" … ", " to ")
    for name in ("prompt", "rag", "tuned+rag", "tuned-shuffled"):
        assert name in text


def test_columns_line_up_with_hangul() -> None:
    lines = printed("ko").splitlines()
    rows = [line for line in lines if "prompt " in line and "%" in line]
    header = next(line for line in lines if "정답률" in line and "부모" not in line)
    starts = [cell_len(row[: row.index("%")]) for row in rows[:1]]
    assert abs(cell_len(header[: header.index("정답률")]) - starts[0]) < 6


def test_a_share_is_never_printed_without_its_interval() -> None:
    text = " ".join(printed("en").split())
    shown = 0
    for standing in judgement().standings:
        share = percent(standing.deciding.share.estimate)
        for match in re.finditer(rf"(?<![\d.]){re.escape(share)} ", text):
            rest = text[match.end() :]
            if not rest.startswith("interval"):
                shown += 1
                assert re.match(r"\(\d+–\d+%", rest), text[match.start() :][:60]
    assert shown >= 5


def test_json_holds_everything_and_loads() -> None:
    document = json.loads(json.dumps(as_dict(judgement()), ensure_ascii=False))
    assert document["choice"] == "rag"
    assert document["standings"][1]["all"]["share"]["low"] < 0.9
    assert document["verdicts"][0]["comparison"]["p_holm"] <= 1
    assert len(document["rungs"][3]["scores"]) == 3 * N
    assert document["sentences"][0].startswith("No rung may be said to meet the target of 97%")


def test_a_single_rung_needs_no_steps() -> None:
    alone = judge([rung("prompt", None, [coins(1, N, 0.9)])], target=0.5)
    console = Console(file=io.StringIO(), width=100)
    render_table(replace(alone, look=4), console, language="ko")
    assert isinstance(console.file, io.StringIO)
    assert "4번째" in console.file.getvalue()
