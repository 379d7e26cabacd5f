"""DOCX: Word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sadari.domain.readers.tables import markdown_table

_HEADING = re.compile(r"(?:heading|제목)\s*([1-6])", re.IGNORECASE)


def read(path: Path) -> str:
    """Headings, paragraphs, lists and tables in order."""
    from docx import Document
    from docx.table import Table

    parts = []
    for block in Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            parts.append(markdown_table([cell.text for cell in row.cells] for row in block.rows))
        else:
            parts.append(_paragraph(block))
    return "\n\n".join(part for part in parts if part)


def _paragraph(block: Any) -> str:
    text = " ".join(block.text.split())
    style = block.style.name if block.style is not None else ""
    if not text:
        return ""
    if style == "Title":
        return f"# {text}"
    if found := _HEADING.fullmatch(style):
        return f"{'#' * int(found[1])} {text}"
    return f"- {text}" if style.startswith("List") else str(text)
