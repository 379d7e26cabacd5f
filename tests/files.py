"""Files compared by what they hold."""

from __future__ import annotations

import hashlib
from pathlib import Path


def digest(path: Path) -> str:
    """SHA-256 of a file. Compared instead of the bytes themselves: where two large files differ,
    pytest would write out the difference for hours."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
