"""A stretch of text that names a person, and the one spelling in which texts are searched."""

from __future__ import annotations

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


def fold(text: str) -> str:
    """The text in half-width characters, with one kind of dash, space and mask; same length."""
    return text if text.isascii() else text.translate(_FOLDS)
