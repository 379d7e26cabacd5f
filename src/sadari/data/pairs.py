"""Question–answer pairs out of Korean documents: what people ask about what a sentence says.

A heading is asked for with the text under it. A sentence is asked for what it says of its topic,
what follows from its condition and what that calls for, why its effect comes about, when and how
often something is done. The answer is always the document's own. What the rules do not read with
certainty they leave alone: a missing question costs less than a silly one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sadari.data import wordings
from sadari.data.grammar import (
    Topic,
    as_subject,
    bare_title,
    has_subject,
    is_action,
    is_judgement,
    keywords,
    last_clause,
    nouns_in,
    nouns_of,
    topic_of,
)
from sadari.domain.document import Document
from sadari.text.josa import drop_rieul, nominal, with_josa
from sadari.text.quantity import quantities
from sadari.text.sentences import Part, sections, sentences

SHORTEST, LONGEST = 15, 240  # characters of a sentence that is asked about
ENOUGH, COMFORTABLE = (
    80,
    160,
)  # an answer takes further sentences up to the first, within the second

_ENDS = (".", "!", "다")


@dataclass(frozen=True)
class Pair:
    """One fact asked in several ways; the first wording is the plainest."""

    questions: tuple[str, ...]
    answer: str
    rule: str


@dataclass(frozen=True)
class _Fact:
    """A sentence that is asked about, and what is needed to understand it."""

    sentence: str
    nouns: frozenset[str]
    circumstance: str = ""

    def topic(self) -> Topic | None:
        return topic_of(self.sentence, self.nouns)


def pairs_of(document: Document) -> Iterator[Pair]:
    """Every pair that the rules find in `document`, in reading order; nothing is asked twice."""
    asked: set[str] = set()
    for pair in _all_pairs(document):
        if not asked.intersection(pair.questions):
            yield pair
        asked.update(pair.questions)


def _all_pairs(document: Document) -> Iterator[Pair]:
    nouns = nouns_of(document)
    for part in sections(document.text):
        lines = [s for s in sentences(part.text) if s.endswith(_ENDS)]
        if not lines:
            continue
        if part.heading:
            yield _from_heading(document.title, part.heading, lines)
        circumstance = _circumstance(part.heading)
        for index, sentence in enumerate(_in_full(part, lines)):
            if sentence and SHORTEST <= len(sentence) <= LONGEST:
                answer = _answer(sentence, index, lines, nouns)
                for rule, questions in _questions(_Fact(sentence, nouns, circumstance)):
                    if questions:
                        yield Pair(tuple(dict.fromkeys(questions)), answer, rule)


def _from_heading(title: str, heading: str, lines: list[str]) -> Pair:
    subject = heading if _says_enough(title, heading) else _placed(title, heading)
    first = lines[0].rstrip(".")
    amount = heading.endswith(wordings.VALUE) and len(lines) == 1 and _has_unit(first)
    questions = wordings.about(subject, amount=amount)
    return Pair(tuple(dict.fromkeys(questions)), _grown(lines, COMFORTABLE), "heading")


def _grown(lines: list[str], enough: int) -> str:
    """The first line with the ones behind it, until it is long enough to stand alone."""
    answer = lines[0]
    for line in lines[1:]:
        if len(answer) >= enough or len(answer) + 1 + len(line) > COMFORTABLE:
            break
        answer += f" {line}"
    return answer


def _answer(sentence: str, index: int, lines: list[str], nouns: frozenset[str]) -> str:
    """The sentence with what its section goes on to say; the last one of a section takes the one
    before it, if that speaks of the same things and leans on nothing."""
    answer = _grown([sentence, *lines[index + 1 :]], ENOUGH)
    before = lines[index - 1] if index else ""
    related = nouns_in(before, nouns) & nouns_in(sentence, nouns)
    if answer == sentence and related and not _ANAPHORA.match(before):
        return _grown([sentence, before], ENOUGH)
    return answer


_ANAPHORA = re.compile(
    r"(?:이|그|이런|그런|이때|그때|이후|또|또한|다만|단|그러나|하지만|따라서|그래서|즉|다음|"
    r"마지막|반대로|반면|나머지|두|세|이와|그|여기)\b|[둘셋넷]째|다섯째"
)
_FIRST = re.compile(r"^(.{2,40}?) (?:첫째|첫 번째) (\S+?)[은는] ")
_ORDINAL = re.compile(r"^(?:둘째|셋째|넷째|다섯째|두 번째|세 번째|네 번째) (\S+?)[은는] ")


def _in_full(part: Part, lines: list[str]) -> Iterator[str | None]:
    """Each sentence with the subject that the reader has from the lines before it or from the
    heading; None for one that leans on them in another way."""
    carried: tuple[str, str] | None = None
    head = part.heading.rpartition(" ")[2]
    for line in lines:
        if first := _FIRST.match(line):
            carried = first[1], first[2]
        if (ordinal := _ORDINAL.match(line)) and carried and ordinal[1] == carried[1]:
            yield f"{carried[0]} {line}"
        elif head in wordings.REMEDY and re.match(rf"{re.escape(head)}(?:의 |[은는] )", line):
            subject = part.heading.rpartition(" ")[0]
            yield f"{subject.removesuffix('의')} {line}"
        else:
            yield None if _ANAPHORA.match(line) else line


def _questions(fact: _Fact) -> Iterator[tuple[str, wordings.Questions]]:
    """(rule, questions) for everything that the sentence answers."""
    if topic := fact.topic():
        yield from _of_topic(topic)
    yield from _of_condition(fact)
    yield from _of_cause(fact)
    yield from _of_moment(fact)


_COPULA = re.compile(r"(?:이다|것이다|점이다|말한다|뜻한다)$")
_AMOUNT = re.compile(
    r"^(?:약 |최대 |최소 |대략 )?[±\d][^가-힣]*(?:[가-힣]{0,4})?(?:이다|이고|이며)"
)
_NO_MEANING = re.compile(r"(?:때문|편|뿐|정도|이하|이상|미만|초과|까지|부터)이다$")
_EVERY = re.compile(r"(?:마다|에 한 번|에 1회|에 한번)(?: \S+)?(?: \S+에서)? (\S{2,4})한다$")


def _of_topic(topic: Topic) -> Iterator[tuple[str, wordings.Questions]]:
    name, rest = topic.name, topic.rest
    head = name.rpartition(" ")[2]
    if len(name) > 40 or head in ("것", "점", "경우", "수", "일"):
        return
    if _AMOUNT.match(rest) and _has_unit(rest) and not quantities(name):
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


_FOLLOWS = re.compile(r"(?:정상이|그대로이|아니|있으|없으|않으|같으|다르)면$|(?:뒤|후)에도 |해도 ")


def _of_condition(fact: _Fact) -> Iterator[tuple[str, wordings.Questions]]:
    found = re.match(r"^(.{3,60}?[가-힣]면),? (.{4,}?)\.?$", fact.sentence)
    if found is None or _NOUNS_IN_MYEON.search(found[1]):
        return
    clause, rest = found[1], found[2]
    topical = topic_of(f"{clause} 그렇다", fact.nouns) is not None
    if topical and (rest.endswith("이다") or re.search(r"(?:고|며|나|지만),? ", clause)):
        return  # the topic's own predicate lies outside the clause
    keyed = "" if topical else _keyed(clause.removesuffix("면"), fact)
    asked = f"{fact.circumstance} {clause}".strip()
    if _FOLLOWS.search(clause) and asked == clause and len(clause.split()) < 5:
        return  # 그대로이면: after what?
    if clause.endswith("려면"):
        yield "goal", wordings.how_to(clause, _goal(clause, fact))
    elif rest.endswith("의심한다"):
        yield "condition", wordings.what_to_suspect(asked)
    elif re.search(r"(?:^|, )(?:원인|이유|까닭)[은이]", rest):
        yield "condition", (f"{asked} 원인이 뭐야?", f"{asked} 원인은 무엇인가요?")
    elif is_judgement(rest):
        yield "condition", wordings.what_it_means(asked)[:2]
    elif rest.endswith("이다"):
        if not quantities(rest):
            yield "condition", wordings.what_it_means(asked)
    elif is_action(rest, fact.nouns):
        if not topical:
            yield "condition", wordings.what_to_do(asked, keyed)
    else:
        yield "condition", wordings.what_happens(clause, keyed)
        effect = last_clause(rest, fact.nouns)
        if effect and len(effect) <= 40:
            yield "effect", wordings.why(as_subject(effect, fact.nouns))


def _circumstance(heading: str) -> str:
    """What a section of remedies is for, as the start of a question about one of its steps."""
    before, _, head = heading.rpartition(" ")
    if head not in wordings.REMEDY or not before.endswith("의"):
        return ""
    trouble = before.removesuffix("의")
    return trouble if trouble.endswith("때") else f"{with_josa(trouble, '을')} 조치할 때"


def _of_cause(fact: _Fact) -> Iterator[tuple[str, wordings.Questions]]:
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


def _of_moment(fact: _Fact) -> Iterator[tuple[str, wordings.Questions]]:
    found = re.match(
        r"^(.{4,50}?(?:기 전|[은ㄴ한된린진난운] 뒤|[을를릴할될] 때))(에는|에|는)? (.{6,}?)\.?$",
        fact.sentence,
    )
    if found is None or topic_of(f"{found[1]} 그렇다", fact.nouns):
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


def _keyed(stem: str, fact: _Fact) -> str:
    """A condition as keywords: 밸브가 막히 → 밸브 막힘. "" where that does not read well."""
    if stem[-1] not in "하지나히되" or len(stem.split()) > 4:
        return ""
    noun = stem.removesuffix("하") if stem.endswith("하") else nominal(stem)
    return keywords(noun, fact.nouns)


def _goal(clause: str, fact: _Fact) -> str:
    """A goal as keywords: 시간을 줄이려면 → 시간 줄이는. "" where that gets long."""
    stem = clause.removesuffix("려면").removesuffix("으")
    doing = f"{drop_rieul(stem)}는"
    return keywords(doing, fact.nouns) if len(doing.split()) <= 5 else ""


def _has_unit(text: str) -> bool:
    return any(q.unit for q in quantities(text))


def _ends_in_amount(rest: str) -> bool:
    return any(q.unit and rest[q.end :] in ("이다", "까지이다") for q in quantities(rest))


def _says_enough(title: str, heading: str) -> bool:
    """Whether a heading is understood without its document's title: it shares a word with it,
    names something by its code, or is a phrase of its own."""
    general = {head for family in wordings.FAMILIES for head in family}
    own = [w for w in re.findall(r"\w\w+", title) if w.rstrip("의와과") not in general]
    shares = any(word[: max(2, len(word) - 1)] in heading for word in own)
    return shares or len(heading.split()) > 3 or bool(re.search(r"[A-Z]{2}|[A-Z]\d", heading))


def _placed(title: str, heading: str) -> str:
    """The heading behind what the document is about."""
    thing = bare_title(title)
    if re.search(r"[와과] ", thing) or "에서" in heading:
        return heading if " " in heading else f"{thing} {heading}"
    return f"{thing} {heading}" if thing.endswith(("때", "경우")) else f"{thing}에서 {heading}"
