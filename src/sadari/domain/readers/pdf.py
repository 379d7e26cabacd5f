"""PDF: the text of its pages."""

from __future__ import annotations

from pathlib import Path


def read(path: Path) -> str:
    """The pages' text, a blank line between pages. Raises ValueError when it is locked."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise ValueError("it is locked with a password")
    pages = (page.extract_text() for page in reader.pages)
    return "\n\n".join(page.strip() for page in pages if page.strip())
