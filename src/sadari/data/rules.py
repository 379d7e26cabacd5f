"""Sentence shapes, and the questions that a sentence of each shape answers: what it says of its
topic, what follows from its condition, what that calls for, why, when, and how often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sadari.data import wordings
from sadari.data.grammar import (
    Topic,
    as_subject,
    has_subject,
    is_action,
    is_judgement,
    keywords,
    last_clause,
    topic_of,
)
from sadari.text.josa import drop_rieul, nominal
from sadari.text.quantity import quantities


@dataclass(frozen=True)
class Fact:
    """A sentence that is asked about, and what is needed to understand it."""

    sentence: str
    nouns: frozenset[str]
    circumstance: str = ""

    def topic(self) -> Topic | None:
        """What the sentence speaks of, if that is certain."""
        return topic_of(self.sentence, self.nouns)


def questions_of(fact: Fact) -> Iterator[tuple[str, wordings.Questions]]:
    """(rule, questions) for everything that the sentence answers."""
    if topic := fact.topic():
        yield from _of_topic(topic)
    yield from _of_condition(fact)
    yield from _of_cause(fact)
    yield from _of_moment(fact)


_HEADS = {head for family in wordings.FAMILIES for head in family}  # 조치는: for what?
_COPULA = re.compile(r"(?:이다|것이다|점이다|말한다|뜻한다)$")
_AMOUNT = re.compile(
    r"^(?:약 |최대 |최소 |대략 )?[±\d][^가-힣]*(?:[가-힣]{0,4})?(?:이다|이고|이며)"
)
_NO_MEANING = re.compile(r"(?:때문|편|뿐|정도|이하|이상|미만|초과|까지|부터)이다$")
_EVERY = re.compile(r"(?:마다|에 한 번|에 1회|에 한번)(?: \S+)?(?: \S+에서)? (\S{2,4})한다$")


def _of_topic(topic: Topic) -> Iterator[tuple[str, wordings.Questions]]:
    name, rest = topic.name, topic.rest
    head = name.rpartition(" ")[2]
    if len(name) > 40 or head in ("것", "점", "경우", "수", "일") or name in _HEADS:
        return
    if _AMOUNT.match(rest) and has_unit(rest) and not quantities(name):
        yield "quantity", wordings.amount_of(name)
    elif every := _EVERY.search(rest):
        yield "interval", wordings.about(f"{name} {every[1]} 주기")
    elif not _COPULA.search(rest) or _NO_MEANING.search(rest) or len(rest) < 8:
        return
    elif any(head in family for family in wordings.FAMILIES):
        rule = "symptom" if head in (*wordings.CAUSE, *wordings.SYMPTOM) else "attribute"
        yield "remedy" if head in wordings.REMEDY else rule, wordings.about(name)
    elif " " in name and ("의 " in name or len(name.split()) > 3):
        if _ends_in_amount(rest) and not re.search(r"이고|이며", rest):
            yield "quantity", wordings.amount_of(name)
        else:
            yield "attribute", wordings.thing(name)
    elif not re.search(r"\d", rest):
        yield "definition", wordings.meaning_of(name)


_NOUNS_IN_MYEON = re.compile(
    r"(?:^| )(?:[표화도측단반정평장전벽양외계윗뒷앞밑겉국라초]|바닥|옆|경사)면$"
)


_FOLLOWS = re.compile(r"(?:정상이|그대로이|아니)면$|(?:뒤|후)에도 |해도 ")


def _of_condition(fact: Fact) -> Iterator[tuple[str, wordings.Questions]]:
    found = re.match(r"^(.{3,60}?[가-힣]면),? (.{4,}?)\.?$", fact.sentence)
    if found is None or _NOUNS_IN_MYEON.search(found[1]):
        return
    clause, rest = found[1], found[2]
    topical = topic_of(f"{clause} 그렇다", fact.nouns) is not None
    if topical and (rest.endswith("이다") or re.search(r"(?:고|며|나|지만),? ", clause)):
        return  # the topic's own predicate lies outside the clause
    keyed = "" if topical else _keyed(clause.removesuffix("면"), fact)
    asked = clause
    if clause.split()[0] not in fact.circumstance.split():
        asked = f"{fact.circumstance} {clause}".strip()
    if _FOLLOWS.search(clause) and asked == clause and len(clause.split()) < 5:
        return  # 그대로이면: after what?
    if clause.endswith("려면") and rest.endswith("필요하다"):
        yield "goal", wordings.what_it_takes(clause)
    elif clause.endswith("려면"):
        yield "goal", wordings.how_to(clause, _goal(clause, fact))
    elif rest.endswith("의심한다"):
        yield "condition", wordings.what_to_suspect(asked)
    elif re.search(r"(?:^|, )(?:원인|이유|까닭)[은이]|[이가] (?:원인|이유)이다$", rest):
        yield "condition", (f"{asked} 원인이 뭐야?", f"{asked} 원인은 무엇인가요?")
    elif is_judgement(rest):
        yield "condition", wordings.what_it_means(asked)[:2]
    elif rest.endswith("이다") and (rest.endswith("것이다") or not has_subject(rest, fact.nouns)):
        if not quantities(rest):
            yield "condition", wordings.what_it_means(asked)
    elif is_action(rest, fact.nouns):
        if not topical:
            yield "condition", wordings.what_to_do(asked, keyed)
    else:
        yield "condition", wordings.what_happens(clause, keyed)
        effect = last_clause(rest, fact.nouns)
        if effect and len(effect) <= 40 and len(effect.split()) > 2:  # 값이 커진다: which, of what?
            yield "effect", wordings.why(as_subject(effect, fact.nouns))


def _of_cause(fact: Fact) -> Iterator[tuple[str, wordings.Questions]]:
    found = re.match(
        r"^(.{4,80}?)(?:\s?때문에|(?:으로|로) 인해|므로),? (.{6,}?)\.?$", fact.sentence
    )
    if found is None or found[2].endswith("것이다") or re.search(r"면 |거나 ", fact.sentence):
        return
    effect = found[2]
    if not has_subject(effect, fact.nouns):
        topic = fact.topic()
        if topic is None or not found[1].startswith(topic.name):
            return  # nobody knows of whom it is said
        effect = f"{topic.name}{fact.sentence[len(topic.name)]} {effect}"
        if effect.endswith("한다"):  # 식힌 뒤 벤트한다: the topic may be what it is done to
            yield "cause", wordings.why(effect)[1:3]
            return
    yield "cause", wordings.why(as_subject(effect, fact.nouns))


def _of_moment(fact: Fact) -> Iterator[tuple[str, wordings.Questions]]:
    found = re.match(
        r"^(.{4,50}?(?:기 전|[은ㄴ한된린진난운] 뒤|[을를릴할될] 때))(에는|에|는)? (.{6,}?)\.?$",
        fact.sentence,
    )
    if found is None or "면 " in found[1] or topic_of(f"{found[1]} 그렇다", fact.nouns):
        return
    when, rest = f"{found[1]}{found[2] or ''}", found[3]
    if is_action(rest, fact.nouns) and not re.search(r"면 |므로 ", rest):
        yield (
            "moment",
            (
                f"{when} 무엇을 해야 하나요?",
                f"{when} 뭘 해야 돼?",
                f"{when} 어떻게 해?",
            ),
        )


def _keyed(stem: str, fact: Fact) -> str:
    """A condition as keywords: 밸브가 막히 → 밸브 막힘. "" where that does not read well."""
    if stem[-1] not in "하지나히되" or len(stem.split()) > 4:
        return ""
    noun = stem[:-1] if stem[-1] in "하되" else nominal(stem)
    return keywords(noun, fact.nouns)


def _goal(clause: str, fact: Fact) -> str:
    """A goal as keywords: 시간을 줄이려면 → 시간 줄이는. "" where that gets long."""
    stem = clause.removesuffix("려면").removesuffix("으")
    doing = f"{drop_rieul(stem)}는"
    return keywords(doing, fact.nouns) if len(doing.split()) <= 5 else ""


def _ends_in_amount(rest: str) -> bool:
    return any(q.unit and rest[q.end :] in ("이다", "까지이다") for q in quantities(rest))


def has_unit(text: str) -> bool:
    """Whether the text holds a number with a unit."""
    return any(q.unit for q in quantities(text))
