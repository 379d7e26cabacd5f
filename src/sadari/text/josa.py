"""Korean particles and endings that depend on the syllable before them."""

from __future__ import annotations

import re

_FIRST = ord("가")
_NIEUN, _RIEUL, _MIEUM, _BIEUP, _SIOT, _SSANGSIOT, _HIEUH = 4, 8, 16, 17, 19, 20, 27
_PAIRS = {
    "은": "는", "이": "가", "을": "를", "과": "와", "으로": "로", "이란": "란", "이라": "라",
    "이야": "야",
}  # fmt: skip

# Final consonants as they are read aloud. Zeros end in 십, 백, 천, 만: like 영, all closed.
_DIGITS = {"0": 21, "1": 8, "3": 16, "6": 1, "7": 8, "8": 8}  # 영, 일, 삼, 육, 칠, 팔
_LETTERS = {"l": 8, "m": 16, "n": 4, "r": 8}  # 엘, 엠, 엔, 알: spelled out, as in PM
_ENDS_OF_WORDS = {"l": 8, "m": 16, "n": 4}  # read as a word: 필름, 로봇은 아니다
_UNITS = {
    "s": 0, "ms": 0, "h": 0, "min": 4, "m": 0, "mm": 0, "cm": 0, "km": 0, "um": 0, "µm": 0,
    "nm": 0, "å": 16, "kg": 16, "g": 16, "mg": 16, "l": 0, "ml": 0, "w": 0, "kw": 0, "v": 0,
    "a": 0, "hz": 0, "khz": 0, "mhz": 0, "ghz": 0, "pa": 8, "kpa": 8, "mpa": 8, "k": 4,
}  # fmt: skip
_MEASURE = re.compile(r"\d\s?([a-zµå]+)$")
_PARTICLE = re.compile(
    r"(?:에서는|으로는|에는|에서|으로|까지|부터|은|는|이|가|을|를|의|에|와|과|로)$"
)


def without_josa(word: str) -> str:
    """The word without a particle at its end, as far as its spelling tells."""
    return _PARTICLE.sub("", word)


def final_consonant(word: str) -> int:
    """Index of the last syllable's final consonant as it is read aloud; 0 where there is none. A
    note in brackets at the end is not read: a particle agrees with the word before it."""
    word = re.sub(r"(?<=\w)\s?\([^()]*\)$", "", word)
    if word.endswith(("%", "°", "℃")):  # 퍼센트, 도
        return 0
    word = re.sub(r"\W+$", "", word)
    last = word[-1:]
    if "가" <= last <= "힣":
        return (ord(last) - _FIRST) % 28
    measure = _MEASURE.search(word.lower())
    if measure and measure[1] in _UNITS:
        return _UNITS[measure[1]]
    spelled = last.isupper() or not word[-2:-1].isalpha() or "가" <= word[-2:-1] <= "힣"
    ends = _LETTERS if spelled else _ENDS_OF_WORDS
    return _DIGITS.get(last) or ends.get(last.lower(), 0)


def with_josa(word: str, josa: str) -> str:
    """`word` with the particle in its right form; `josa` is the form after a consonant (은, 이,
    을, 과, 으로, 이란, 이라, 이야)."""
    final = final_consonant(word)
    closed = final not in (0, _RIEUL) if josa == "으로" else final != 0
    return word + (josa if closed else _PAIRS[josa])


def adnominal(clause: str) -> str | None:
    """A plain clause as it stands before a noun: 두께가 늘어난다 → 두께가 늘어나는, 시간이 길다 →
    시간이 긴. None when the clause does not end in a plain declarative of the present."""
    clause = clause.rstrip(" .。")
    if not clause.endswith("다") or len(clause) < 2:
        return None
    stem = clause[:-1]
    if not "가" <= stem[-1] <= "힣":
        return None
    if stem[-1] == "니" and len(stem) > 1 and final_consonant(stem[:-1]) == _BIEUP:
        return None  # 됩니다, 없습니다: polite, and before a noun nobody is
    if stem[-1] in "는있없":  # 먹는다, 있다
        return stem if stem[-1] == "는" else stem + "는"
    final = final_consonant(stem)
    if final == _SSANGSIOT:  # the past, and 겠
        return None
    if final == _NIEUN:  # a verb: 오른다, 커진다
        return stem[:-1] + _with_final(stem[-1], 0) + "는"
    if final == 0 or final == _RIEUL:  # an adjective or 이다: 크다 → 큰, 길다 → 긴
        return stem[:-1] + _with_final(stem[-1], _NIEUN)
    if final == _BIEUP and stem[-1] not in "좁굽":  # 쉽다 → 쉬운
        return stem[:-1] + _with_final(stem[-1], 0) + "운"
    if final == _SIOT:  # 낫다 → 나은
        return stem[:-1] + _with_final(stem[-1], 0) + "은"
    if final == _HIEUH and stem[-1] not in "좋":  # 그렇다 → 그런
        return stem[:-1] + _with_final(stem[-1], _NIEUN)
    return stem + "은"


def nominal(stem: str) -> str:
    """A predicate's stem as a noun: 막히 → 막힘, 낮으 → 낮음. A stem that ends in a consonant
    is left as it is."""
    if not stem or final_consonant(stem) or not "가" <= stem[-1] <= "힣":
        return stem
    return stem[:-1] + _with_final(stem[-1], _MIEUM)


def drop_rieul(stem: str) -> str:
    """A verb's stem as it stands before ㄴ and ㅅ: 만들 → 만드."""
    return stem[:-1] + _with_final(stem[-1], 0) if final_consonant(stem) == _RIEUL else stem


def _with_final(syllable: str, final: int) -> str:
    return chr(ord(syllable) - (ord(syllable) - _FIRST) % 28 + final)
