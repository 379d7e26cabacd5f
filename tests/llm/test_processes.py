"""Processes that others started do not outlive them."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

PARENT = """
    import os, time
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context
    from multiprocessing.managers import SyncManager
    from sadari.llm.processes import end_with_parent

    context = get_context("spawn")
    manager = SyncManager(ctx=context)
    manager.start(end_with_parent)
    pool = ProcessPoolExecutor(1, mp_context=context, initializer=end_with_parent)
    print(pool.submit(os.getpid).result(), manager._process.pid, flush=True)
    time.sleep(60)
"""


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended may wait for somebody to ask how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux who runs")
def test_what_waits_for_work_ends_with_who_would_give_it() -> None:
    command = [sys.executable, "-c", textwrap.dedent(PARENT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(children) == 2
        assert all(map(is_there, children))
        parent.kill()
    until = time.monotonic() + 30
    while any(map(is_there, children)):
        assert time.monotonic() < until, "a process outlived its parent"
        time.sleep(0.05)
