"""State that survives: runs, looks at exams, releases and promotions, immutable files."""

from sadari.store.store import Run, Store, StoreError

__all__ = ["Run", "Store", "StoreError"]
