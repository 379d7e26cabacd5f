"""Prepared records on disk, and beside them the ledger that accounts for every row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sadari.data.formats import write_records
from sadari.data.types import Dataset, Ledger, Step
from sadari.store import whole_file

SIDES = ("train.jsonl", "validation.jsonl")
LEDGER, SET_ASIDE = "ledger.json", "set_aside.jsonl"


def write_dataset(data: Dataset, folder: Path) -> None:
    """Writes what was prepared. A ledger that lies there already counts the files before, so it
    goes first and the new one comes last."""
    (folder / LEDGER).unlink(missing_ok=True)
    for name, records in zip(SIDES, (data.train, data.validation), strict=True):
        write_records(records, folder / name)
    write_ledger(data.ledger, folder)


def write_ledger(ledger: Ledger, folder: Path) -> None:
    """Writes `ledger.json`, each step's account with its reasons, and `set_aside.jsonl`, every row
    that went no further with its file:line. Each file is there whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / SET_ASIDE) as file:
        for step in ledger.steps:
            for row in step.set_aside:
                line = {"step": step.name, "source": row.source, "reason": row.reason}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    write_accounts(ledger, folder)


def write_accounts(ledger: Ledger, folder: Path, added: Mapping[str, object] | None = None) -> None:
    """Writes `ledger.json` alone, with what was `added` to the domain's own records."""
    with whole_file(folder / LEDGER) as file:
        rows = {"steps": [account(s) for s in ledger.steps], "set_aside": dict(ledger.reasons())}
        rows |= {"added": added} if added else {}
        file.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")


def account(step: Step) -> dict[str, object]:
    """A step's account as JSON: counts, and whether it looked at each row alone."""
    return {
        "name": step.name,
        "rows_in": step.rows_in,
        "made": step.made,
        "merged": step.merged,
        "set_aside": len(step.set_aside),
        "rows_out": step.rows_out,
        "kind": step.kind,
        "unit": step.unit,
    }
