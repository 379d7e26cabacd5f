"""A passage: a piece of a document that is small enough to read and whole enough to understand."""

from __future__ import annotations

from dataclasses import dataclass

from sadari.domain.document import Document
from sadari.retrieval.errors import RetrievalError
from sadari.text.sentences import pieces, sections


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
        (" > ".join(section.path), part)
        for section in sections(document.text)
        for part in _split(section.text, characters)
    ]
    return [
        Passage(f"{document.id}#{number}", document.id, document.title, heading, part)
        for number, (heading, part) in enumerate(parts, start=1)
    ]


def _split(body: str, characters: int) -> list[str]:
    if len(body) <= characters:
        return [body] if body else []
    # Parts of like length instead of full ones and a crumb at the end.
    target = len(body) / -(-len(body) // characters)
    parts: list[str] = []
    current = ""
    for sentence in pieces(body):
        too_long = len((current + sentence).rstrip()) > characters
        if current and (too_long or len(current) + len(sentence) / 2 > target):
            parts.append(current.rstrip())
            current = ""
        current += sentence
    return [*parts, current.rstrip()]
