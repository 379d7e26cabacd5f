"""Korean particles and endings that depend on the syllable before them."""

from __future__ import annotations

import re

_FIRST = ord("가")
_NIEUN, _MIEUM = 4, 16  # indices of the final consonants ㄴ and ㅁ
_PAIRS = {"은": "는", "이": "가", "을": "를", "과": "와", "이란": "란", "이라": "라", "이야": "야"}
_DIGIT_FINALS = {"0": 21, "1": 8, "3": 16, "6": 1, "7": 8, "8": 8}  # 영, 일, 삼, 육, 칠, 팔
_LETTER_FINALS = {"l": 8, "m": 16, "n": 4, "r": 8}  # 엘, 엠, 엔, 알


def final_consonant(word: str) -> int:
    """Index of the last syllable's final consonant as it is read aloud; 0 where there is none."""
    last = re.sub(r"[^\w]", "", word)[-1:].lower()
    if "가" <= last <= "힣":
        return (ord(last) - _FIRST) % 28
    return _DIGIT_FINALS.get(last) or _LETTER_FINALS.get(last, 0)


def with_josa(word: str, josa: str) -> str:
    """`word` with the particle in its right form; `josa` is the form after a consonant (은, 이,
    을, 과, 이란, 이야), or 으로."""
    final = final_consonant(word)
    if josa == "으로":
        return word + ("로" if final in (0, 8) else "으로")
    return word + (josa if final else _PAIRS[josa])


def adnominal(clause: str) -> str | None:
    """A plain clause as it stands before a noun: 두께가 늘어난다 → 두께가 늘어나는. None when the
    clause does not end in a plain declarative."""
    clause = clause.rstrip(" .。")
    if not clause.endswith("다") or len(clause) < 3:
        return None
    stem = clause[:-1]
    if stem.endswith("는"):
        return stem
    if stem.endswith(("았", "었", "였", "했", "겠")):
        return None
    if stem[-1] in "있없":
        return stem + "는"
    if not "가" <= stem[-1] <= "힣":
        return None
    final = final_consonant(stem)
    bare = chr(ord(stem[-1]) - final)
    if final == _NIEUN:
        return stem[:-1] + bare + "는"
    if final == 0:
        return stem[:-1] + chr(ord(stem[-1]) + _NIEUN)
    return stem + "은"


def nominal(stem: str) -> str:
    """A predicate's stem as a noun: 막히 → 막힘, 낮으 → 낮음. A stem that ends in a consonant
    is left as it is."""
    if not stem or final_consonant(stem) or not "가" <= stem[-1] <= "힣":
        return stem
    return stem[:-1] + chr(ord(stem[-1]) + _MIEUM)
