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
from sadari.data.grammar import bare_title, nouns_in, nouns_of
from sadari.data.rules import Fact, has_unit, questions_of
from sadari.domain.document import Document
from sadari.text.josa import with_josa
from sadari.text.sentences import Part, sections, sentences

SHORTEST, LONGEST = 15, 240  # characters of a sentence that is asked about
ENOUGH, COMFORTABLE = 80, 160  # characters: an answer grows up to the first, within the second

_ENDS = (".", "!", "다")


@dataclass(frozen=True)
class Pair:
    """One fact asked in several ways; the first wording is the plainest."""

    questions: tuple[str, ...]
    answer: str
    rule: str


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
                for rule, questions in questions_of(Fact(sentence, nouns, circumstance)):
                    if questions:
                        yield Pair(tuple(dict.fromkeys(questions)), answer, rule)


def _from_heading(title: str, heading: str, lines: list[str]) -> Pair:
    subject = heading if _says_enough(title, heading) else _placed(title, heading)
    first = lines[0].rstrip(".")
    amount = heading.endswith(wordings.VALUE) and len(lines) == 1 and has_unit(first)
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


def _in_full(part: Part, lines: list[str]) -> Iterator[str | None]:
    """Each sentence, with what its section's heading tells the reader; None for one that leans on
    the sentences before it."""
    subject, _, head = part.heading.rpartition(" ")
    for line in lines:
        if head in wordings.REMEDY and re.match(rf"{re.escape(head)}(?:의 |[은는] )", line):
            yield f"{subject.removesuffix('의')} {line}"
        else:
            yield None if _ANAPHORA.match(line) else line


def _circumstance(heading: str) -> str:
    """What a section of remedies is for, as the start of a question about one of its steps."""
    before, _, head = heading.rpartition(" ")
    if head not in wordings.REMEDY or not before.endswith("의"):
        return ""
    trouble = before.removesuffix("의")
    return trouble if trouble.endswith("때") else f"{with_josa(trouble, '을')} 조치할 때"


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
