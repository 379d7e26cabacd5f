"""How long a whole climb takes, and how much memory: a fresh home, the command that users type.

python -m benchmarks.climb [FOLDER]    # keeps the climb there, for docs/picture.py
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.kept import add_out, keep_whole

SADARI = [sys.executable, "-c", "from sadari.cli import main; main()"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", help="keeps the climb there, for docs/picture.py")
    add_out(parser, "climb")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        home = options.folder or fresh
        if list(Path(home).glob("*")):
            sys.exit(f"{home} is not empty: a climb there would not start from nothing.")
        environment = {**os.environ, "SADARI_HOME": home}
        began = time.perf_counter()
        climbing = subprocess.Popen(
            [*SADARI, "climb", "examples/ald", "--all", "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        peaks: list[int] = []
        watch = threading.Thread(target=held_by_all, args=(climbing, peaks))
        watch.start()
        said, _ = climbing.communicate()
        watch.join()
        if climbing.returncode:
            sys.exit(climbing.returncode)
        seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(said)
    result = {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_memory_mib": round(max(peaks) / 2**20),  # of all processes together
        "largest_process_mib": round(used.ru_maxrss / 1024),
        "help_cpu_seconds": help_seconds(),
        "choice": found["choice"],
        "questions": found["n"],
        "right": {s["name"]: round(s["all"]["share"]["estimate"], 4) for s in found["standings"]},
        "cores": os.cpu_count(),
    }
    keep_whole(options.out, result, libraries=("torch", "transformers"))
    print(json.dumps(result, indent=1, ensure_ascii=False))


def held_by_all(process: subprocess.Popen[str], peaks: list[int]) -> None:
    """Bytes held by a process and all below it, every other second (looking holds them up); what
    they share counts once."""
    while process.poll() is None:
        held = 0
        with suppress(psutil.Error):
            first = psutil.Process(process.pid)
            for one in (first, *first.children(recursive=True)):
                with suppress(psutil.Error):
                    held += one.memory_full_info().pss
        peaks.append(held)
        time.sleep(2)


def help_seconds() -> float:
    """Seconds of `sadari --help`, the best of three."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        subprocess.run([*SADARI, "--help"], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return round(min(times), 2)


if __name__ == "__main__":
    main()
