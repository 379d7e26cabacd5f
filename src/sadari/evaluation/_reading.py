"""A text as the scorer reads it: jamo for matching, sentences and clauses for scope, quantities."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from sadari.text import normalise
from sadari.text.quantity import Quantity, quantities
from sadari.text.units import FOLD

Span = tuple[int, int]

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_MARKUP = re.compile(r"^#{1,6}\s.*$|^---[\s\S]*?^---$|\*\*|`|^\s*[-*•]\s|\[\d{1,2}\]", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?:(?<!\d)[.!?。]+|(?<=\d)[.!?。]+)(?=\s|$)|\n+")
# Connective endings that join clauses of equal rank. Nouns that end alike are left alone.
_JOINT = re.compile(
    r"(?<!경)(?<!최)(?<!참)(?<!권)(?<!광)(?<!보)(?<!창)(?<!그리)[가-힣](?:(?<![다라냐자])고|며|(?<!까)지만|으나|는데|은데|인데|므로)"
    r"(?:서|나서)?(?=[\s,])|때문에(?=[\s,])|아니라(?=[\s,])|대신(?=[\s,])|(?<=[가-힣])니(?:까)?,"
)
_QUESTION = re.compile(
    r"\?\s*$|[습입합됩갑옵납립닙]니까[\s.!~]*$|(?:라는|란)\s?질문"
    r"|(?:무엇|무슨|왜|얼마|몇|어디|누구|누가|언제|어떻게|어느|어떤|뭐|뭔).*(?:나요|까요|가요|느냐|는가|지요?)[\s.!~]*$"
)
_TAIL = re.compile(
    r"(?:으로써|으로서|에서는|에서도|으로는|까지만|까지는|부터는|에게는|이라는|이라고|입니다|이에요|예요|"
    r"이다|이고|이며|인데|에서|에게|한테|으로|까지|부터|마다|보다|처럼|에는|에도|은|는|이|가|을|를|의|에|로|와|과|"
    r"도|만|요|랑)$"
)
# What limits a quantity rather than names it
_LIMIT = re.compile(
    r"(?:넘|초과|이상|이하|미만|이내|안$|까지|최대|최소|정도|약$|쯤|사이|내$|전$|이전|이후)"
)
_WORD = re.compile(r"[a-z0-9가-힣µåω]+(?:[.\-][a-z0-9가-힣µåω]+)*")
# Words that carry grammar rather than a subject: copulas, light verbs, bound nouns
_LIGHT = re.compile(
    r"(?:않|없|못|아니|아닙).*|안|것|수|때|등|그|및|더|약|중|뿐|정도|경우|이|"
    r"(?:하|한|할|합|해|했|되|된|될|됩|돼|됐|있|입|두|둔|둡|이)"
    r"(?:니|니다|다|고|며|는|면|여|어|어요|아요|요|서|도록|게|기|지|은|을|었다|습니|습니다|으며|므로)?"
)


@dataclass(frozen=True)
class Reading:
    """`text` normalised; `jamo` is it decomposed and without blanks, `at` its places in `text`."""

    text: str
    jamo: str
    at: tuple[int, ...]
    sentences: tuple[Span, ...]
    clauses: tuple[Span, ...]
    quantities: tuple[Quantity, ...]

    def sentence(self, position: int) -> Span:
        """The sentence that holds `position`."""
        return _holder(self.sentences, position)

    def clause(self, position: int) -> Span:
        """The clause that holds `position`."""
        return _holder(self.clauses, position)


@lru_cache(maxsize=1024)
def read(text: str, assertions: bool = False) -> Reading:
    """The reading of `text`; of its assertions only: a question asserts nothing."""
    lines = [normalise(line) for line in _MARKUP.sub(" ", text).splitlines()]
    plain = _THOUSANDS.sub("", "\n".join(line for line in lines if line).translate(FOLD))
    if assertions:
        spans = _cut(plain, _SENTENCE_END)
        plain = "\n".join(plain[s:e].strip() for s, e in spans if not _QUESTION.search(plain[s:e]))
    jamo: list[str] = []
    at: list[int] = []
    for position, character in enumerate(plain):
        if not character.isspace():
            parts = unicodedata.normalize("NFD", character)
            jamo.append(parts)
            at.extend([position] * len(parts))
    sentences = _cut(plain, _SENTENCE_END)
    clauses = tuple(
        (start + s, start + e)
        for start, end in sentences
        for s, e in _cut(plain[start:end], _JOINT)
    )
    return Reading(
        plain, "".join(jamo), (*at, len(plain)), sentences, clauses, tuple(quantities(plain))
    )


@lru_cache(maxsize=8192)
def stems(text: str) -> tuple[str, ...]:
    """The content words of a piece of a reading's text, in jamo, without particles or numbers."""
    found = []
    for word in _WORD.findall(text):
        stem = word if len(word) == 1 else _TAIL.sub("", _TAIL.sub("", word)) or word
        if not _LIGHT.fullmatch(stem) and not stem[0].isdigit() and not _LIMIT.match(stem):
            found.append(unicodedata.normalize("NFD", stem))
    return tuple(found)


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The content words in a form that inflection leaves alone: codes and Latin words whole, of
    Korean words the first four jamo (늘린다 and 늘려, 교체하고 and 교체한다 are each one word)."""
    return tuple(stem[:4] if stem[0] >= "ᄀ" else stem for stem in stems(text))


def pieces(text: str, start: int, end: int) -> list[Span]:
    """A clause cut at its commas and opening brackets."""
    cuts = [start, *(m.end() for m in re.compile(r"[,(]").finditer(text, start, end)), end]
    return [(low, high) for low, high in itertools.pairwise(cuts) if low < high]


def _holder(spans: tuple[Span, ...], position: int) -> Span:
    for span in spans:
        if position < span[1]:
            return span
    return spans[-1] if spans else (0, 0)


def _cut(text: str, boundary: re.Pattern[str]) -> tuple[Span, ...]:
    """The pieces of `text` between boundaries; a boundary's own characters end the piece before."""
    spans: list[Span] = []
    start = 0
    for match in boundary.finditer(text):
        if text[start : match.end()].strip():
            spans.append((start, match.end()))
        start = match.end()
    if text[start:].strip():
        spans.append((start, len(text)))
    return tuple(spans)
