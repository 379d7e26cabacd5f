"""A person's verdicts: durable, bound to one answer, and held against the scorer's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sadari.domain import Key, Question
from sadari.domain.message import user
from sadari.evaluation import (
    SCORER,
    EvaluationError,
    PersonVerdict,
    Score,
    keep_verdict,
    lay_over,
    read_verdicts,
    verdict_on,
    verdicts_path,
    with_people,
)
from sadari.store import Store


def question(name: str, must: str = "7일") -> Question:
    return Question(name, name, (user(f"{name}?"),), "answer", Key(must=((must,),)), "dev")


def scored(name: str, right: bool | None, answer: str = "일주일입니다.") -> Score:
    return Score(name, name, "bundle", SCORER, right, answer, "It does not say: 7일.")


def said(name: str, by_scorer: bool, right: bool, drawn: bool = True) -> PersonVerdict:
    return verdict_on(question(name), scored(name, by_scorer), right, "", drawn)


def test_a_verdict_is_kept_and_the_last_one_counts(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    first = verdict_on(question("q"), scored("q", False), True, " 일주일 = 7일 ", True)
    path = keep_verdict(first, store, "shop")
    assert read_verdicts(path) == (first,)
    assert first.reason == "일주일 = 7일"
    second = replace(first, right=False, reason="")
    assert keep_verdict(second, store, "shop") == verdicts_path(store, "shop")
    assert read_verdicts(path) == (second,)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2, "nothing is forgotten"


@pytest.mark.parametrize("line", ["{", "[]", "7", '{"question": "q"}'])
def test_a_broken_line_is_named_and_nothing_is_written_over_it(tmp_path: Path, line: str) -> None:
    store = Store.open(tmp_path)
    path = keep_verdict(said("q", False, True), store, "shop")
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    before = path.read_bytes()
    with pytest.raises(EvaluationError, match=r"shop\.jsonl:2"):
        keep_verdict(said("q", False, True), store, "shop")
    assert path.read_bytes() == before


def test_it_holds_for_the_same_answer_to_the_same_question_only() -> None:
    verdict = said("q", False, True)
    score = scored("q", False)
    (laid,) = lay_over([score], [question("q")], [verdict])
    assert (laid.right, laid.person, laid.overruled, laid.by_scorer) == (True, True, True, False)
    other_answer = scored("q", False, "칠 일 안에요.")
    assert lay_over([other_answer], [question("q")], [verdict]) == (other_answer,)
    assert lay_over([score], [question("q", must="8일")], [verdict]) == (score,)
    assert lay_over([scored("r", False)], [question("r")], [verdict]) == (scored("r", False),)


def test_laying_over_twice_or_taking_it_back_leaves_the_scorers_own() -> None:
    score = scored("q", False)
    once = lay_over([score], [question("q")], [said("q", False, True)])
    assert lay_over(once, [question("q")], [said("q", False, True)]) == once
    assert lay_over(once, [question("q")], []) == (score,)
    (confirmed,) = lay_over(once, [question("q")], [said("q", False, False)])
    assert (confirmed.right, confirmed.person, confirmed.overruled) == (False, False, False)


def test_what_could_not_be_asked_cannot_be_judged() -> None:
    with pytest.raises(EvaluationError, match="nothing to judge"):
        verdict_on(question("q"), scored("q", None), True, "", True)
    failed = scored("q", None)
    assert lay_over([failed], [question("q")], [said("q", False, True)]) == (failed,)


def test_agreement_weighs_what_was_drawn_by_what_there_is() -> None:
    """10 of 100 answers are called wrong and all are judged, 4 of them right; 10 of the 90 others
    are judged, all agreed: 80% of what was judged, but 96% of the evaluation."""
    names = [f"q{i}" for i in range(100)]
    scores = [scored(name, i >= 10) for i, name in enumerate(names)]
    verdicts = [said(name, i >= 10, i >= 10 or i < 4) for i, name in enumerate(names[:20])]
    found = with_people(verdicts, map(question, names), scores)
    assert found is not None
    assert (found.judged, found.agreed, found.picked) == (20, 16, 0)
    assert found.share.estimate == pytest.approx(0.8)
    assert (found.called_wrong.share.estimate, found.called_right.share.estimate) == (0.6, 1.0)
    assert found.whole is not None
    assert found.whole.estimate == pytest.approx(0.96)
    assert found.whole.low < 0.96 < found.whole.high


def test_answers_picked_out_by_hand_say_nothing_of_the_others() -> None:
    verdicts = [said("a", False, True, drawn=False), said("b", True, True)]
    scores = [scored("a", False), scored("b", True)]
    found = with_people(verdicts, map(question, "ab"), scores)
    assert found is not None
    assert (found.judged, found.agreed, found.picked) == (1, 1, 1)
    assert found.whole is None, "nobody judged a sample of the wrong ones"


def test_another_scorer_or_a_changed_key_is_not_this_agreement() -> None:
    old = replace(said("a", False, True), scorer="key/0")
    assert with_people([old], [question("a")], [scored("a", False)]) is None
    stale = said("a", False, True)
    assert with_people([stale], [question("a", must="8일")], [scored("a", False)]) is None


def test_the_file_is_plain_json_lines(tmp_path: Path) -> None:
    path = keep_verdict(said("q", False, True), Store.open(tmp_path), "shop")
    row = json.loads(path.read_text(encoding="utf-8"))
    assert row["answer"] == "일주일입니다."
    assert row["right"] is True
    assert row["by_scorer"] is False
