"""Processes: how many pay beside this one, that none outlives it, and what memory each holds."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from multiprocessing import parent_process


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def give_memory_back() -> None:
    """Returns to the system what was freed. glibc keeps it for itself, after an exam a third of all
    that a process with a small model holds; elsewhere nothing is done."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)


def end_with_parent(grace: float = 0.0) -> None:
    """In a process that another one started: end when that one is gone, `grace` seconds later.
    One that waits for more to do would wait for ever, with its model in memory."""
    parent = parent_process()
    assert parent is not None

    def leave() -> None:
        parent.join()
        time.sleep(grace)
        os._exit(1)

    threading.Thread(target=leave, daemon=True).start()
