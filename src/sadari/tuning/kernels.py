"""How many compiled products are kept."""

from __future__ import annotations

import os

KEPT = "128"
NAMES = ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")


def keep_few_kernels() -> None:
    """Keep 128 of the products that PyTorch and oneDNN compile on a CPU, instead of 1,024 each.

    There is one for every shape, and packed rows hardly ever have the same length twice: what is
    kept beyond a row's own is not used again, and grows to half a gigabyte. Read when the first
    product is computed, and without effect after that; what the user set stays."""
    for name in NAMES:
        os.environ.setdefault(name, KEPT)
