"""Cutting documents: markdown sections under their headings, and sentences within them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
_END = re.compile(r"(?<=[.!?。])[\"'”’)\]]*\s+(?=\S)")


@dataclass(frozen=True)
class Part:
    """A section of a document: its heading ("" before the first one) and its running text."""

    heading: str
    text: str


def sections(text: str) -> list[Part]:
    """The non-empty sections of a markdown text, in order. Code fences keep their `#` lines."""
    parts: list[Part] = []
    heading, lines, fenced = "", [""], False
    for line in [*text.splitlines(), "# "]:
        if line.lstrip().startswith("```"):
            fenced = not fenced
        match = None if fenced else _HEADING.match(line)
        if match is None and line != "# ":
            lines.append(line)
            continue
        body = "\n".join(lines).strip()
        if body:
            parts.append(Part(heading, body))
        heading, lines = (match[1] if match else ""), []
    return parts


def sentences(text: str) -> list[str]:
    """Sentences in order: cut after . ! ? before a space (a decimal point has none), and at
    line ends."""
    return [
        piece.strip() for line in text.splitlines() for piece in _END.split(line) if piece.strip()
    ]
