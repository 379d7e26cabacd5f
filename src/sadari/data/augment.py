"""More ways to ask for the same: variants of a record's question, and of the names, dates and
addresses in it. Each variant keeps a link to its parent and its parent's group, so that no split
separates them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from types import MappingProxyType

from sadari.data import variants
from sadari.data.leakage import LeakageIndex
from sadari.data.types import Record, SetAside, Step

Variant = Callable[[str, Random], str | None]

# Another form of the user's words; the answer stays.
OF_QUESTION: Mapping[str, Variant] = MappingProxyType(
    {
        "ending": variants.other_ending,
        "keywords": variants.as_keywords,
        "spacing": variants.less_spaced,
        "spelling": variants.misspelt,
        "heard": variants.as_heard,
    }
)

_SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍"
_GIVEN = "민준 서연 도윤 하은 지호 수아 현우 지민 예린 태영 은서 준혁".split()
_NAME = re.compile(
    rf"(?<![가-힣])[{_SURNAMES}][가-힣]{{2}}(?=\s?(?:님|씨|고객|과장|대리|부장|차장|사원|팀장|선생|기사))"
)
_DATE = re.compile(r"(?<!\d)(?:1[0-2]|[1-9])월 ?(?:[12]\d|3[01]|[1-9])일(?!\d)")
_TIME = re.compile(r"(?<![가-힣])(?:오전|오후|저녁) ?(?:1[0-2]|[1-9])시(?!간)(?: ?[1-5]?\d분)?")
_ADDRESS = re.compile(
    r"(?<![가-힣])(?:서울|부산|대구|인천|광주|대전|울산|경기)(?:특별시|광역시|시|도)? "
    r"(?:[가-힣]{1,4}시 )?[가-힣]{1,4}[구군] [가-힣0-9]{1,8}[로길] ?\d+(?:-\d+)?"
)
_PLACES = (
    "서울시 마포구 월드컵로 212", "부산시 해운대구 센텀중앙로 48", "대전시 유성구 대학로 99",
    "경기도 수원시 영통구 광교로 145", "인천시 연수구 송도과학로 32", "광주시 북구 첨단과기로 123",
)  # fmt: skip
_DIGIT = re.compile(r"\d")

_Swap = tuple[re.Pattern[str], Callable[[Random], str]]

# Other values for the same slot, replaced in every turn of the record.
OF_RECORD: Mapping[str, _Swap] = MappingProxyType(
    {
        "name": (_NAME, lambda draw: draw.choice(_SURNAMES) + draw.choice(_GIVEN)),
        "date": (_DATE, lambda draw: f"{draw.randint(1, 12)}월 {draw.randint(1, 28)}일"),
        "time": (_TIME, lambda draw: f"{draw.choice(('오전', '오후'))} {draw.randint(1, 11)}시"),
        "address": (_ADDRESS, lambda draw: draw.choice(_PLACES)),
    }
)
KINDS = (*OF_QUESTION, *OF_RECORD)


def augment(
    records: Sequence[Record], per_record: int, seed: int, exam: LeakageIndex
) -> tuple[list[Record], Step]:
    """The records, each followed by up to `per_record` variants of different kinds (fewer where
    nothing can be changed), none of which the `exam` asks, and the account. The same seed gives
    the same variants."""
    out: list[Record] = []
    aside: list[SetAside] = []
    for record in records:
        out.append(record)
        for variant in variants_of(record, per_record, seed):
            if reason := exam.against(variant):
                aside.append(SetAside(variant.place, reason))
            else:
                out.append(variant)
    made = len(out) + len(aside) - len(records)
    return out, Step("augment", len(records), len(out), made, set_aside=tuple(aside))


def variants_of(record: Record, most: int, seed: int, kinds: Sequence[str] = KINDS) -> list[Record]:
    """Up to `most` variants of one record, named `<id>~<kind>`; none of a variant."""
    if "~" in record.id:
        return []
    draw = Random(f"{seed}/{record.id}")
    found: list[Record] = []
    for kind in draw.sample(list(kinds), len(kinds)):
        if len(found) == most:
            break
        made = _swapped(record, kind, draw) if kind in OF_RECORD else _asked(record, kind, draw)
        if made is not None:
            parent = record.parent or record.id
            found.append(replace(made, id=f"{record.id}~{kind}", parent=parent))
    return found


def is_variant(record: Record) -> bool:
    """Whether `variants_of` made the record."""
    _, variant, kind = record.id.rpartition("~")
    return bool(variant and record.parent) and kind in KINDS


def _asked(record: Record, kind: str, draw: Random) -> Record | None:
    """The record with the form of one user turn changed."""
    turns = [i for i, m in enumerate(record.messages) if m.role == "user"]
    if not turns:
        return None
    at = draw.choice(turns)
    message = record.messages[at]
    text = OF_QUESTION[kind](message.content, draw)
    if text is None or not text.strip() or text == message.content:
        return None
    messages = list(record.messages)
    messages[at] = replace(message, content=text)
    return replace(record, messages=tuple(messages))


def _swapped(record: Record, kind: str, draw: Random) -> Record | None:
    """The record with one value replaced wherever it stands. None where another number would be
    left in an answer: it may have been reckoned from the value."""
    pattern, make = OF_RECORD[kind]
    said = [m.content for m in record.messages if m.role == "user"]
    found = next((match.group() for text in said if (match := pattern.search(text))), None)
    if found is None:
        return None
    value = make(draw)
    if value == found:
        return None
    answers = "".join(m.content for m in record.messages if m.role == "assistant")
    if kind in ("date", "time") and _DIGIT.search(answers.replace(found, "")):
        return None
    if any(m.tool_calls for m in record.messages) or (record.rejected and found in answers):
        return None
    messages = tuple(replace(m, content=m.content.replace(found, value)) for m in record.messages)
    return replace(record, messages=messages)
