"""sadari (사다리): climb from prompt to retrieval to tuning, only as far as it pays."""

__version__ = "0.1.0"
