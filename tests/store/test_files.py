"""Files are written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sadari.store import whole_file, write_json


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
