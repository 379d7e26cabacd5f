"""Ways to satisfy a key without knowing the answer, on the bundled exam: they must fail, while the
references and the single sentences of the evidence that hold the key pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from sadari.domain import Domain, read_domain
from sadari.evaluation._matching import matches
from sadari.evaluation._reading import read
from sadari.evaluation.scorer import score
from tests.evaluation.attacks import ATTACKS, Attack, evidence_of, tried

MOST_ATTACKS = 0.05
FEWEST_REFERENCES = 0.97
FEWEST_SENTENCES = 0.95


@pytest.fixture(scope="module")
def ald() -> Domain:
    return read_domain(Path(__file__).parents[2] / "examples" / "ald")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_attacks_fail(ald: Domain, attack: Attack) -> None:
    answers = tried(ald, attack)
    passed = [(question, answer) for question, answer, right in answers if right]
    assert len(answers) > 50
    assert len(passed) <= MOST_ATTACKS * len(answers), passed


def test_references_pass(ald: Domain) -> None:
    wrong = {
        question.id: verdict.why
        for question in ald.questions
        for verdict in [score(question, question.reference, evidence_of(ald, question))]
        if not verdict.right
    }
    assert len(wrong) <= (1 - FEWEST_REFERENCES) * len(ald.questions), wrong


def test_the_sentence_of_the_evidence_that_holds_the_key_passes(ald: Domain) -> None:
    verdicts = []
    for question in ald.questions:
        evidence = evidence_of(ald, question)
        for text in evidence:
            document = read(text)
            for start, end in document.sentences:
                sentence = document.text[start:end].strip()
                held = all(
                    matches(item, read(sentence), question.text) for item in question.key.must
                )
                if question.kind == "answer" and held and question.key.must:
                    verdicts.append((question.id, sentence, score(question, sentence, evidence)))
    wrong = [(name, sentence, v.why) for name, sentence, v in verdicts if not v.right]
    assert len(verdicts) > 80
    assert len(wrong) <= (1 - FEWEST_SENTENCES) * len(verdicts), wrong
