"""HWPX: Hangul's open format."""

from __future__ import annotations

from pathlib import Path


def read(path: Path) -> str:
    """Paragraphs and tables in order."""
    from hwpx import HwpxDocument

    document = HwpxDocument.open(str(path))
    try:
        return str(document.text.markdown())
    finally:
        document.close()
