"""`data step`: one step of the preparation on any file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from sadari.cli.common import JsonOption, messages, output, print_json, say
from sadari.cli.tables import checks_table, ledger_table

if TYPE_CHECKING:
    from sadari.domain import Domain


class Name(StrEnum):
    """The steps, in the order of `data prepare`."""

    CLEAN = "clean"
    REDACT = "redact"
    DEDUPLICATE = "deduplicate"
    AUGMENT = "augment"
    EXAM = "exam"
    SPLIT = "split"
    QUALITY = "quality"


def step(
    name: Annotated[Name, typer.Argument(help="Which step.", show_default=False)],
    source: Annotated[
        Path, typer.Argument(help="Records in any format that `convert` reads.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write: a .jsonl file; a folder for split. Default: beside it."),
    ] = None,
    domain: Annotated[
        Path | None,
        typer.Option(help="The domain whose settings, seed, topics and exam hold."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Run one step of the preparation alone: clean, redact, deduplicate, augment, keep the exam
    out, split, or say how good the records are. The ledger is printed and lies beside the result.

    Example: sadari data step deduplicate chats.jsonl --out unique.jsonl
    """
    from sadari.data import DataError, Dataset, Ledger, assess, summarise, write_ledger
    from sadari.data.formats import Source, import_records, write_records
    from sadari.data.ledger import account
    from sadari.data.redact import Vault, vault_path
    from sadari.data.steps import ALL, run_step
    from sadari.store import state_home

    folder = _domain(domain)
    if name is Name.EXAM and not folder.questions:
        raise DataError("there is no exam to keep out.", todo="Name a domain with --domain.")
    target = out or source.with_name(
        f"{source.stem}.{name}{'' if name is Name.SPLIT else '.jsonl'}"
    )
    if target.resolve() == source.resolve():
        todo = "Name another place with --out."
        raise DataError("would be written over itself.", where=str(target), todo=todo)
    with messages.status("reading"):
        records, read = import_records(Source(source))
    if name is Name.QUALITY:
        summary = summarise(folder, data := Dataset(tuple(records), ()), assess(folder, data))
        if json:
            print_json(summary)
        else:
            output.print(checks_table(summary))
        return
    with (
        messages.status(str(name)),
        Vault.open(vault_path(state_home(), folder.id)) as vault,
    ):
        sides, done = run_step(name, records, folder, vault)
    for side, made in sides.items():
        write_records(made, target if side == ALL else target / f"{side}.jsonl")
    ledger = Ledger((read, done))
    write_ledger(ledger, target if name is Name.SPLIT else target.with_suffix(".ledger"))
    steps = [account(one) for one in ledger.steps]
    if json:
        counts = {side: len(made) for side, made in sides.items()}
        print_json({"out": str(target), **counts, "ledger": steps})
        return
    output.print(ledger_table(str(name), steps))
    for reason, times in ledger.reasons().items():
        output.print(f"{times:>6}  {reason}", markup=False, soft_wrap=True)
    say(f"Written to {escape(str(target))}, the ledger beside it.")


def _domain(path: Path | None) -> Domain:
    """The domain, or one with every setting as it is by default."""
    from sadari.domain import Domain, DomainSettings, read_domain

    if path is not None:
        return read_domain(path)
    settings = DomainSettings(id="default", name="default", persona="default")
    return Domain(Path(), settings, (), (), (), ())
