"""Rows of cells as a markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(rows: Iterable[Sequence[object]]) -> str:
    """The rows as a table whose first row is its head; "" when no cell says anything. Line ends
    and bars within cells are kept apart from those of the table."""
    cells = [[_cell(value) for value in row] for row in rows]
    cells = [row for row in cells if any(row)]
    if not cells:
        return ""
    width = max(max(n for n, cell in enumerate(row, start=1) if cell) for row in cells)
    lines = [f"| {' | '.join((row + [''] * width)[:width])} |" for row in cells]
    return "\n".join([lines[0], f"|{' --- |' * width}", *lines[1:]])


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")
