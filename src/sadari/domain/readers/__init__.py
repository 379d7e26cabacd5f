"""Readers for office documents: each turns one file into markdown, headings and tables kept. The
libraries behind them are the extra `sadari[documents]`, imported when a file asks for them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from sadari.domain.problem import Problems
from sadari.domain.readers.archive import ArchiveError, check_archive

OFFICE = (".pdf", ".hwpx", ".docx", ".pptx", ".xlsx")
LONGEST_TEXT = 20_000_000  # characters of a document that a person can have meant

_INSTALL = 'Install it: pip install "sadari[documents]"'


def read_office(path: Path, problems: Problems) -> str | None:
    """The document as markdown with `\\n` line ends, or None after noting why it cannot be read."""
    kind = path.suffix.lower()
    try:
        if kind != ".pdf":
            check_archive(path)
        reader: Callable[[Path], str] = import_module(f"{__name__}.{kind[1:]}").read
        text = reader(path)
    except ArchiveError as error:
        problems.error(path, f"{error}.", "Save it anew, or take it out.")
        return None
    except ModuleNotFoundError as error:
        problems.error(path, f"needs the reader {error.name}, which is not installed.", _INSTALL)
        return None
    except Exception as error:  # whatever a reader makes of a broken file
        reason = str(error).split("\n")[0][:200] or type(error).__name__
        problems.error(path, f"cannot be read as {kind[1:]}: {reason}.", "Save it anew.")
        return None
    if len(text) > LONGEST_TEXT:
        problems.error(path, f"holds {len(text):,} characters.", "Split it.")
        return None
    if not text.strip():
        todo = "A scan needs text recognition first." if kind == ".pdf" else "Take it out."
        problems.error(path, "holds no text.", todo)
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


__all__ = ["LONGEST_TEXT", "OFFICE", "read_office"]
