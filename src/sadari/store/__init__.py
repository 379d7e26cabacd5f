"""State that survives: runs, looks at exams, releases and promotions."""

from sadari.store.database import open_database
from sadari.store.files import file_digest, settle, sync, whole_file, write_json
from sadari.store.store import Run, Store, StoreError, state_home

__all__ = [
    "Run",
    "Store",
    "StoreError",
    "file_digest",
    "open_database",
    "settle",
    "state_home",
    "sync",
    "whole_file",
    "write_json",
]
