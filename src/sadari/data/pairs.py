"""Question–answer pairs out of Korean documents: what people ask about what a sentence says.

Each rule looks for one shape of sentence (a heading with its text, a definition, a condition, a
cause, a quantity, a symptom, a remedy) and words the questions that it answers in three styles:
spoken, polite, and the bare keywords that people type. The answer is always the document's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sadari.domain.document import Document
from sadari.text.josa import adnominal, nominal, with_josa
from sadari.text.quantity import quantities
from sadari.text.sentences import Part, sections, sentences

SHORTEST, COMFORTABLE, LONGEST = 15, 120, 240  # characters of an answer


@dataclass(frozen=True)
class Pair:
    """One fact asked in several ways; the first wording is the plainest."""

    questions: tuple[str, ...]
    answer: str
    rule: str


def pairs_of(document: Document) -> Iterator[Pair]:
    """Every pair that the rules find in `document`, in reading order."""
    for part in sections(document.text):
        lines = [s for s in sentences(part.text) if s.endswith((".", "!", "다"))]
        if part.heading and lines:
            yield _from_heading(document.title, part, lines)
        for sentence, following in zip(lines, [*lines[1:], ""], strict=True):
            yield from _from_sentence(document.title, sentence, following)


def _from_heading(title: str, part: Part, lines: list[str]) -> Pair:
    subject = part.heading if _shares_word(title, part.heading) else f"{title} {part.heading}"
    answer = lines[0]
    for line in lines[1:]:
        if len(answer) + 1 + len(line) > COMFORTABLE:
            break
        answer += f" {line}"
    questions = (
        f"{with_josa(subject, '은')} 무엇인가요?",
        f"{subject} 알려줘",
        f"{subject} 설명해 주세요.",
        f"{with_josa(subject, '이')} 뭐야?",
        _keywords(subject),
    )
    return Pair(questions, answer, "heading")


def _from_sentence(title: str, sentence: str, following: str) -> Iterator[Pair]:
    if not SHORTEST <= len(sentence) <= LONGEST:
        return
    both = f"{sentence} {following}".strip()
    answer = both if len(both) <= COMFORTABLE else sentence
    for rule in (_condition, _cause, _remedy, _symptom, _quantity, _definition):
        questions = rule(title, sentence)
        if questions:
            yield Pair(questions, answer, rule.__name__.strip("_"))


_NOUNS_IN_MYEON = ("표면", "화면", "도면", "측면", "단면", "반면", "정면", "평면", "장면", "라면")


def _condition(title: str, sentence: str) -> tuple[str, ...]:
    match = re.match(r"^(.{4,60}?[가-힣]면),?\s+(.{4,})$", sentence)
    if match is None or match[1].endswith(_NOUNS_IN_MYEON):
        return ()
    clause = match[1]
    return (
        f"{clause} 어떻게 되나요?",
        f"{clause} 어떻게 돼?",
        f"{clause} 무슨 일이 생겨?",
        f"{clause} 어떻게 해야 하나요?",
        f"{_keywords(nominal(clause[:-1]))} 결과",
    )


def _cause(title: str, sentence: str) -> tuple[str, ...]:
    match = re.match(r"^(.{4,60}?)(?:\s?때문에|으로 인해|므로|아서|어서|여서)\s+(.{6,})$", sentence)
    effect = adnominal(match[2]) if match else None
    if effect is None:
        return ()
    return (
        f"{effect} 이유는 무엇인가요?",
        f"{effect} 이유가 뭐야?",
        f"왜 {effect} 건가요?",
        f"{effect} 까닭",
    )


def _remedy(title: str, sentence: str) -> tuple[str, ...]:
    match = re.match(r"^(.{0,20}?)조치(?:의 첫 단계)?[는은]\s+(.{4,})$", sentence)
    if match is None:
        return ()
    subject = re.sub(r"(의|첫째|둘째|주된)\s*$", "", match[1].strip()).strip() or title
    return (
        f"{subject} 조치는 어떻게 하나요?",
        f"{subject} 어떻게 해결해?",
        f"{subject} 어떻게 조치해야 돼?",
        f"{subject} 조치 방법",
    )


def _symptom(title: str, sentence: str) -> tuple[str, ...]:
    match = re.match(
        r"^(.{2,40}?)(?:의)?\s?(?:(첫째|주된|둘째) )?(원인|증상)[은이]\s+(.{4,})$", sentence
    )
    if match is None:
        return ()
    subject, what = match[1].strip(), match[3]
    subject = re.sub(r"(이다|이면|면)$", "", subject)
    if subject in ("첫째", "둘째", "셋째", "넷째", "주된"):
        subject = f"{title} {subject}"
    which = f"{match[2]} " if match[2] else ""
    return (
        f"{subject} {which}{with_josa(what, '은')} 무엇인가요?",
        f"{subject} {which}{with_josa(what, '이')} 뭐야?",
        f"{subject} {which}{what}",
    )


def _quantity(title: str, sentence: str) -> tuple[str, ...]:
    match = re.match(r"^([^,]{2,40}?)[은는]\s+((?:약 |최대 |최소 )?[±\d].{0,30}이다)\.?$", sentence)
    if match is None or not any(q.unit for q in quantities(match[2])):
        return ()
    subject = match[1]
    if quantities(subject) or subject.endswith(("조건", "경우", "때", "조치", "원인", "증상")):
        return ()
    return (
        f"{with_josa(subject, '은')} 얼마인가요?",
        f"{subject} 얼마야?",
        f"{subject} 몇으로 되어 있어?",
        f"{subject} 값",
    )


def _definition(title: str, sentence: str) -> tuple[str, ...]:
    match = re.match(
        r"^([^,]{2,30}?)(?:은|는|이란|란)\s+(.{8,})(?:이다|말한다|뜻한다)\.?$", sentence
    )
    if match is None or re.search(r"\d", match[2]) or match[1].endswith(("원인", "조치", "증상")):
        return ()
    subject = match[1]
    if re.search(r"[이가을를에]\s|첫째|둘째|셋째", subject):
        return ()  # a clause, not a name
    return (
        f"{with_josa(subject, '이란')} 무엇인가요?",
        f"{with_josa(subject, '이')} 뭐야?",
        f"{subject} 뜻이 뭐예요?",
        f"{subject} 설명해줘",
        f"{subject} 정의",
    )


_ENDINGS = re.compile(r"(에서는|에서|으로|까지|부터|은|는|이|가|을|를|의|에|와|과|도|로)$")


def _keywords(phrase: str) -> str:
    """The phrase as people type it into a search box: no particles."""
    words = [_ENDINGS.sub("", word) if len(word) > 2 else word for word in phrase.split()]
    return " ".join(words)


def _shares_word(title: str, heading: str) -> bool:
    return any(word[:2] in heading for word in title.split() if len(word) > 1)
