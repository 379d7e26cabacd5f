"""Korean particles and verb endings, enough to write sentences in several registers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
CONTRACTED = {"ㅗ": "ㅘ", "ㅜ": "ㅝ", "ㅣ": "ㅕ", "ㅚ": "ㅙ"}
SILENT = "ㅏㅓㅐㅔㅕ"  # stems that swallow the 아/어 of the next ending

# Particles as (after a consonant, after a vowel).
PARTICLES = {
    "은": ("은", "는"), "이": ("이", "가"), "을": ("을", "를"), "과": ("과", "와"),
    "로": ("으로", "로"), "란": ("이란", "란"), "라": ("이라", "라"), "나": ("이나", "나"),
    "이면": ("이면", "면"), "이고": ("이고", "고"), "이며": ("이며", "며"),
    "이라고": ("이라고", "라고"), "이란": ("이란", "란"), "인가": ("인가", "인가"), "인가요": ("인가요", "인가요"), "이라는": ("이라는", "라는"),
}  # fmt: skip
COPULA = {
    "plain": ("이다", "이다"), "polite": ("입니다", "입니다"), "spoken": ("이에요", "예요"),
}  # fmt: skip


def split(syllable: str) -> tuple[int, int, int] | None:
    """Initial, vowel and final index of a Hangul syllable; None for any other character."""
    code = ord(syllable) - 0xAC00
    return (code // 588, code % 588 // 28, code % 28) if 0 <= code < 11172 else None


def join(initial: int, vowel: int, final: int) -> str:
    return chr(0xAC00 + initial * 588 + vowel * 28 + final)


def final_of(word: str) -> str:
    """The final consonant the word is read with: a jamo, or '' where it ends in a vowel."""
    last = word.rstrip(")]\"' ")[-1:] or "가"
    if parts := split(last):
        return FINALS[parts[2]].strip()
    if last in "178lrLR":
        return "ㄹ"
    return "ㅇ" if last in "036mnMN" else ""


def attach(word: str, particle: str, register: str = "plain") -> str:
    """The word with a particle that fits its last sound; unknown particles are appended."""
    final = final_of(word)
    if particle == "이다":
        return word + COPULA[register][0 if final else 1]
    if particle == "로" and final == "ㄹ":
        return word + "로"
    consonant, vowel = PARTICLES.get(particle, (particle, particle))
    return word + (consonant if final else vowel)


def with_final(text: str, final: str) -> str:
    initial, vowel, _ = split(text[-1]) or (0, 0, 0)
    return text[:-1] + join(initial, vowel, FINALS.index(final))


@dataclass(frozen=True)
class Predicate:
    """A verb or adjective stem. `irregular` is one of 'ㅂ', 'ㅅ', 'ㄷ' or ''."""

    stem: str
    adjective: bool = False
    irregular: str = ""

    def _eu(self, ending: str) -> str:
        """Endings that take 으 after a consonant (면, 므로, 려면)."""
        final = final_of(self.stem)
        if self.irregular == "ㅂ":
            return with_final(self.stem, " ") + "우" + ending
        if self.irregular == "ㅅ":
            return with_final(self.stem, " ") + "으" + ending
        if self.irregular == "ㄷ":
            return with_final(self.stem, "ㄹ") + "으" + ending
        return self.stem + ("" if final in ("", "ㄹ") else "으") + ending

    def _closed(self, jamo: str, long: str) -> str:
        """Endings that close an open syllable (ㄴ, ㄹ, ㅂ) and have a long form elsewhere."""
        final = final_of(self.stem)
        if self.irregular == "ㅂ" and jamo != "ㅂ":
            return with_final(self.stem, " ") + with_final("우", jamo)
        if final in ("", "ㄹ"):
            return with_final(self.stem, jamo)
        if self.irregular == "ㄷ" and jamo != "ㅂ":
            return with_final(self.stem, "ㄹ") + long
        if self.irregular == "ㅅ" and jamo != "ㅂ":
            return with_final(self.stem, " ") + long
        return self.stem + long

    def _open(self, ending: str) -> str:
        """Endings before which ㄹ falls (는, 나, 니)."""
        stem = with_final(self.stem, " ") if final_of(self.stem) == "ㄹ" else self.stem
        return stem + ending

    def infinitive(self) -> str:
        """The 아/어 form: 늘어나 → 늘어나, 막히 → 막혀, 바르 → 발라, 교체하 → 교체해."""
        stem, last = self.stem, self.stem[-1]
        initial, vowel, final = split(last) or (0, 0, 0)
        name = VOWELS[vowel]
        if last == "하":
            return stem[:-1] + "해"
        if self.irregular == "ㅂ":
            return with_final(stem, " ") + "워"
        if self.irregular in ("ㅅ", "ㄷ"):
            body = with_final(stem, " " if self.irregular == "ㅅ" else "ㄹ")
            return body + ("아" if name in "ㅏㅗ" else "어")
        if final:
            return stem + ("아" if name in "ㅏㅗㅑ" else "어")
        if last == "르" and len(stem) > 1:
            bright = VOWELS[(split(stem[-2]) or (0, 0, 0))[1]] in "ㅏㅗ"
            return with_final(stem[:-1], "ㄹ") + ("라" if bright else "러")
        if name == "ㅡ":
            before = VOWELS[(split(stem[-2]) or (0, 0, 0))[1]] if len(stem) > 1 else ""
            return stem[:-1] + join(
                initial, VOWELS.index("ㅏ" if before in ("ㅏ", "ㅗ") else "ㅓ"), 0
            )
        if name in SILENT:
            return stem
        if name in CONTRACTED:
            return stem[:-1] + join(initial, VOWELS.index(CONTRACTED[name]), 0)
        return stem + "어"

    def end(self, ending: str, register: str = "plain") -> str:
        """The conjugated form; `ending` '다' follows the register."""
        return _conjugate(self, ending, register)


@lru_cache(maxsize=200_000)
def _conjugate(word: Predicate, ending: str, register: str) -> str:
    being = word.stem[-1] in "있없"
    past = with_final(word.infinitive(), "ㅆ")
    match ending:
        case "다":
            if register == "polite":
                return word._closed("ㅂ", "습") + "니다"
            if register == "spoken":
                return word.infinitive() + "요"
            if word.adjective or being:
                return word.stem + "다"
            return word._closed("ㄴ", "는") + "다"
        case "었다":
            return past + {"plain": "다", "polite": "습니다", "spoken": "어요"}[register]
        case "어요":
            return word.infinitive() + "요"
        case "어":
            return word.infinitive()
        case "어서" | "어도" | "어야" | "어서는":
            return word.infinitive() + ending[1:]
        case "면" | "므로" | "려면" | "려고" | "면서" | "며":
            return word._eu(ending)
        case "니까" | "니" | "십시오" | "세요":
            base = word._eu(ending)
            return word._closed(" ", "으") + ending if final_of(word.stem) == "ㄹ" else base
        case "는":
            return word._closed("ㄴ", "은") if word.adjective and not being else word._open("는")
        case "은":
            return word._closed("ㄴ", "은") if not being else word.stem + "는"
        case "ㄹ":
            return word._closed("ㄹ", "을")
        case "음":
            return word._closed("ㅁ", "음")
        case "는데" | "는가" | "는지" | "는다면":
            tail = ending[1:]
            if ending == "는다면":
                return word.stem + "다면" if word.adjective else word._closed("ㄴ", "는") + "다면"
            adnominal = (
                word._closed("ㄴ", "은") if word.adjective and not being else word._open("는")
            )
            return adnominal + tail
        case "나요":
            return (
                word._closed("ㄴ", "은") + "가요"
                if word.adjective and not being
                else word._open("나요")
            )
        case "나":
            return word._open("나")
        case "까":
            return word._closed("ㄹ", "을") + "까"
        case "었을":
            return past + "을"
        case "었는데":
            return past + "는데"
        case "고" | "지" | "기" | "게" | "도록" | "지만" | "거나":
            return word.stem + ending
    raise ValueError(f"no ending {ending!r}")
