"""A run's log says how far it is, how it ended, and whether anybody is still at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sadari.jobs import JobError
from sadari.jobs.runs import LOG, Run, RunLog, read_run, runs_of
from sadari.tuning import Progress

STEPS = 8  # four an epoch


def progress(step: int) -> Progress:
    checks = (2.0, 1.5, 1.75)[: 1 + step // 4]
    return Progress(step, STEPS, 1 + (step - 1) // 4, 3.0 / step, 1e-3, 100.0, 8.0 - step, checks)


def log(folder: Path, steps: range) -> None:
    with RunLog(folder, name="seed 1", domain="shop", epochs=2) as written:
        for step in steps:
            written.step(progress(step))


def read(folder: Path) -> Run:
    run = read_run(folder)
    assert run is not None
    return run


def test_a_run_that_is_over(tmp_path: Path) -> None:
    log(tmp_path, range(1, 9))
    run = read(tmp_path)
    assert (run.name, run.domain, run.total, run.step) == ("seed 1", "shop", 8, 8)
    assert [step.loss for step in run.steps] == [3.0 / step for step in range(1, 9)]
    assert run.validation == ((0, 2.0), (4, 1.5), (8, 1.75))
    assert (run.status, run.reason) == ("done", "")


def test_a_run_that_goes_on_and_one_at_a_time(tmp_path: Path) -> None:
    with RunLog(tmp_path, name="seed 1", domain="shop", epochs=2) as written:
        written.step(progress(1))
        assert read(tmp_path).status == "running"
        with pytest.raises(JobError, match="Another process is training this adapter"):
            RunLog(tmp_path, name="seed 1", domain="shop", epochs=2).__enter__()
    assert read(tmp_path).status == "done"


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (JobError("No memory."), "failed", "No memory."),
        (KeyboardInterrupt(), "stopped", ""),
        (SystemExit(1), "stopped", ""),
    ],
)
def test_how_it_ended(tmp_path: Path, error: BaseException, status: str, reason: str) -> None:
    def fail() -> None:
        with RunLog(tmp_path, name="seed 1", domain="shop", epochs=2) as written:
            written.step(progress(1))
            raise error

    with pytest.raises(type(error)):
        fail()
    run = read(tmp_path)
    assert (run.status, run.reason) == (status, reason)


KILLED = """
import sys
from pathlib import Path
from tests.jobs.test_runs import RunLog, progress
with RunLog(Path(sys.argv[1]), name="seed 1", domain="shop", epochs=2) as written:
    for step in range(1, 7):
        written.step(progress(step))
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_killed_run_is_dead_and_goes_on(tmp_path: Path) -> None:
    """Steps that are taken twice count once, a line that the kill cut in two does not count."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert read(tmp_path).status == "running"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    assert read(tmp_path).status == "dead"
    with (tmp_path / LOG).open("ab") as file:
        file.write('{"kind": "step", "step": 7, "손'.encode()[:-1])
    assert read(tmp_path).step == 6
    log(tmp_path, range(5, 9))
    run = read(tmp_path)
    assert [step.step for step in run.steps] == list(range(1, 9))
    assert run.validation == ((0, 2.0), (4, 1.5), (8, 1.75))
    assert run.status == "done"


def test_the_runs_of_a_domain(tmp_path: Path) -> None:
    for name in ("b", "a"):
        log(tmp_path / name, range(1, 3))
    with RunLog(tmp_path / "c", name="seed 1", domain="other", epochs=1):
        pass
    (tmp_path / "d").mkdir()
    assert [run.folder.name for run in runs_of(tmp_path, "shop")] == ["b", "a"]
    assert read_run(tmp_path / "d") is None


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / LOG).symlink_to("/dev/full")
    with pytest.raises(JobError, match=r"log could not be written: No space left.*Make room"):
        log(tmp_path, range(1, 3))


def test_a_run_on_a_part_of_the_data_says_so(tmp_path: Path) -> None:
    with RunLog(tmp_path, name="50% of the data", domain="shop", epochs=2, whole=False):
        pass
    assert not read(tmp_path).whole
