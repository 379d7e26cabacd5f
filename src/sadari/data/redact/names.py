"""Names of people, found by what stands around them: a label, a title, a greeting, a phone."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence

from sadari.data.redact.given import COMMON
from sadari.data.redact.nouns import ENDINGS, NOUNS, OFFICES, STEMS
from sadari.data.redact.people import (
    CALLED,
    CLOSED,
    COMMON_TOO,
    COMMONEST,
    FIELDS,
    FIRST,
    FOREIGN,
    MASKED,
    MASKED_SURE,
    NAMING,
    ONE,
    PEOPLE_ONLY,
    PERSONAL,
    RANKS,
    ROLES,
    ROMAN,
    ROMAN_SURE,
    SHORT,
    SPACED,
    TITLES,
    USUAL_SHORT,
    WHOLE,
    YOUNG,
)
from sadari.data.redact.span import Span

_ANY_HANGUL = r"[가-힣]{2,6}(?: [가-힣]{1,4}){0,2}"
_BEFORE = re.compile(
    rf"(?:(?<![가-힣A-Za-z])(?:제 |내 |저의 |엄마 |아빠 |아이 )?"
    rf"(?P<field>{FIELDS}|(?:{CLOSED})(?= ?[:：=])))"
    rf"(?P<tie> ?[:：=] ?|(?:은|는|이|가)? | ?\( ?)"
    rf"(?P<name>{ROMAN}|{FOREIGN}|{MASKED}|{SPACED}|{_ANY_HANGUL})"
)
_TAIL = (
    r"(?:이?(?:라고|라는|에요|예요|였|인데|입니다|이라)|이가|이는|의|은|는|이|가|을|를|과|와|도"
    r"|으로|로|랑|에게|한테|께|님|씨|만|까지|부터|처럼|하고|이랑|보다|야)"
)
_WITH_TITLE = re.compile(
    rf"(?<![가-힣A-Za-z])(?P<name>{WHOLE}|{MASKED}|{SPACED}|{ROMAN})"
    rf"(?: ?(?:{TITLES}|{PEOPLE_ONLY})|{YOUNG})"
    rf"|(?<![가-힣])(?P<person>{WHOLE})(?:{PERSONAL})"
    rf"|(?<![가-힣])(?P<short>{USUAL_SHORT})(?: ?{CALLED}| (?:{RANKS}))"
    rf"|(?:^|[.!?] |\n)(?:- ?|From )(?P<signed>{WHOLE})(?=$|\n)"
)
_ROLE_WORDS = re.compile(
    rf"(?<![가-힣])(?:{ROLES}) (?P<name>{MASKED}|{WHOLE})(?={_TAIL}?(?:$|[^가-힣]))"
)
_INTRODUCED = re.compile(
    rf"(?<![가-힣])(?:저는|나는|저|제가|안녕하세요[,.!]?) (?P<name>{WHOLE})"
    r"(?=이?(?:라고|에요|예요|입니다|인데|이라))"
    rf"|(?:^|[.!?\]] |\n)(?P<first>{WHOLE})(?= ?(?:입니다|이에요|예요|인데요))"
    rf"|(?<![가-힣])(?P<called>{WHOLE})"
    r"(?=이?라(?:고 (?:합|해|하|불)|는 이름)| ?으?로 (?:예약|가입|입금)"
    r"|(?:이랑|랑|과|와|하고) (?:통화|연락|상담|만나|만났|약속|합의|미팅|면담|협의|대화|동행))"
)
_ENDS = re.compile(rf"(?P<name>{WHOLE}|{FIRST}[가-힣]{{2}}|{SHORT})(?={_TAIL}?(?:$|[^가-힣]))")
_KNOWN = re.compile(
    rf"(?<![가-힣])(?:(?P<name>{ONE}[가-힣]{{2}})(?={_TAIL}?(?:$|[^가-힣]))"
    rf"|(?P<given>[가-힣]{{2}}) ?{CALLED})|(?P<sure>{MASKED_SURE}|{ROMAN_SURE})"
)
_AND = r"(?: ?[,/·] ?|(?:과|와|하고|이랑|랑) )"
_LISTED = re.compile(rf"{_AND}(?P<name>{MASKED}|{WHOLE})(?={_TAIL}?(?:$|[^가-힣]))")
_LISTED_BEFORE = re.compile(rf"(?<![가-힣])(?P<name>{MASKED}|{WHOLE}){_AND}$")
_ALONE = re.compile(
    rf"(?<![가-힣])(?P<name>{WHOLE})(?![가-힣])|(?<![A-Za-z])(?P<roman>{ROMAN})(?![A-Za-z])"
)
_WEAK = ("person", "called", "first")  # contexts that things have too, now and then
_DEPARTMENTS = frozenset("팀실과부처반점사소청단회층이")
_BEHIND_NAMES = re.compile("[이은을의과](?![가-힣])|에게|한테|으로")
_LIKE_ENDINGS = frozenset("이은나하일인란진한정지임도")
_PLACES = frozenset("시군구읍면")
_FAR = 5  # characters
_LONGEST = 10  # characters of a name and what joins it to the next
_NEAR_DATA = re.compile(r"^ ?[(/,<\[|]? ?$")


def _is_name(said: str) -> bool:
    """Whether syllables that could be a name are no noun, bare or with an ending."""
    if said.count(" ") == 1 and not said.isascii():  # 이 사실
        return said[2:] in COMMON
    stemmed = said[:2] in STEMS and (len(said) == 2 or said[2:] in ENDINGS)
    return not (said in NOUNS or stemmed or said.endswith("의"))


def _is_surely_name(said: str) -> bool:
    """The same where little around it says so: no noun with a suffix, no department."""
    if said[1:] in COMMON:
        return _is_name(said)
    return _is_name(said) and said[:2] not in STEMS and said[-1] not in _DEPARTMENTS


def _is_known(said: str, behind: str) -> bool:
    """Whether a name needs no context: its given name is common, and it is no noun or verb with an
    ending (`기준이`, `진정한`), which the commonest surnames rule out, and particles `behind` it
    that no ending takes."""
    if said[1:] not in COMMON:
        return False
    usual = said[0] in COMMONEST or said[0] in COMMON_TOO
    if said[2] not in _LIKE_ENDINGS:
        return usual
    sure = said[0] in COMMONEST or (usual and said[2] in "진정지")
    sure = sure or (said[2] in "은인일란진한정" and bool(_BEHIND_NAMES.match(behind)))
    return sure and said[:2] not in STEMS


def find_names(text: str, others: Sequence[Span]) -> Iterator[Span]:
    """Names in folded text. `others` are the spans already found: a name beside a phone number
    needs no title."""
    named: list[Span] = []
    for match in _WITH_TITLE.finditer(text):
        named += _span(match, match.lastgroup or "name")
    for match in _INTRODUCED.finditer(text):
        named += _span(match, match.lastgroup or "name")
    for match in _BEFORE.finditer(text):
        named += _after_field(match)
    for match in _ROLE_WORDS.finditer(text):
        named += _span(match, "name")
    named += _beside(text, others)
    named += _known(text)
    starts, ends = {span.start for span in named}, {span.end for span in named}
    for span in tuple(named):
        named += [*_listed(text, span.end, starts), *_listed_before(text, span.start, ends)]
    yield from named
    yield from _again(text, {text[span.start : span.end] for span in named})


def _span(match: re.Match[str], group: str) -> list[Span]:
    judge = _is_surely_name if group in _WEAK else _is_name
    if not judge(match[group]):
        return []
    return [Span(match.start(group), match.end(group), "name")]


def _after_field(match: re.Match[str]) -> list[Span]:
    """The name that a field holds. Behind a colon two syllables are enough."""
    start, said = match.start("name"), match["name"]
    if said.count(" ") == 1 and re.fullmatch(SPACED, said) and said[2:] not in COMMON:
        return []
    if not re.match(r"[가-힣]{2}", said) or re.fullmatch(f"{MASKED}|{SPACED}", said):
        return [Span(start, match.end("name"), "name")]
    found = _ENDS.match(match.string, start)
    if found is None or not _is_name(found["name"]):
        return []
    whole = re.fullmatch(f"{WHOLE}|{USUAL_SHORT}", found["name"])
    if re.search("[은는이가]", match["tie"]) and not re.search(NAMING, match["field"]):
        return []
    if not whole and (found["name"][-1] in OFFICES or not re.search("[:：=]", match["tie"])):
        return []
    return [Span(start, found.end("name"), "name")]


def _beside(text: str, others: Sequence[Span]) -> list[Span]:
    """Names that stand right before or behind a phone number, an address, an account. `others` are
    in order and do not overlap."""
    if not others:
        return []
    found = []
    starts = [other.start for other in others]
    for match in _ALONE.finditer(text):
        place = bisect(starts, match.start())
        before = others[place - 1].end if place else -_FAR
        after = starts[place] if place < len(starts) else len(text) + _FAR
        near = match.start() - before < _FAR and _NEAR_DATA.match(text[before : match.start()])
        near = (
            near
            or (
                match[0][-1] not in _PLACES  # 한빛시 중앙로 12
                and after - match.end() < _FAR
                and _NEAR_DATA.match(text[match.end() : after])
            )
        )
        if near and match[0][2] not in "가이는을를의에로지":
            found += _span(match, match.lastgroup or "name")
    return found


def _known(text: str) -> list[Span]:
    """Surname and a common given name, whatever stands around; the given name alone as one calls
    people by it."""
    found: list[Span] = []
    for match in _KNOWN.finditer(text):
        if (
            match["sure"]
            or match["given"] in COMMON
            or _is_known(match["name"] or "", text[match.end() : match.end() + 3])
        ):
            found += _span(match, match.lastgroup or "name")
    return found


def _again(text: str, names: set[str]) -> Iterator[Span]:
    """The other places where a name stands that was found by its context once."""
    whole = [re.escape(name) for name in names if re.fullmatch(WHOLE, name)]
    if whole:
        for match in re.finditer(rf"(?<![가-힣])(?:{'|'.join(whole)})", text):
            yield Span(match.start(), match.end(), "name")


def _listed_before(text: str, start: int, known: set[int]) -> Iterator[Span]:
    """The names before one in a list, up to one whose end is known."""
    while match := _LISTED_BEFORE.search(text, max(0, start - _LONGEST), start):
        if match.end("name") in known or not _is_surely_name(match["name"]):
            return
        start = match.start("name")
        known.add(match.end("name"))
        yield Span(start, match.end("name"), "name")


def _listed(text: str, end: int, known: set[int]) -> Iterator[Span]:
    """The names that follow one in a list, up to one whose start is known."""
    while (match := _LISTED.match(text, end)) and match.start("name") not in known:
        known.add(match.start("name"))
        yield from _span(match, "name")
        end = match.end()
