"""XLSX: Excel."""

from __future__ import annotations

from pathlib import Path

from sadari.domain.readers.tables import markdown_table


def read(path: Path) -> str:
    """A section a sheet, its cells as a table: values as they were last computed."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        parts = []
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # one far cell would make every row as long as the sheet
            if table := markdown_table(sheet.iter_rows(values_only=True)):
                parts.append(f"## {sheet.title}\n\n{table}")
        return "\n\n".join(parts)
    finally:
        book.close()
