"""Office files are zip archives of XML: looked at before a reader opens them."""

from __future__ import annotations

import zipfile
from pathlib import Path

MOST_MEMBERS = 20_000
LARGEST = 512 * 2**20  # bytes unpacked
MOST_RATIO = 200  # unpacked to packed, above ALWAYS_FINE
ALWAYS_FINE = 16 * 2**20  # bytes unpacked
_HEAD = 4096


class ArchiveError(ValueError):
    """An archive that should not be opened; the reason as a phrase."""


def check_archive(path: Path) -> None:
    """Raises ArchiveError for an archive that would explode, or that declares entities of its own
    (office XML never does; they are how a few bytes become gigabytes)."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            packed = max(1, path.stat().st_size)
            if len(members) > MOST_MEMBERS:
                raise ArchiveError(f"holds {len(members):,} files")
            if unpacked > LARGEST or (unpacked > ALWAYS_FINE and unpacked > MOST_RATIO * packed):
                raise ArchiveError(f"would unpack {packed:,} bytes to {unpacked:,}")
            for member in members:
                if member.flag_bits & 1:
                    raise ArchiveError("is locked with a password")
                if member.filename.lower().endswith((".xml", ".rels", ".hpf")):
                    with archive.open(member) as file:
                        head = file.read(_HEAD).replace(b"\x00", b"")  # UTF-16 too
                        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                            raise ArchiveError(f"declares entities in {member.filename}")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError) as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(
            f"is damaged: {str(error).rstrip('.') or type(error).__name__}"
        ) from None
