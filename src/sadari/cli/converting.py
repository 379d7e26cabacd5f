"""`data convert`: from any format of training data to any other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from sadari.cli.common import JsonOption, messages, output, print_json

SHOWN = 20  # reasons; --json has all


def convert(
    source: Annotated[
        str,
        typer.Argument(
            help="A .jsonl, .json, .csv or .tsv file, a datasets folder, or a database's URL.",
            show_default=False,
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            help="A .jsonl, .json or .csv file; without a suffix a datasets folder.",
            show_default=False,
        ),
    ],
    to: Annotated[
        str,
        typer.Option(help="sadari, openai, qa, alpaca, sharegpt, preference, kto or session."),
    ] = "sadari",
    source_format: Annotated[
        str, typer.Option("--from", help="The format of the source; found out by default.")
    ] = "",
    columns: Annotated[
        str,
        typer.Option(help="Columns of a table: question=…,answer=… or session=…,role=…,content=…"),
    ] = "",
    query: Annotated[str, typer.Option(help="One SELECT; nothing is ever written.")] = "",
    json: JsonOption = False,
) -> None:
    """Convert training data; every row that does not fit is counted, with its reason.

    Example: sadari data convert chats.csv train.jsonl --to openai
    """
    from sadari.data import DataError
    from sadari.data.formats import Account, Source, export_records, stream_records

    given = None
    if columns:
        pairs = [part.partition("=") for part in columns.split(",")]
        if not all(name and equals and column for name, equals, column in pairs):
            raise DataError("--columns is not name=column,…", todo="For example role=speaker.")
        given = {name.strip(): column.strip() for name, _, column in pairs}
    url = source if "://" in source else ""
    wanted = Source(None if url else Path(source), url, query, source_format or None, given)
    if wanted.path is not None and target.resolve() == wanted.path.resolve():
        todo = "Name another file."
        raise DataError("would be written over itself.", where=str(target), todo=todo)
    account = Account("import")
    with messages.status("reading") as status:
        records = stream_records(
            wanted, account, lambda count: status.update(f"{count:,} rows read")
        )
        written = export_records(records, target, to)
    read = account.step()
    aside = [*read.set_aside, *written.set_aside]
    if json:
        rows = [{"where": row.source, "reason": row.reason} for row in aside]
        print_json(
            {
                "rows_in": read.rows_in,
                "merged": read.merged,
                "rows_out": written.rows_out,
                "set_aside": rows,
            }
        )
    else:
        joined = f", {read.merged:,} joined to others" if read.merged else ""
        output.print(f"{read.rows_in:,} rows in{joined}, {len(aside):,} set aside, ", end="")
        done = f"{written.rows_out:,} written to {target} as {to}."
        output.print(done, markup=False, soft_wrap=True)
        for row in aside[:SHOWN]:
            output.print(f"  {row.source}: {row.reason}", markup=False, soft_wrap=True)
        if len(aside) > SHOWN:
            rest = Counter(row.reason for row in aside[SHOWN:]).most_common(3)
            output.print(f"  and {len(aside) - SHOWN:,} more: {dict(rest)}", markup=False)
    if aside and not written.rows_out:
        raise typer.Exit(1)  # there was something to convert, and nothing came of it
