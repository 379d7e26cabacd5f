"""What an answer takes back: negation and its scope, hedges both ways, limits turned around."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sadari.evaluation._matching import Match
from sadari.evaluation._reading import Reading, Span, stems, words

Role = Literal["purpose", "condition", "modifier", "predicate"]

_NEGATION = re.compile(
    r"지(?:는|도|를|가|만|조차)?\s?(?P<long>않|못|말|마[세라십])"
    r"|(?<![가-힣])(?P<short>안|못)(?=\s[가-힣]|[되된됩돼됐하한합해했])"
    r"|(?P<become>안)\s?[되된됩돼됐]|(?P<lack>없(?!애|앤))|(?P<copula>아니|아닙|아닌|아닐)(?![,요오])"
    r"|\b(?P<english>not|never|cannot)\b|n't\b|(?P<ban>불가)"
)
_PURPOSE = re.compile(
    r"(?:않|없|못하|말|안\s?\S{1,3}?)(?:도록|게(?!요)|으려|려고|고자|기\s?위)|없이"
)
_CONDITION = re.compile(
    r"(?:않|없|못하|안\s?[되하]|아니)(?:으면|면|을\s?때|을수록|더라도|았을|었을)"
)
_MODIFIER = re.compile(
    r"(?:않|없)(?:아서?(?![요도])|어서?(?![요도])|은|는(?!다|군|구나)|을|기\s?때문|으므로|으니)"
    r"|못(?:해서?(?![요도])|한(?!다)|하는|할|하기\s?때문|하므로|하여)|아닌"
    r"|안\s?(?:된(?!다)|되는|될|돼서?(?![요도])|되어서?(?![요도])|\S{1,3}[은는을서])(?=\s|$)"
)
# "must not exceed N" and "is not done without" affirm: they deny an excess or an omission
_LIMIT = re.compile(r"(?:넘|초과|벗어나|지나|빠뜨리|잊)\S{0,4}(?:지|면)\S?\s?(?:않|못|말|마|안)")
_DOUBLE = re.compile(
    r"(?:지\s?않|지\s?못하|없)으면\s?안|(?:지\s?않|지\s?못할|안\s?\S{1,3})을?\s?수\s?없"
)
_UNDENIED = re.compile(
    r"\S{0,3}지\S?\s?않|\S{0,3}\s?것[은이]?\s?아[니닙닌]"
    r"|\S{0,4}다(?:고|는)\s(?:\S+\s){1,2}(?:없|아[니닙]|않)"
)
_WHY = re.compile(r"왜|이유|까닭|때문")
_IF = tuple(unicodedata.normalize("NFD", ending) for ending in ("면", "때"))
_TWICE = re.compile(r"지\s?(?:않|못하)지\s?않|없지\s?않|(?:않|없)게\s?하지\s?않")
_NO_REASON = re.compile(r"때문[은이]?\s?아(?:니다|닙니다|니에요|니야)")
_LEADS_ON = re.compile(r"(?:[아어여해져려]서?|(?<!에)서|으?면|니까|므로|때문에)$")
_MAYBE = re.compile(
    r"수도\s?있|지도\s?모|수도\s?없|둘\s?중|중\s?(?:하나|한\s?곳|한\s?쪽)|모르|헷갈|글쎄|알\s?수\s?없|불?분명하|확실하지"
)
_OR_AFTER = re.compile(
    r"^[^,.\n]{0,12}?이?거나\s|^[가-힣]{0,4}?(?:이?나|이?든지?)\s|^\S{0,4}\s?(?:또는|혹은|아니면)\s"
)
_OR_BEFORE = re.compile(
    r"(?:\S(?:이?거나)|(?<!그러)(?<!하)(?<!언제)\S이?나|또는|혹은|아니면)\s(?:[가-힣]+\s){0,2}$"
)
_EITHER = re.compile(r"거나|(?<!그러)(?<!하)(?<!언제)나(?=\s)|또는|혹은|수도\s?있|아니면|든지")
_AT_MOST = re.compile(
    r"\S{0,2}?\s?(?:까지|이내|이하|미만|안에|안쪽|아래)"
    r"|\S{0,3}\s?(?:넘|초과)\S{0,3}(?:지|면)\s?(?:안|않|못|말)"
)
_AT_LEAST = re.compile(
    r"\S{0,2}?\s?(?:이상|초과|부터)(?!\S{0,3}(?:면|일))|\S{0,2}\s?(?:지나|넘어|되어|돼)야"
    r"|\S{0,2}\s?(?:넘|초과)\S{0,2}도\s?(?:[됩돼되]|괜찮)"
)
_IF_UNDER = re.compile(r"\S{0,2}?\s?(?:이하|미만|아래)\S{0,2}(?:면|일\s?때)")
_IF_OVER = re.compile(
    r"\S{0,2}?\s?(?:(?:이상|초과)\S{0,3}(?:면|일\s?때)|(?:넘|초과)\S{0,2}(?:면|을\s?때))(?!\s?안)"
)


@dataclass(frozen=True)
class Negation:
    """A negation at `span` of a text. Only a predicate's denies what stands before it."""

    span: Span
    role: Role
    kind: Literal["verb", "lack", "copula"]
    verb: tuple[str, ...]
    possibility: bool


def negations(text: str, start: int, end: int) -> list[Negation]:
    """The negations of text[start:end], each with its role in the clause and what it negates."""
    found = []
    for match in _NEGATION.finditer(text, start, end):
        at = match.start("long") if match["long"] else match.start()
        rest = text[at:end]
        if _PURPOSE.match(rest):
            role: Role = "purpose"
        elif _CONDITION.match(rest):
            role = "condition"
        elif _MODIFIER.match(rest):
            role = "modifier"
        else:
            role = "predicate"
        if match["short"] or match["become"]:
            verb = stems(text[match.end() : end])[:1]
        else:
            verb = stems(text[start : match.start() + bool(match["long"])].removesuffix("지"))[-1:]
        possible = bool(match["lack"]) and text[start : match.start()].rstrip().endswith("수")
        kind: Literal["verb", "lack", "copula"] = "verb"
        if match["lack"] and not possible:
            kind = "lack"
        elif match["copula"]:
            kind = "copula"
        found.append(Negation(match.span(), role, kind, verb, possible))
    return found


@dataclass(frozen=True)
class Licence:
    """Where a negation is due: `texts` are the question and the evidence's own wording, `home`
    the words of the evidence's clause, `spans` the places of the answer that the key asks for."""

    question: str
    home: str
    spans: Sequence[Span]

    def covers(self, negation: Negation) -> bool:
        """Whether the question, the evidence or the key has the same negation."""
        if any(low <= negation.span[0] < high for low, high in self.spans):
            return True
        for own in negations(self.question, 0, len(self.question)):
            if own.possibility and negation.possibility:
                return True
            if own.role != "condition" and any(_says(v, negation.verb) for v in own.verb):
                return True
        due = [n for n in negations(self.home, 0, len(self.home)) if n.role != "condition"]
        return any(n.kind == negation.kind for n in due)

    def contradicts(self, negation: Negation) -> bool:
        """Whether the evidence says the negated verb plainly."""
        return any(_says(verb, stems(self.home)) for verb in negation.verb)


def denied(match: Match, reading: Reading, licence: Licence) -> bool:
    """Whether the answer denies what `match` says.

    A negated predicate denies its clause: 올라가지 않는다, 세정은 하지 말고, 0.5초가 아니라.
    Purposes (역류하지 않도록) and conditions (않으면) deny nothing; modifiers (남지 않은) only the
    key itself or a verb that the evidence has plain. A negation that the licence covers is due.
    """
    start, end = reading.clause(match.start)
    text, inside = reading.text, reading.text[match.start : match.end]
    after = text[match.end : end]
    if _NEGATION.search(inside) or (inside.endswith("지") and re.match(r"\S?\s?[않못말]", after)):
        return bool(_UNDENIED.match(after.lstrip("않못말") if inside.endswith("지") else after))
    if _DOUBLE.search(text, match.start, end) or _LIMIT.search(text, match.start, end):
        return False
    for negation in negations(text, start, end):
        at, over = negation.span
        gap = text[match.end : at] if at >= match.end else text[over : match.start]
        tied = len(gap) <= 4 and " " not in gap.strip() and (at >= match.end or len(gap) <= 1)
        if negation.role in ("purpose", "condition") or (at < match.start and not tied):
            continue
        if negation.role == "modifier" and not (
            (tied and match.quantity is None) or licence.contradicts(negation)
        ):
            continue
        if negation.kind != "copula" and not tied and _goes_on(match, text):
            continue
        if not licence.covers(negation):
            return True
    return False


def _goes_on(match: Match, text: str) -> bool:
    """Whether the match is a verb that leads on to the next one (벽에 붙어 떨어지지 않는다), so
    that the negation of the next is not its own."""
    word = re.match(r"[가-힣]*", text[match.end :])
    last = text[match.start : match.end] + (word.group() if word else "")
    if re.match(r"[가-힣]*\s?있지", text[match.end :]):  # 붙어 있지 않다: one verb
        return False
    return match.quantity is None and bool(_LEADS_ON.search(last))


def gainsays(
    answer: Reading, evidence: Sequence[Reading], spans: Sequence[Span], question: str
) -> str:
    """What the answer negates and the evidence says, or "".

    For each negated predicate that the key does not ask for: the sentence with the same verb that
    shares most words with the negated clause (a why-question says what it asks about, too). It is
    gainsaid when that sentence does not negate the verb; where only a light verb is negated (하지
    않는다), when the sentence nearest to the clause holds no negation at all.
    """
    pool = [r.text[s:e] for r in evidence for s, e in r.sentences]
    if _WHY.search(question):
        pool.append(question)
    for start, end in answer.clauses:
        text = answer.text[start:end]
        for negation in negations(answer.text, start, end):
            at = negation.span[0]
            if negation.role != "predicate" or any(low <= at < high for low, high in spans):
                continue
            if any(
                m.start() <= at - start < m.end()
                for p in (_LIMIT, _DOUBLE)
                for m in p.finditer(text)
            ):
                continue
            if negation.kind == "copula" and _NO_REASON.search(text):
                return text.strip()
            said = set(words(text))
            best, home = 0, ""
            for sentence in pool:
                shared = len(said & set(words(sentence)))
                if shared > best and (
                    not negation.verb or any(_says(v, stems(sentence)) for v in negation.verb)
                ):
                    best, home = shared, sentence
            if best < 2 or 2 * best < len(said):
                continue
            due = negations(home, 0, len(home))
            same = [n for n in due if any(_says(v, n.verb) for v in negation.verb)]
            if _TWICE.search(text) or not (same if negation.verb else due):
                return text.strip()
    return ""


def _says(verb: str, own: Sequence[str]) -> bool:
    """Whether the words hold a verb's stem, not as a mere condition (늘리면)."""
    for word in own:
        if word.endswith(_IF):
            continue
        if len(verb) < 4 and word.startswith(verb) and len(word) <= len(verb) + 4:
            return True
        if len(verb) >= 4 and word[:4] == verb[:4]:
            return True
    return False


def affirmed_against(match: Match, reading: Reading, question: str) -> bool:
    """Whether the question asks what can *not* be and the answer says that the match can."""
    asked = re.search(r"(\S)\s?수\s?없는", question)
    clause = reading.text[slice(*reading.clause(match.start))]
    return bool(asked and re.search(rf"{asked[1]}\s?수\s?있", clause))


def hedged(match: Match, reading: Reading, others: Sequence[Match]) -> bool:
    """Whether the answer leaves open if `match` holds: 6개월이거나 2년, 총무팀이나 안전팀, 늘 수도
    있고. Two alternatives of one key item are no hedge: `others` are the item's matches."""
    start, end = reading.sentence(match.start)
    before, after = reading.text[start : match.start], reading.text[match.end : end]
    if _MAYBE.search(reading.text, *reading.clause(match.start)):
        return True
    if found := _OR_AFTER.search(after):
        limit = match.end + found.end() + 16
        return not any(match.end <= other.start < limit for other in others)
    if found := _OR_BEFORE.search(before):
        limit = start + found.start() - 16
        return not any(limit <= other.start < match.start for other in others)
    return False


def leaves_open(text: str) -> bool:
    """Whether a sentence of the evidence itself names two ways, so that an answer may too."""
    return bool(_EITHER.search(text) or _MAYBE.search(text))


def bound(text: str, end: int) -> int:
    """How a text limits the quantity that ends at `end`: -1 at most, 1 at least, -2 when below,
    2 when above, 0 not at all."""
    after = text[end : end + 14]
    for limit, pattern in ((-2, _IF_UNDER), (2, _IF_OVER), (-1, _AT_MOST), (1, _AT_LEAST)):
        if pattern.match(after):
            return limit
    return 0
