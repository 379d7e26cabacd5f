"""A passage: a piece of a document that is small enough to read and whole enough to understand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sadari.domain.document import Document
from sadari.retrieval.errors import RetrievalError


@dataclass(frozen=True)
class Passage:
    """Whole sentences of one section. `id` is the document's id and a running number from 1;
    `heading` is the path of headings above the text (`A > B`), empty before the first."""

    id: str
    document: str
    title: str
    heading: str
    text: str

    @property
    def place(self) -> str:
        """`title > heading`: where the passage stands, for prompts and citations."""
        return " > ".join(part for part in (self.title, self.heading) if part)


def chunk(document: Document, characters: int = 320) -> list[Passage]:
    """Returns the passages of `document` in order: each section of `#` headings on its own, and a
    section longer than `characters` split at sentences into parts of like length.

    Sentences, list items and table rows are never cut, so a passage holds more than `characters`
    only where a single one of them does. Sections are not merged. A document without text gives
    none. Raises RetrievalError when `characters` is below 1.
    """
    if characters < 1:
        raise RetrievalError(f"A passage needs at least 1 character, not {characters}.")
    parts = [
        (heading, part)
        for heading, body in _sections(document.text)
        for part in _split(body, characters)
    ]
    return [
        Passage(f"{document.id}#{number}", document.id, document.title, heading, part)
        for number, (heading, part) in enumerate(parts, start=1)
    ]


_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """Yields (path of headings, body) for every section that has a body."""
    path: list[tuple[int, str]] = []
    body: list[str] = []
    fenced = False
    for line in text.splitlines():
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        if heading is None:
            body.append(line)
            continue
        yield " > ".join(name for _, name in path), "\n".join(body).strip()
        level = len(heading[1])
        path = [(depth, name) for depth, name in path if depth < level] + [(level, heading[2])]
        body = []
    yield " > ".join(name for _, name in path), "\n".join(body).strip()


def _split(body: str, characters: int) -> list[str]:
    if len(body) <= characters:
        return [body] if body else []
    # Parts of like length instead of full ones and a crumb at the end.
    target = len(body) / -(-len(body) // characters)
    parts: list[str] = []
    current = ""
    for sentence in _sentences(body):
        too_long = len((current + sentence).rstrip()) > characters
        if current and (too_long or len(current) + len(sentence) / 2 > target):
            parts.append(current.rstrip())
            current = ""
        current += sentence
    return [*parts, current.rstrip()]


_CUT = re.compile(
    r"""
    ^[ ]*(?:```|~~~).*?(?:^[ ]*(?:```|~~~)[ ]*$|\Z)\s*   # a code block is one piece
    | [.!?…]+["'”’)\]」』]*\s+                          # the end of a sentence
    | [。！？]+[」』”’]*\s*
    | \n\s*\n                                          # the end of a paragraph
    | \n(?=\s*(?:[-*+•·]\s|\d{1,3}[.)]\s|[|>]))        # the next list item, table row, quotation
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_NO_END = re.compile(
    r"(?:^|[\s(])(?:\d{1,3}|[A-Za-z]|e\.g|i\.e|vs|cf|no|fig|eq|dr|mr|ms)\.\s+$", re.IGNORECASE
)


def _sentences(body: str) -> list[str]:
    """Sentences, list items, table rows, code blocks; joined they give `body` back."""
    cuts = [
        found.end()
        for found in _CUT.finditer(body)
        if not _NO_END.search(body, max(0, found.end() - 12), found.end())
    ]
    return [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True) if a < b]
