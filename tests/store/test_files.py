"""Files are written whole or not at all, and checked by what stands in them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sadari.store import file_digest, whole_file, write_json


def test_the_old_version_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "scores.json"
    write_json({"값": 1, "where": tmp_path}, path)
    with pytest.raises(RuntimeError), whole_file(path) as file:  # noqa: PT012
        file.write("half of")
        file.flush()
        assert json.loads(path.read_text(encoding="utf-8"))["값"] == 1
        raise RuntimeError
    assert json.loads(path.read_text(encoding="utf-8")) == {"값": 1, "where": str(tmp_path)}
    assert [p.name for p in path.parent.iterdir()] == ["scores.json"]


def test_a_check_reads_what_was_changed_behind_its_back(tmp_path: Path) -> None:
    """Same size, same time of change: only who asks anew is told."""
    path = tmp_path / "index"
    path.write_bytes(b"one")
    first, times = file_digest(path), path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file_digest(path, anew=True) != first
    assert file_digest(path) == first
