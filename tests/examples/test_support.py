"""The help desk: enough of everything, and nobody contradicts the pages."""

from __future__ import annotations

import re
from collections import Counter

from sadari.assistant.grounding import ungrounded_numbers
from sadari.data import prepare
from sadari.domain import Domain
from sadari.text import normalise

# What answers work out from a page's numbers, and a voltage that no page needs to name.
WORKED_OUT = {
    "840g", "210g", "60g", "30g", "480mL", "2주", "30일", "100일", "1년 6개월", "110V", "2,000원",
    "1,200원", "22,500원", "129,000원", "번에 10,000원", "잔에 15g", "2,500원",
}  # fmt: skip


def test_there_is_enough_of_everything(support: Domain) -> None:
    kinds = Counter(q.kind for q in support.questions)
    tasks = Counter(s.task for s in support.dialogues)
    ratings = Counter(f.rating for f in support.feedback)
    pairs = [f for f in support.feedback if f.rating == "down" and f.correction]
    assert len(support.documents) >= 50
    assert len(support.dialogues) >= 300
    assert kinds["answer"] + kinds["refuse"] >= 150
    assert kinds["refuse"] >= 30
    assert {"refund", "delivery", "account", "billing", "technical", "mood"} <= tasks.keys()
    assert ratings["up"] >= 15
    assert len(pairs) >= 50


def test_every_page_is_asked_about_in_dialogues_and_in_the_exam(support: Domain) -> None:
    pages = {d.id for d in support.documents} - {"service/mood"}
    assert {e for s in support.dialogues for e in s.evidence} >= pages
    assert {e for q in support.questions for e in q.evidence} >= pages


def test_numbers_in_answers_stand_in_their_pages(support: Domain) -> None:
    pages = {d.id: d.text for d in support.documents}
    strange: list[tuple[str, str]] = []
    for session in support.dialogues:
        said = [m.content for m in session.messages if m.role == "user"]
        known = [pages[e] for e in session.evidence] + said
        for message in session.messages:
            if message.role == "assistant" and session.evidence:
                strange += [(session.id, n) for n in ungrounded_numbers(message.content, known)]
    for item in support.feedback:
        good = item.answer if item.rating == "up" else item.correction or ""
        known = [*(pages[e] for e in item.evidence), item.question]
        strange += [(item.id, n) for n in ungrounded_numbers(good, known)]
    assert [found for found in strange if found[1] not in WORKED_OUT] == []


def test_no_dialogue_says_what_another_says(support: Domain) -> None:
    first = [normalise(s.messages[0].content) for s in support.dialogues]
    assert len(set(first)) == len(first)
    assert {s.task for s in support.dialogues} == support.settings.tasks.keys()
    assert all(re.fullmatch(r"\[\w+\] ", prefix) for prefix in support.settings.tasks.values())


def test_pairs_differ_and_the_bad_answer_is_kept(support: Domain) -> None:
    data = prepare(support)
    told = [r for r in (*data.train, *data.validation) if r.rejected]
    assert len(told) >= 50
    assert all(normalise(r.rejected or "") != normalise(r.messages[-1].content) for r in told)


def test_nothing_that_rests_on_a_held_out_page_is_learned(support: Domain) -> None:
    held_out = frozenset({"delivery/fee", "refund/subscription"})
    data = prepare(support, held_out=held_out)
    left = {r.id for r in (*data.train, *data.validation)}
    rests = {s.id for s in support.dialogues if held_out & set(s.evidence)}
    assert len(rests) >= 10
    assert not rests & left


def test_nobody_real_can_be_reached(support: Domain) -> None:
    texts = [d.text for d in support.documents]
    texts += [m.content for s in support.dialogues for m in s.messages]
    assert not [t for t in texts if re.search(r"\d{2,4}-\d{3,4}-\d{4}|@|https?:", t)]
