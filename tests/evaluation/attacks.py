"""Ways to satisfy a key without knowing the answer, tried by the tests and by
`python -m benchmarks.attacks`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from sadari.domain import Domain
from sadari.domain.question import Number, Question
from sadari.evaluation.scorer import score
from sadari.text.quantity import quantities, quantity

REFUSAL = "문서에서 찾을 수 없습니다."
Attack = Callable[[Question, Sequence[str]], Iterator[str]]
# A unit of another dimension, so that the number stays and the meaning goes
_OTHER_UNIT = {"time": "nm", "temperature": "mTorr"}


def pasted(question: Question, evidence: Sequence[str]) -> Iterator[str]:
    """The evidence documents as they are, together and one by one."""
    yield "\n\n".join(evidence)
    yield from evidence


def listed_numbers(question: Question, evidence: Sequence[str]) -> Iterator[str]:
    """Every number of the evidence."""
    for text in ["\n".join(evidence), *evidence]:
        found = [text[q.start : q.end] for q in quantities(text)]
        if len(found) > 3:
            yield ", ".join(found)
            yield " ".join(found)
            yield f"문서의 값은 {', '.join(found)}입니다."


def refused(question: Question, evidence: Sequence[str]) -> Iterator[str]:
    """Knowing nothing about anything."""
    yield REFUSAL


def wrong_numbers(question: Question, evidence: Sequence[str]) -> Iterator[str]:
    """The reference with the key's number in another unit, or outside its tolerance."""
    for item in question.key.must:
        numbers = [alternative for alternative in item if isinstance(alternative, Number)]
        if len(numbers) != len(item):
            continue
        number = numbers[0]
        wanted = quantity(number.value, number.unit)
        for q in quantities(question.reference):
            if q.dimension == wanted.dimension and abs(q.base - wanted.base) < 1e-6 * abs(q.base):
                before, after = question.reference[: q.start], question.reference[q.end :]
                said = re.match(r"[^\d]*[\d.,]+", question.reference[q.start : q.end])
                if said is None:
                    continue
                yield f"{before}{said.group()} {_OTHER_UNIT.get(q.dimension, '초')}{after}"
                yield f"{before}{number.value * 2 + 3 * number.tolerance:g} {q.unit}{after}"
                yield f"{before}{number.value / 2 - 2 * number.tolerance:g} {q.unit}{after}"


def negated(question: Question, evidence: Sequence[str]) -> Iterator[str]:
    """The reference with its last main verb negated."""
    sentence = question.reference.rstrip(". ")
    denial = negate(sentence)
    if denial:
        yield denial


def repeated(question: Question, evidence: Sequence[str]) -> Iterator[str]:
    """The question, as it is and as a phrase of politeness."""
    yield question.text
    yield f"질문은 다음과 같습니다: {question.text}"
    yield f"{question.text.rstrip('?. ')}라는 질문이시군요."


def salad(question: Question, evidence: Sequence[str]) -> Iterator[str]:
    """The key's strings without a sentence around them."""
    items = [
        [a for a in item if isinstance(a, str) and not re.search(r"\d", a)]
        for item in question.key.must
    ]
    everything = [alternative for item in items for alternative in item]
    if len(everything) > 1:
        yield " ".join(everything)
        yield ", ".join(everything)
    firsts = [item[0] for item in items if item]
    if len(firsts) > 1 and len(firsts) == len(items):
        yield " ".join(firsts)


ATTACKS: tuple[Attack, ...] = (
    pasted,
    listed_numbers,
    refused,
    wrong_numbers,
    negated,
    repeated,
    salad,
)


def negate(sentence: str) -> str:
    """A Korean plain sentence with its final predicate negated; "" where it has none."""
    if re.search(r"[가-힣]이다$|때문이다$", sentence) or (
        sentence.endswith("다") and _noun(sentence)
    ):
        return (
            sentence[:-2] + "이 아니다."
            if sentence.endswith("이다")
            else sentence[:-1] + "가 아니다."
        )
    if not sentence.endswith("다"):
        return ""
    stem = sentence[:-1]
    if stem.endswith("는"):
        return f"{stem[:-1]}지 않는다."
    last = unicodedata.normalize("NFD", stem[-1])
    if last[-1] == "ᆫ":  # 늘린다: 늘리지 않는다
        return stem[:-1] + unicodedata.normalize("NFC", last[:-1]) + "지 않는다."
    if stem.endswith("있"):
        return f"{stem[:-1]}있지 않다."
    return f"{stem}지 않다."


def _noun(sentence: str) -> bool:
    return bool(re.search(r"[A-Za-z0-9%)]다$", sentence))


def evidence_of(domain: Domain, question: Question) -> list[str]:
    """The texts of the documents that hold a question's answer."""
    texts = {document.id: document.text for document in domain.documents}
    return [texts[name] for name in question.evidence]


def tried(domain: Domain, attack: Attack) -> list[tuple[str, str, bool]]:
    """(question, answer, whether it passes) of all that an attack says to a domain's questions."""
    return [
        (question.id, answer, score(question, answer, evidence).right)
        for question in domain.questions
        if question.kind == "answer"
        for evidence in [evidence_of(domain, question)]
        for answer in attack(question, evidence)
    ]
