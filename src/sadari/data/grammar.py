"""Reading plain Korean sentences closely enough to ask about them: topics, clauses, predicates.

No dictionary: whether a word is a noun is learned from the document that it stands in, by the
particles that it takes there. What stays unclear is None, and nobody is asked about it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass

from sadari.data.wordings import FAMILIES
from sadari.domain.document import Document
from sadari.text.josa import final_consonant, with_josa, without_josa

# 을 may also end a verb before its noun (높을 때); one syllable before 로 or 의 may be an adverb.
_OBJECTS = re.compile(r"(\w+?)[을를](?!\w)(?! (?:때|수|것|만큼|정도|뿐|지))")
_PLACES = re.compile(r"(\w\w+?)(?:에서|으로|까지|부터|의|와|과|에|로)(?!\w)")
_NO_TOPIC = re.compile(r"(?:에|에서|으로|로|와|과|때|뒤|후|전|동안|경우|까지|부터|에게)[은는]$")
_CONNECTS = re.compile(r"(?:면|고|며|므로|때문에|해서|아서|어서|여서|아도|어도|여도|지만),?$")


@dataclass(frozen=True)
class Topic:
    """`name은 rest`: what a sentence speaks of, and what it says of it (without the full stop)."""

    name: str
    rest: str


def nouns_of(document: Document) -> frozenset[str]:
    """Words that the document treats as nouns: they carry a noun's particle somewhere, or end the
    title or a heading."""
    lines = [document.title, *(ln for ln in document.text.splitlines() if ln.startswith("#"))]
    ends = {word.strip("#() ") for line in lines for word in line.split()[-1:]}
    text = document.text
    heads = [head for family in FAMILIES for head in family]
    return frozenset([*_OBJECTS.findall(text), *_PLACES.findall(text), *heads]) | ends


def bare_title(title: str) -> str:
    """What a title is about: `X의 역할`, `X 비교` and `X (Y)` are about X."""
    thing = re.sub(r"\s*\([^()]*\)$", "", title)
    thing = re.sub(r"(?:의 (?:역할|원리|개요|특성)| (?:비교|개요|소개|문제 해결|원리))$", "", thing)
    return thing or title


def nouns_in(sentence: str, nouns: Collection[str]) -> set[str]:
    """The nouns of a sentence, without their particles."""
    bare = {without_josa(word) for word in re.findall(r"[^\s,.]+", sentence)}
    return {word for word in bare if is_noun(word, nouns)}


def topic_of(sentence: str, nouns: Collection[str]) -> Topic | None:
    """The sentence's topic, if it surely has one in its first words and no clause before it."""
    words = sentence.rstrip(".").split()
    for index, word in enumerate(words[:8]):
        if is_topic(word, nouns):
            name = " ".join([*words[:index], word[:-1]])
            return Topic(name, " ".join(words[index + 1 :])) if index + 1 < len(words) else None
        if _CONNECTS.search(word) and not is_noun(word, nouns):
            return None
    return None


def is_topic(word: str, nouns: Collection[str]) -> bool:
    """Whether the word is a noun with 은 or 는, and no verb before its noun (흐르는, 낮은)."""
    if len(word) < 2 or word[-1] not in "은는" or _NO_TOPIC.search(word):
        return False
    base = word[:-1]
    if with_josa(base, "은") != word:
        return False  # 있는, 막는: a noun would take 은
    return is_noun(base, nouns)


def is_noun(base: str, nouns: Collection[str]) -> bool:
    """Whether the word is one of the document's nouns, or a code."""
    return base in nouns or bool(re.search(r"[A-Za-z0-9)]$", base))


def as_subject(clause: str, nouns: Collection[str]) -> str:
    """The clause with its topic turned into a subject, as it stands inside a longer sentence."""
    topic = topic_of(clause, nouns)
    return f"{with_josa(topic.name, '이')} {topic.rest}" if topic else clause.rstrip(".")


def has_subject(clause: str, nouns: Collection[str]) -> bool:
    """Whether the clause says who or what does it."""
    words = clause.split()
    return any(_is_named(word, following, nouns) for word, following in itertools.pairwise(words))


def _is_named(word: str, following: str, nouns: Collection[str]) -> bool:
    """A topic or a subject, and not what something becomes (기체가 되는)."""
    becomes = following.startswith(("되", "된", "될", "돼", "아니"))
    return is_topic(word, nouns) or (is_subject(word) and not becomes)


def is_subject(word: str) -> bool:
    """Whether the word carries 이 or 가 in the form that it would take."""
    return len(word) > 1 and word[-1] in "이가" and with_josa(word[:-1], "이") == word


def last_clause(clause: str, nouns: Collection[str]) -> str | None:
    """What comes about in the end: `분압이 줄어 도즈가 모자란다` → `도즈가 모자란다`. None when
    the last verb has another subject than the last one named."""
    words = clause.split()
    pairs = enumerate(itertools.pairwise(words))
    named = [i for i, (word, following) in pairs if _is_named(word, following, nouns)]
    joins = [i for i, word in enumerate(words[:-1]) if _joins(word, nouns)]
    if not named or any(i > named[-1] for i in joins) or "는지 " in clause:
        return None
    start = max((i + 1 for i in joins if i < named[-1]), default=0)
    return " ".join(words[start:])


def _joins(word: str, nouns: Collection[str]) -> bool:
    joined = re.search(
        r"(?:[여어아져해려워와혀켜겨쳐펴커나러라터]|[고며]|지만|거나|다가|도),?$", word
    )
    return joined is not None and not is_noun(word.rstrip(","), nouns)


_JUDGED = re.compile(r"(?:[로고] 본다|판정한다|판단한다|확정한다|구별한다|구분한다|여긴다)$")
_HAPPENS = ("된다", "않는다", "못한다", "시킨다", " 낸다", "만든다", "일으킨다", "띤다", "보인다")


def is_action(rest: str, nouns: Collection[str]) -> bool:
    """Whether a main clause tells the reader to do something: an object, no subject, a verb."""
    words = rest.rstrip(".").split()
    if not words or not re.search(r"[가-힣]다$", words[-1]) or words[-1].endswith("이다"):
        return False
    if rest.rstrip(".").endswith(_HAPPENS) or final_consonant(words[-1][:-1]) != 4:
        return False
    acts = any(re.search(r"[가-힣A-Za-z0-9)](?:[을를]|부터|는지)$", word) for word in words[:-1])
    return acts and not has_subject(rest.rpartition("는지 ")[2], nouns)


def is_judgement(rest: str) -> bool:
    """Whether a main clause says what to take something for."""
    return bool(_JUDGED.search(rest.rstrip(".")))


def keywords(phrase: str, nouns: Collection[str]) -> str:
    """The phrase as people type it into a search box: nouns without particles."""
    out = []
    for word in phrase.replace(",", "").split():
        bare = without_josa(word)
        noun = is_noun(bare, nouns) or (is_subject(word) and len(bare) > 1)
        out.append(bare if bare and noun else word)
    return " ".join(out)
