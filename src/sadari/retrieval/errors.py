"""What goes wrong between documents and the passages found in them."""

from __future__ import annotations

from sadari.text import SadariError


class RetrievalError(SadariError):
    """An index that cannot be built, opened or searched."""
