"""Hugging Face `datasets` as folders on disk. Values that have no one shape (tool arguments, extra
members) are kept as JSON texts, since a column of Arrow has one type for all rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sadari.data.types import DataError

_MARK = "json:"  # a text that holds JSON


def is_hub_folder(path: Path) -> bool:
    """Whether `path` is what `save_to_disk` of a Dataset or a DatasetDict writes."""
    return any((path / name).is_file() for name in ("state.json", "dataset_dict.json"))


def read_hub(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """("folder row n", row) for each row, one split after the other; members that are null in a
    row are left out."""
    datasets = _library()
    try:
        found = datasets.load_from_disk(str(path))
    except (OSError, ValueError) as error:
        todo = "Point at a folder that save_to_disk wrote."
        raise DataError(f"is no dataset: {error}.", where=str(path), todo=todo) from error
    splits = found.items() if isinstance(found, dict) else [("", found)]
    for split, rows in splits:
        for number, row in enumerate(rows, start=1):
            yield f"{path / split} row {number}", _thin(row)


def write_hub(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Writes rows as `Dataset.save_to_disk` does."""
    datasets = _library()
    made = [_flat(row) for row in rows]
    if not made:
        raise DataError("there is no row to write.", where=str(path))
    names = {name for row in made for name in row}
    datasets.Dataset.from_list(
        [{n: row.get(n) for n in sorted(names)} for row in made]
    ).save_to_disk(str(path))


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Turns stay turns of texts, so that trainers read them; all else that is nested is a text."""
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return _json(value) if value.startswith(_MARK) else value
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, list) and value and all(_is_turn(turn) for turn in value):
        return value
    return _json(value)


def _is_turn(value: Any) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    return set(value) in ({"role", "content"}, {"from", "value"}) and all(
        isinstance(inner, str) and not inner.startswith(_MARK) for inner in value.values()
    )


def _json(value: Any) -> str:
    return _MARK + json.dumps(value, ensure_ascii=False)


def _thin(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _thin(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_thin(inner) for inner in value]
    if isinstance(value, str) and value.startswith(_MARK):
        return json.loads(value.removeprefix(_MARK))
    return value


def _library() -> Any:
    try:
        import datasets
    except ModuleNotFoundError:
        todo = 'Install it: pip install "sadari[datasets]"'
        raise DataError("Hugging Face datasets is not installed.", todo=todo) from None
    return datasets
