"""One spelling for text that means the same: Unicode forms, case, spaces."""

from __future__ import annotations

import re
import unicodedata

# Characters that need a look at all: not ASCII, not a Hangul syllable. Keeps the common path fast.
_RARE = re.compile(r"[^\x00-\x7f가-힣]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_RAISED = re.compile(r"[⁰¹²³⁴-⁹⁺⁻₀-₉₊₋]+")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-0123456789+-")


def normalise(text: str) -> str:
    """Returns `text` composed (NFC), with compatibility forms folded where that keeps the meaning,
    casefolded, without control and invisible characters, and with single spaces.

    Folded: full-width letters, unit signs (`㎛`, `℃`, `㎏`), ligatures, indices (`Al₂O₃` is
    `al2o3`). Powers of a number keep their meaning (`10⁻⁶` is `10^-6`, not `10-6`). Not folded:
    fractions and circled numbers, which would melt into their neighbours (`1½`, `①5`), and single
    jamo (`ㅋㅋ`), which NFKC turns into halves of syllables. Idempotent.
    """
    text = unicodedata.normalize("NFC", text)
    text = _RAISED.sub(_lower_raised, text)
    text = _RARE.sub(_fold, text)
    text = _CONTROL.sub("", text).casefold()
    return " ".join(unicodedata.normalize("NFC", text).split())


def _lower_raised(found: re.Match[str]) -> str:
    before = found.string[found.start() - 1 : found.start()]
    plain = found.group().translate(_PLAIN)
    return f"^{plain}" if before.isdigit() else plain


def _fold(found: re.Match[str]) -> str:
    character = found.group()
    category = unicodedata.category(character)
    if character.isspace():
        return " "
    if category in ("Cf", "Cs", "Cc", "Co"):  # joiners, lone surrogates, controls, private use
        return ""
    if category == "No" or "ㄱ" <= character <= "ㆎ" or "ﾠ" <= character <= "ￜ":
        return character
    return unicodedata.normalize("NFKC", character)
