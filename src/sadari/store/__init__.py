"""State that survives: runs, looks at exams, releases and promotions, immutable files."""

from sadari.store.database import open_database
from sadari.store.files import whole_file, write_json
from sadari.store.store import Run, Store, StoreError

__all__ = ["Run", "Store", "StoreError", "open_database", "whole_file", "write_json"]
