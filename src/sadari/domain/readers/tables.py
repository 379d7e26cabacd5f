"""Rows of cells as a markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_CELLS = 5_000_000  # of one table, empty ones in between included


def markdown_table(rows: Iterable[Sequence[object]]) -> str:
    """The rows as a table whose first row is its head; "" when no cell says anything. Line ends
    and bars within cells are kept apart from those of the table; rows and columns in which no cell
    says anything are left out. Raises ValueError for a table that nobody can have meant."""
    said: list[dict[int, str]] = []
    for row in rows:
        cells = {place: text for place, value in enumerate(row) if (text := _cell(value))}
        if cells:
            said.append(cells)
    if not said:
        return ""
    columns = sorted({place for cells in said for place in cells})
    if len(said) * len(columns) > MOST_CELLS:
        raise ValueError(f"a table has {len(said):,} rows of {len(columns):,} columns")
    lines = [f"| {' | '.join(cells.get(place, '') for place in columns)} |" for cells in said]
    return "\n".join([lines[0], f"|{' --- |' * len(columns)}", *lines[1:]])


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")
