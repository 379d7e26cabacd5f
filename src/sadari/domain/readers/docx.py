"""DOCX: Word."""

from __future__ import annotations

import re
from pathlib import Path

from sadari.domain.readers.tables import markdown_table

MOST_COLUMNS = 1_000  # Word stops at 63

_HEADING = re.compile(r"(?:heading|제목)\s*([1-6])", re.IGNORECASE)


def read(path: Path) -> str:
    """Headings, paragraphs, lists and tables in order. Raises ValueError for a table that Word
    could not have made."""
    from docx import Document
    from docx.table import Table

    parts = []
    styles: dict[str | None, str] = {}  # looking one up takes milliseconds
    for block in Document(str(path)).iter_inner_content():
        if isinstance(block, Table):
            cells = (cell for row in block._tbl.tr_lst for cell in row.tc_lst)
            widest = max((cell.grid_span for cell in cells), default=1)
            if widest > MOST_COLUMNS:
                raise ValueError(f"a cell spans {widest:,} columns")
            parts.append(markdown_table([cell.text for cell in row.cells] for row in block.rows))
        else:
            key = block._p.style
            if key not in styles:
                styles[key] = (block.style.name if block.style is not None else "") or ""
            parts.append(_paragraph(block.text, styles[key]))
    return "\n\n".join(part for part in parts if part)


def _paragraph(said: str, style: str) -> str:
    text = " ".join(said.split())
    if not text:
        return ""
    if style == "Title":
        return f"# {text}"
    if found := _HEADING.fullmatch(style):
        return f"{'#' * int(found[1])} {text}"
    return f"- {text}" if style.startswith("List") else text
