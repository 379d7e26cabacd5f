"""Processes that others started do not outlive them, and none keeps what it has freed."""

from __future__ import annotations

import platform
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


FREED = """
    import psutil
    from sadari.llm.processes import give_memory_back
    blocks = [bytes(60_000) for _ in range(2_000)]
    for block in range(0, 2_000, 2):  # between those that stay, so that the heap cannot shrink
        blocks[block] = b""
    before = psutil.Process().memory_info().rss
    give_memory_back()
    print((before - psutil.Process().memory_info().rss) / 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep less")
def test_freed_memory_goes_back_to_the_system() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FREED)], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) > 30, "of 57 MiB that were freed"
