"""XLSX: Excel."""

from __future__ import annotations

from pathlib import Path

from sadari.domain.readers.tables import markdown_table


def read(path: Path) -> str:
    """A section a sheet, its cells as a table: values as they were last computed."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        sheets = (
            (sheet.title, markdown_table(sheet.iter_rows(values_only=True)))
            for sheet in book.worksheets
        )
        return "\n\n".join(f"## {name}\n\n{table}" for name, table in sheets if table)
    finally:
        book.close()
