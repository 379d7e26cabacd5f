"""Names nobody has heard: random syllables, codes and words, so that copying never leans on habit."""

from __future__ import annotations

from random import Random

from training.practice.words import MODIFIERS, ROLES, SURNAMES, THINGS

# All 2,350 syllables of KS X 1001, in its order.
SYLLABLES = [
    bytes((high, low)).decode("euc-kr") for high in range(0xB0, 0xC9) for low in range(0xA1, 0xFF)
]
COMMON = sorted(set("".join(THINGS + MODIFIERS + ROLES)) & set(SYLLABLES))
SUFFIXES = "기 로 판 액 제 관 실 법 부 장치 센터 코드 시스템 공정 모듈 규정 팀 키트 밸브 게이지 라인 양식".split()


def syllables(rng: Random, low: int = 2, high: int = 4) -> str:
    """A word of random syllables; half of them take any of the 2,350, half the usual ones."""
    pool = SYLLABLES if rng.random() < 0.6 else COMMON
    return "".join(rng.choice(pool) for _ in range(rng.randint(low, high)))


def code(rng: Random) -> str:
    """A technical code such as VG12, A-AL01 or 3F-207."""
    letters = "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(rng.randint(1, 4)))
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 4)))
    dash = rng.choice(["", "", "-", "-", "_"])
    return rng.choice([letters + dash + digits, letters + dash + digits, letters,
                       f"{letters[0]}{digits[0]}{dash}{letters}", f"{digits}{letters}"])  # fmt: skip


def latin(rng: Random, capital: float = 0.4) -> str:
    """A pronounceable Latin word that means nothing."""
    word = "".join(
        rng.choice("bcdfghjklmnprstvwz")
        + rng.choice(["a", "e", "i", "o", "u", "ai", "or", "en", "an"])
        for _ in range(rng.randint(2, 3))
    )
    return word.capitalize() if rng.random() < capital else word


def person(rng: Random) -> str:
    """A Korean name with a random given name."""
    pool = SYLLABLES if rng.random() < 0.5 else COMMON
    return rng.choice(SURNAMES) + rng.choice(pool) + rng.choice(pool)


def name(rng: Random) -> str:
    """A name of one word."""
    kind = rng.random()
    if kind < 0.55:
        return syllables(rng)
    if kind < 0.70:
        return syllables(rng, 2, 3) + rng.choice(SUFFIXES)
    if kind < 0.85:
        return code(rng)
    return latin(rng)


class Topic(Random):
    """A source of randomness for one context: it comes back to nouns it has used, as texts do."""

    again = 0.35

    def __init__(self, seed: float) -> None:
        super().__init__(seed)
        self.nouns: list[str] = []


def noun(rng: Random) -> str:
    """A noun phrase of one to three words: known nouns, invented ones, codes, compounds."""
    if not isinstance(rng, Topic):
        return new_noun(rng)
    if rng.nouns and rng.random() < rng.again:
        return rng.choice(rng.nouns)
    rng.nouns.append(new_noun(rng))
    return rng.nouns[-1]


def new_noun(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.22:
        return rng.choice(THINGS)
    if kind < 0.40:
        return name(rng)
    if kind < 0.54:
        return f"{rng.choice(THINGS)} {rng.choice(THINGS)}"
    if kind < 0.70:
        return f"{name(rng)} {rng.choice(THINGS)}"
    if kind < 0.80:
        return f"{rng.choice(MODIFIERS)} {rng.choice(THINGS)}"
    if kind < 0.86:
        return f"{rng.choice(MODIFIERS)} {name(rng)}"
    if kind < 0.93:
        return f"{name(rng)}의 {rng.choice(THINGS)}"
    return f"{rng.choice(THINGS)} {name(rng)}"


def number(rng: Random) -> str:
    """A number as documents write it."""
    kind = rng.random()
    if kind < 0.55:
        return str(rng.choice([rng.randint(1, 9), rng.randint(10, 99), rng.randint(100, 999)]))
    if kind < 0.75:
        return f"{rng.randint(0, 99)}.{rng.randint(1, 99)}"
    if kind < 0.88:
        return f"{rng.randint(1, 99)},{rng.randint(0, 999):03d}"
    return f"{rng.randint(1, 90) * 10}"


def date(rng: Random) -> str:
    """A date in one of the usual spellings."""
    year, month, day = rng.randint(1950, 2035), rng.randint(1, 12), rng.randint(1, 28)
    return rng.choice([f"{month}월 {day}일", f"{year}년 {month}월", f"{year}년 {month}월 {day}일",
                       f"{year}-{month:02d}-{day:02d}", f"매월 {day}일"])  # fmt: skip
