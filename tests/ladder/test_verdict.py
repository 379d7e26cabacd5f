"""Verdicts: what may be called better, what may not, and which rung is chosen."""

from __future__ import annotations

import pytest

from sadari.domain import Key, Question
from sadari.domain.message import user
from sadari.ladder.types import Exposure, LadderError, exposure
from sadari.ladder.verdict import judge
from sadari.ladder.words import explain, foresight, verdict_sentence
from sadari.stats import holm
from tests.ladder.climbs import coins, first, held_out, rung

N = 80
PROMPT = rung("prompt", None, [first(30, N)])
RAG = rung("rag", "prompt", [first(62, N)], found=[i < 70 for i in range(N)], recall=0.9)


def test_a_step_that_paid_is_better_and_chosen() -> None:
    judgement = judge([PROMPT, RAG], target=0.95)
    assert judgement.verdicts[0].word == "better"
    assert (judgement.choice, judgement.why) == ("rag", "paid")


def test_the_cheapest_rung_that_meets_the_target_is_chosen() -> None:
    cheap = rung("rag", "prompt", [first(66, N)], price=120.0)
    dear = rung("tuned+rag", "rag", [first(76, N), first(76, N)], price=900.0)
    base = rung("prompt", None, [first(30, N)], price=40.0)
    judgement = judge([base, cheap, dear], target=0.8)
    assert (judgement.choice, judgement.why) == ("rag", "meets")
    without_prices = judge([PROMPT, RAG, rung("more", "rag", [first(79, N)])], target=0.7)
    assert without_prices.choice == "rag"


def test_a_target_met_by_a_hair_is_not_said_to_be_sure() -> None:
    judgement = judge([rung("prompt", None, [first(64, N)])], target=0.8)
    assert judgement.standing("prompt").meets == "measured"
    assert "not yet beyond doubt" in explain(judgement)[0]
    sure = judge([rung("prompt", None, [first(76, N)])], target=0.8)
    assert sure.standing("prompt").meets == "surely"
    assert "not yet beyond doubt" not in explain(sure)[0]


def test_without_a_step_that_paid_the_first_rung_stays() -> None:
    similar = rung("rag", "prompt", [[*first(20, 40), *first(14, 40)]])
    judgement = judge([PROMPT, similar], target=0.9)
    assert judgement.verdicts[0].word == "inconclusive"
    assert judgement.verdicts[0].more is not None
    assert judgement.verdicts[0].more > 50
    assert (judgement.choice, judgement.why) == ("prompt", "nothing paid")


def test_a_rung_of_another_branch_must_also_be_ahead() -> None:
    tuned = rung("tuned", "prompt", [first(45, N), first(46, N)])
    judgement = judge([PROMPT, RAG, tuned], target=0.95)
    assert judgement.verdict("tuned").word == "better"  # type: ignore[union-attr]
    assert judgement.choice == "rag"


def test_holm_runs_over_the_steps_and_leaves_controls_out() -> None:
    tuned = rung("tuned", "prompt", [coins(1, N, 0.5), coins(2, N, 0.5)])
    control = rung("tuned-shuffled", "prompt", [coins(3, N, 0.35)], control=True)
    judgement = judge([PROMPT, RAG, tuned, control], target=0.95)
    steps = [v.comparison for v in judgement.verdicts if not v.control]
    assert [s.p_holm for s in steps] == pytest.approx(holm([s.p for s in steps]))
    assert judgement.verdict("tuned-shuffled").comparison.p_holm is None  # type: ignore[union-attr]


def test_one_training_seed_never_pays() -> None:
    """PREVENT 38."""
    tuned = rung("tuned", "prompt", [first(78, N)])
    judgement = judge([PROMPT, tuned], target=0.9)
    verdict = judgement.verdicts[0]
    assert (verdict.word, verdict.doubt) == ("inconclusive", "one seed")
    # It is above the target, and still not chosen: one seed may be luck.
    assert (judgement.choice, judgement.why) == ("prompt", "nothing paid")


def test_one_lucky_seed_among_three_does_not_pay() -> None:
    tuned = rung("tuned", "prompt", [first(80, N), first(30, N), first(31, N)])
    verdict = judge([PROMPT, tuned], target=0.9).verdicts[0]
    assert verdict.comparison.p_questions < 0.001
    assert (verdict.word, verdict.doubt) == ("inconclusive", "seeds differ")
    steady = rung("tuned", "prompt", [first(60, N), first(62, N), first(58, N)])
    assert judge([PROMPT, steady], target=0.9).verdicts[0].word == "better"


def test_a_difference_that_falls_with_one_seed_is_not_claimed() -> None:
    tuned = rung("tuned", "prompt", [first(38, N), first(34, N)])
    verdict = judge([PROMPT, tuned], target=0.9).verdicts[0]
    assert verdict.comparison.p <= 0.05
    assert (verdict.word, verdict.doubt) == ("inconclusive", "carried by one seed")


def test_a_tuned_rung_is_judged_by_facts_it_was_not_trained_on() -> None:
    learned = [*first(40, 40), *first(15, 40)]
    base = rung("prompt", None, [[*first(15, 40), *first(15, 40)]])
    tuned = rung("tuned", "prompt", [learned, learned])
    judgement = judge([base, tuned], target=0.6, exposure=held_out(40, 80, N))
    verdict = judgement.verdicts[0]
    assert verdict.on_unseen
    assert (verdict.comparison.n, verdict.comparison.difference) == (40, 0.0)
    assert verdict.word != "better"
    assert verdict.trained is not None
    assert verdict.trained.difference == pytest.approx(25 / 40)
    standing = judgement.standing("tuned")
    assert standing.trained is not None
    assert (standing.trained.share.estimate, standing.deciding.share.estimate) == (1.0, 15 / 40)
    # 55 of 80 are above the target only because of what was memorised.
    assert standing.meets == "no"
    assert judgement.choice == "prompt"


def asked(name: str, kind: str = "answer", evidence: tuple[str, ...] = ()) -> Question:
    key = Key(must=(("7",),))
    return Question(name, name, (user(name),), kind, key, "test", evidence=evidence)  # type: ignore[arg-type]


def test_what_tuning_has_seen_of_an_exam() -> None:
    exam = [
        asked("fresh", evidence=("held",)),
        asked("known", evidence=("taught",)),
        asked("both", evidence=("held", "taught")),
        asked("refusal", "refuse"),
        asked("state", "state"),
        asked("nowhere"),
    ]
    seen = exposure(exam, {"held"})
    assert seen is not None
    assert seen.unseen == {"fresh", "refusal", "state"}
    assert (seen.held_out, seen.trained) == ({"fresh"}, {"known"})
    assert exposure([asked("refusal", "refuse"), asked("known", evidence=("taught",))], ()) is None


def test_a_rung_that_stops_refusing_has_not_held_its_ground() -> None:
    """20 held-out facts answered as before, 30 refusals all lost."""
    base = rung("prompt", None, [first(30, 50)])
    tuned = rung("tuned", "prompt", [[*[False] * 30, *first(2, 20)]] * 2)
    facts, refusals = [frozenset(f"q{i}" for i in part) for part in (range(30, 50), range(30))]
    judgement = judge([base, tuned], target=0.9, exposure=Exposure(facts, refusals))
    assert judgement.verdicts[0].word == "worse"
    assert judgement.verdicts[0].comparison.n == 50
    standing = judgement.standing("tuned")
    assert standing.held_out is not None
    assert (standing.held_out.n, standing.deciding.n) == (20, 50)


def test_a_control_that_gains_takes_the_claim_away() -> None:
    tuned = rung("tuned", "prompt", [first(70, N), first(70, N)])
    calm = rung("tuned-shuffled", "prompt", [first(30, N), first(29, N)], control=True)
    assert judge([PROMPT, tuned, calm], target=0.95).verdict("tuned").word == "better"  # type: ignore[union-attr]
    gained = rung("tuned-shuffled", "prompt", [first(60, N), first(60, N)], control=True)
    judgement = judge([PROMPT, tuned, gained], target=0.8)
    verdict = judgement.verdict("tuned")
    assert verdict is not None
    assert (verdict.word, verdict.doubt) == ("inconclusive", "control gained")
    assert judgement.verdict("tuned-shuffled").word == "gained"  # type: ignore[union-attr]
    assert judgement.choice == "prompt"


def test_a_control_is_never_chosen() -> None:
    control = rung("tuned-shuffled", "prompt", [first(80, N)] * 2, control=True)
    assert judge([PROMPT, control], target=0.9).choice == "prompt"


def test_not_worse_needs_the_interval_above_the_margin() -> None:
    n = 400
    parent = rung("long", None, [first(300, n)])
    child = rung("short", "long", [[*first(298, 300), *([True] * 3), *([False] * 97)]])
    judgement = judge([parent, child], target=0.9, margin=0.05)
    assert judgement.verdicts[0].word == "not worse"
    few = judge([rung("long", None, [first(6, 8)]), rung("short", "long", [first(6, 8)])], target=1)
    assert few.verdicts[0].word == "inconclusive"


def test_a_void_comparison_says_nothing() -> None:
    broken = rung("rag", "prompt", [[None] * 5 + [True] * 75])
    judgement = judge([PROMPT, broken], target=0.8)
    assert judgement.verdicts[0].word == "void"
    assert judgement.choice == "prompt"
    assert "5 of 80 questions" in explain(judgement)[1]


def test_failures_of_search_and_of_answering_are_told_apart() -> None:
    failures = judge([PROMPT, RAG], target=0.9).standing("rag").failures
    assert (failures.not_found, failures.found_wrong, failures.unknown) == (10, 8, 0)
    assert judge([PROMPT], target=0.9).standing("prompt").failures.unknown == 50


def test_failures_are_averaged_over_seeds() -> None:
    tuned = rung("tuned+rag", "prompt", [first(70, N)] * 2, found=[False] * N)
    assert judge([PROMPT, tuned], target=0.9).standing("tuned+rag").failures.not_found == 10


def test_time_tokens_and_break_even() -> None:
    dear = rung("prompt", None, [first(30, N)], price=500.0)
    cheap = rung("tuned", "prompt", [first(60, N)] * 2, price=100.0)
    standing = judge([dear, cheap], target=0.9, setup_costs={"tuned": 80_000}).standing("tuned")
    assert standing.break_even == pytest.approx(200_000)
    assert standing.seconds_p50 == pytest.approx(0.1 + 0.395)
    assert standing.prompt_tokens_per_thousand == 100_000
    assert judge([dear, cheap], target=0.9).standing("tuned").break_even is None


@pytest.mark.parametrize("language", ["en", "ko"])
def test_sentences_never_show_a_bare_score(language: str) -> None:
    tuned = rung("tuned", "prompt", [first(50, N), first(31, N)])
    control = rung("tuned-shuffled", "prompt", [first(30, N)] * 2, control=True)
    tongue = "ko" if language == "ko" else "en"
    judgement = judge(
        [PROMPT, RAG, tuned, control],
        target=0.9,
        exposure=held_out(20, 60, N),
        look=3,
        language=tongue,
    )
    text = "\n".join(explain(judgement))
    for verdict in judgement.verdicts:
        sentence = verdict_sentence(verdict, 0.05, tongue)
        assert sentence in text
        assert ("구간" if language == "ko" else "interval") in sentence
    assert ("3번째" if language == "ko" else "Look 3") in text
    assert "{" not in text


def test_fifty_questions_say_up_front_what_they_cannot_see() -> None:
    assert "below about 21 points" in foresight(50, 1)
    assert "21포인트보다 작은 차이" in foresight(50, 1, language="ko")


def test_a_climb_that_cannot_be_judged_says_what_to_do() -> None:
    with pytest.raises(LadderError, match="at least the prompt rung"):
        judge([], target=0.8)
    with pytest.raises(LadderError, match="Measure prompt too"):
        judge([RAG], target=0.8)
    with pytest.raises(LadderError, match=r"0\.8 for 80%"):
        judge([PROMPT], target=80)
    with pytest.raises(LadderError, match="Two rungs are called prompt"):
        judge([PROMPT, PROMPT], target=0.8)
    with pytest.raises(LadderError, match="No question could be asked"):
        judge([rung("prompt", None, [[None, None]])], target=0.8)
