"""Korean text: normalising, particles, numbers with units; languages; the root of all errors."""

from sadari.text.bigrams import bigrams
from sadari.text.errors import SadariError
from sadari.text.normalise import normalise

__all__ = ["SadariError", "bigrams", "normalise"]
