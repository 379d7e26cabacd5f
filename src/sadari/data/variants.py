"""How the same thing is typed and heard: endings, keywords, spaces, spelling, numbers in words.
Each function gives another form of a Korean text with the same meaning, or None where it has
nothing to change."""

from __future__ import annotations

import re
from random import Random

from sadari.text.josa import with_josa

# Polite and plain ends of questions and requests. Longer ones first.
_ENDINGS = (
    ("알려 주시겠어요", "알려줄래"), ("알려 주세요", "알려줘"), ("해야 하나요", "해야 돼"),
    ("어떻게 되나요", "어떻게 돼"), ("무엇인가요", "뭐야"), ("뭔가요", "뭐야"),
    ("얼마인가요", "얼마야"), ("언제인가요", "언제야"), ("어디인가요", "어디야"),
    ("누구인가요", "누구야"), ("있습니까", "있어"), ("없습니까", "없어"), ("있나요", "있어"),
    ("없나요", "없어"), ("하나요", "해"), ("되나요", "돼"), ("됩니까", "돼"), ("합니까", "해"),
    ("주세요", "줘"), ("할까요", "할까"), ("될까요", "될까"), ("싶어요", "싶어"),
    ("싶습니다", "싶어"), ("했어요", "했어"), ("됐어요", "됐어"), ("인가요", "이야"),
)  # fmt: skip
_DROP_YO = re.compile(r"(?<=[어아해돼줘네게까지워여와])요(?=[?.!]*$)")
_END = re.compile(r"[\s?.!~]*$")
_ASKS = re.compile(
    r"\s*(?:(?:이|가|은|는|을|를)?\s?(?:무엇|뭐|뭔|뭘|얼마|언제|어디|누구|어떻게|왜|몇)\S*|알려\s?\S+|"
    r"설명해\s?\S+|말해\s?\S+|달라\S+|다른가요|가르쳐\s?\S+|궁금\S+|있\S{1,3}|되나요|돼|하나요|해|하면|해야|싶\S+|"
    r"주세요|줘|인가요|건가요|좀)$"
)
_AGREE = dict(zip("은는이가을를과와", "은은이이을을과과", strict=True))
_PLACE = re.compile(r"(?<=[가-힣]{2})(?:에서는|으로는|에는|에서|으로|까지|부터|에게|의)$")

# What people confuse in writing. The right form first.
_CONFUSED = (
    ("어떻게", "어떡해"), ("어떡해", "어떻해"), ("되나요", "돼나요"), ("돼요", "되요"),
    ("안 돼", "안 되"), ("않", "안"), ("왠지", "웬지"), ("며칠", "몇일"), ("로서", "로써"),
    ("금세", "금새"), ("얘기", "예기"), ("오랜만", "오랫만"), ("설거지", "설겆이"),
    ("역할", "역활"), ("할게", "할께"), ("거예요", "거에요"), ("맞추", "마추"), ("웬만", "왠만"),
    ("결제", "결재"), ("낫", "낳"), ("뵈", "봬"),
)  # fmt: skip
_VOWELS = {1: 5, 5: 1, 3: 7, 7: 3, 10: 15, 11: 10, 15: 11}  # ㅐ↔ㅔ, ㅒ↔ㅖ, ㅙ, ㅚ, ㅞ
_BASE, _PER_LEAD, _PER_VOWEL = ord("가"), 588, 28

_SINO = "영일이삼사오육칠팔구"
_NATIVE = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_COUNTERS = "개|명|시(?!간)|시간|번(?!째)|살|마리|잔|병|장|켤레|그릇|접시|송이"
_AMOUNT = re.compile(
    rf"(?<![\w.,:-])(\d{{1,4}})\s?(?:({_COUNTERS})|(분|초|일|월|원|도|년|퍼센트|%|층|호))(?![A-Za-z])"
)
_HEARD = (("십육", "심뉵"), ("백육", "뱅뉵"), ("십만", "심만"), ("육만", "융만"), ("십일", "시빌"))


def other_ending(text: str, draw: Random) -> str | None:
    """Plain for polite and polite for plain: 알려 주세요 ↔ 알려줘."""
    body, tail = _cut(text)
    for polite, plain in _ENDINGS:
        for have, want in ((polite, plain), (plain, polite)):
            stem = body.removesuffix(have)
            if stem == body or (len(have) == 1 and not re.search(r"[가-힣] $", stem)):
                continue
            if want == "이야":
                return (with_josa(stem, "이야") if stem else want) + tail
            if have != "이야":
                return stem + want + tail
    dropped = _DROP_YO.sub("", body)
    return dropped + tail if dropped != body else None


def as_keywords(text: str, draw: Random) -> str | None:
    """What is typed into a search box: no question word, no ending, no particles."""
    body = _cut(text)[0]
    before = None
    while before != body:
        before, body = body, _ASKS.sub("", body).rstrip(" ,")
    words = [_bare(word) for word in body.split()]
    short = " ".join(word for word in words if word)
    whole = len(words) > 1 and not short.endswith((" 수", " 것", " 거", " 때"))
    return short if whole and short != _cut(text)[0] else None


def _bare(word: str) -> str:
    if len(word) > 2 and word[-1] in _AGREE and with_josa(word[:-1], _AGREE[word[-1]]) == word:
        return word[:-1]
    return _PLACE.sub("", word)


def less_spaced(text: str, draw: Random) -> str | None:
    """One to all of the spaces left out, as on a phone."""
    spaces = [i for i, c in enumerate(text) if c == " "]
    if not spaces:
        return None
    gone = set(spaces if draw.random() < 0.3 else draw.sample(spaces, (len(spaces) + 1) // 2))
    return "".join(c for i, c in enumerate(text) if i not in gone)


def misspelt(text: str, draw: Random) -> str | None:
    """One frequent confusion (되/돼, ㅐ/ㅔ), never in a word with digits or Latin letters."""
    known = [(right, wrong) for right, wrong in _CONFUSED if right in text]
    if known:
        right, wrong = draw.choice(known)
        return text.replace(right, wrong, 1)
    places = [i for i, c in enumerate(text) if "가" <= c <= "힣" and _vowel(c) in _VOWELS]
    if not places:
        return None
    at = draw.choice(places)
    code, vowel = ord(text[at]), _vowel(text[at])
    return text[:at] + chr(code + (_VOWELS[vowel] - vowel) * _PER_VOWEL) + text[at + 1 :]


def as_heard(text: str, draw: Random) -> str | None:
    """Numbers with a counter as a transcript of speech spells them: 16일 → 심뉵 일, 3개 → 세 개."""
    heard = _AMOUNT.sub(_spoken, text)
    return heard if heard != text else None


def _spoken(found: re.Match[str]) -> str:
    number = int(found[1])
    if found[2] and 0 < number < 100:
        words = _TENS[number // 10] + _NATIVE[number % 10]
        words = {"스물": "스무"}.get(words, words)
        return f"{words} {found[2]}"
    words = sino(number)
    for right, wrong in _HEARD:
        words = words.replace(right, wrong)
    return f"{words} {(found[2] or found[3]).replace('%', '퍼센트')}"


def sino(number: int) -> str:
    """A number from 0 to 9,999 in Sino-Korean words: 125 → 백이십오."""
    words = ""
    for place, name in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
        digit = number // place % 10
        if digit:
            words += ("" if digit == 1 and name else _SINO[digit]) + name
    return words or "영"


def _vowel(syllable: str) -> int:
    return (ord(syllable) - _BASE) % _PER_LEAD // _PER_VOWEL


def _cut(text: str) -> tuple[str, str]:
    """The text without its closing signs, and these."""
    end = _END.search(text)
    cut = end.start() if end else len(text)
    return text[:cut], text[cut:]
