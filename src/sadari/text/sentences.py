"""Cutting documents: markdown sections under their headings, and sentences within them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = ("```", "~~~")


@dataclass(frozen=True)
class Part:
    """A section of a document: the headings above it, outermost first (none before the first
    heading), and its running text."""

    path: tuple[str, ...]
    text: str

    @property
    def heading(self) -> str:
        """The nearest heading, "" before the first one."""
        return self.path[-1] if self.path else ""


def sections(text: str) -> list[Part]:
    """The sections of a markdown text that hold text, in order. Inside code fences `#` is no
    heading."""
    parts: list[Part] = []
    path: list[tuple[int, str]] = []
    body: list[str] = []
    fenced = False

    def close() -> None:
        if running := "\n".join(body).strip():
            parts.append(Part(tuple(name for _, name in path), running))
        body.clear()

    for line in text.splitlines():
        fenced ^= line.lstrip().startswith(_FENCE)
        level = 0 if fenced else _heading_level(line)
        if not level:
            body.append(line)
            continue
        close()
        name = line[level:].strip().rstrip("#").rstrip()
        path = [(depth, above) for depth, above in path if depth < level]
        if name:
            path.append((level, name))
    close()
    return parts


def _heading_level(line: str) -> int:
    """How many `#` open the line as a heading (1 to 6), 0 when it is none."""
    level = len(line) - len(line.lstrip("#"))
    return level if level <= 6 and line[level : level + 1].isspace() else 0


# A run of marks is entered only at its start, so that a line of a million dots takes linear time.
_CUT = re.compile(
    r"""
    ^[ ]*(?:```|~~~).*?(?:^[ ]*(?:```|~~~)[ ]*$|\Z)\s*   # a code block is one piece
    | (?<![.!?…])[.!?…]++["'”’)\]」』]*+\s+                # the end of a sentence
    | (?<![。！？])[。！？]++[」』”’]*+\s*
    | \n\s*\n                                          # the end of a paragraph
    | \n(?=\s*(?:[-*+•·]\s|\d{1,3}[.)]\s|[|>]))        # the next list item, table row, quotation
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_NO_END = re.compile(
    r"(?:^|[\s(])(?:\d{1,3}|[A-Za-z]|e\.g|i\.e|vs|cf|no|fig|eq|dr|mr|ms)\.\s+$", re.IGNORECASE
)


def pieces(text: str) -> list[str]:
    """Sentences, list items, table rows and code blocks with the space behind them: joined they
    give `text` back."""
    cuts = [
        found.end()
        for found in _CUT.finditer(text)
        if not _NO_END.search(text, max(0, found.end() - 12), found.end())
    ]
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) if a < b]


def sentences(text: str) -> list[str]:
    """The pieces of `text` in order, each on one line with single spaces."""
    return [line for piece in pieces(text) if (line := " ".join(piece.split()))]
