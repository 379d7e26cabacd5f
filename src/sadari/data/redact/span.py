"""A stretch of text that names a person, and the one spelling in which texts are searched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "resident_number",
    "foreigner_number",
    "business_number",
    "corporate_number",
    "passport",
    "driver_licence",
    "phone",
    "account",
    "card",
    "email",
    "name",
    "address",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text hold personal data of one kind."""

    start: int
    end: int
    kind: Kind


# One character for one, so that places in the folded text are places in the text itself.
_FOLDS = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
        **dict.fromkeys("‐‑‒–—―−－⁃ㅡ", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000\t", " "),
        **dict.fromkeys("●○◯•＊✱⚫⚪∗", "*"),
    }
)


# What is drawn as one character or as none: Hangul that a Mac took apart, and invisible characters.
_TAKEN_APART = re.compile(
    "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\u00ad\u200b-\u200d\u2060\ufeff]"
)


def composed(text: str) -> tuple[str, Sequence[tuple[int, int]] | None]:
    """The text as it is seen, decomposed Hangul composed and without invisible characters; and
    where in `text` each of its characters stands, None where nothing changed."""
    if text.isascii() or not _TAKEN_APART.search(text):
        return text, None
    pieces, places, end = [], [], 0
    for match in _TAKEN_APART.finditer(text):
        pieces.append(text[end : match.start()])
        places += [(n, n + 1) for n in range(end, match.start())]
        end = match.end()
        if "\u1100" <= match[0][0] <= "\u1112":
            pieces.append(unicodedata.normalize("NFC", match[0]))
            places.append(match.span())
    pieces.append(text[end:])
    places += [(n, n + 1) for n in range(end, len(text))]
    return "".join(pieces), places


def fold(text: str) -> str:
    """The text in half-width characters, with one kind of dash, space and mask; same length."""
    return text if text.isascii() else text.translate(_FOLDS)
