"""Korean text: normalising, particles, numbers with units; and the root of all errors."""

from sadari.text.errors import SadariError

__all__ = ["SadariError"]
