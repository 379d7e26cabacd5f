"""State that survives kills and crowds."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from sadari.store import Store, StoreError


def test_runs_are_kept_and_found_again(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    run = store.start_run("climb", "shop", {"model": "practice"}, {"target": 0.8})
    store.finish_run(run.id, "done", metrics={"right": 0.5})
    store.start_run("evaluate", "shop", {}, {})
    again = Store.open(tmp_path)
    assert [r.id for r in again.runs()] == ["climb-1", "evaluate-2"]
    found = again.runs(domain="shop", kind="climb")[0]
    assert (found.status, found.metrics, found.settings) == (
        "done",
        {"right": 0.5},
        {"target": 0.8},
    )
    assert found.finished is not None
    assert again.run_folder(run.id).is_dir()
    with pytest.raises(StoreError, match="no run climb-9"):
        again.run("climb-9")


def test_looks_are_counted_per_exam(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    assert [store.next_look("a", "x"), store.next_look("a", "y"), store.next_look("a", "x")] == [
        1,
        1,
        2,
    ]
    assert Store.open(tmp_path).next_look("a", "x") == 3


def test_promotion_and_withdrawal_form_a_stack(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    for digest in ("one", "two", "two", "three"):
        store.promote("shop", digest)
    assert store.promoted("shop") == ["one", "two", "three"]
    store.withdraw("shop")
    store.withdraw("shop")
    assert store.promoted("shop") == ["one"]
    store.promote("shop", "three")
    assert Store.open(tmp_path).promoted("shop") == ["one", "three"]
    assert store.domains_with_releases() == ["shop"]


def test_home_is_where_the_environment_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SADARI_HOME", str(tmp_path / "elsewhere"))
    assert Store.open().home == (tmp_path / "elsewhere").resolve()
    monkeypatch.delenv("SADARI_HOME")
    monkeypatch.chdir(tmp_path)
    assert Store.open().home == (tmp_path / ".sadari").resolve()


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(tmp_path / "file")


WRITER = """
    import sys
    from pathlib import Path
    from sadari.store import Store
    store = Store.open(Path(sys.argv[1]))
    while True:
        run = store.start_run("kill", "shop", {}, {})
        print(run.id, flush=True)
"""


CROWD = """
    import multiprocessing, sys
    from pathlib import Path
    from sadari.store import Store

    def enter(home, start):
        start.wait()
        Store.open(home).start_run("crowd", "shop", {}, {})

    fork = multiprocessing.get_context("fork")
    for number in range(20):
        home, start = Path(sys.argv[1]) / str(number), fork.Barrier(6)
        crowd = [fork.Process(target=enter, args=(home, start)) for _ in range(6)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join()
        assert len(Store.open(home).runs()) == 6, home
"""


def test_a_crowd_may_open_a_new_home_at_once(tmp_path: Path) -> None:
    """SQLite says "database is locked" to the second that makes a file's journal."""
    subprocess.run([sys.executable, "-c", textwrap.dedent(CROWD), str(tmp_path)], check=True)


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """PREVENT 26: kill in the middle of writes, reopen, count."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    acknowledged = []
    for writer in writers:
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline().strip() for _ in range(5)]
    time.sleep(0.2)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        assert writer.stdout is not None
        acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
        writer.wait()
    store = Store.open(tmp_path)
    kept = {run.id for run in store.runs()}
    assert set(acknowledged) <= kept
    assert len(kept) >= 10


def test_a_lock_is_exclusive_and_freed_by_death(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys,time; from pathlib import Path; from sadari.store import Store\n"
            "with Store.open(Path(sys.argv[1])).lock('x'):\n print('held', flush=True)\n"
            " time.sleep(60)",
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    with Store.open(tmp_path).lock("x"):
        pass
