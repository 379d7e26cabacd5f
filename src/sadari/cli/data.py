"""`data prepare|report|preview`: from the folder to what the model will read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say

app = typer.Typer(
    help="Prepare training records, look at them, report on them.", no_args_is_help=True
)


@app.command()
def prepare(
    domain: DomainArgument,
    out: Annotated[Path | None, typer.Option(help="Where to write train and validation.")] = None,
    json: JsonOption = False,
) -> None:
    """Make training records from documents and feedback; every row is accounted for.

    Example: sadari data prepare examples/ald --out records
    """
    from sadari.data import prepare as prepare_records
    from sadari.data import summarise, write_records
    from sadari.domain import read_domain
    from sadari.store import Store

    folder = read_domain(domain)
    records = prepare_records(folder)
    target = out or Store.open().home / "data" / folder.id
    write_records(records.train, target / "train.jsonl")
    write_records(records.validation, target / "validation.jsonl")
    _show(summarise(folder, records), json)
    say(f"Written to {target}: train.jsonl and validation.jsonl, in OpenAI's chat format.")


@app.command()
def report(domain: DomainArgument, json: JsonOption = False) -> None:
    """Say what the prepared records look like, and why rows were left out.

    Example: sadari data report examples/ald
    """
    from sadari.data import prepare as prepare_records
    from sadari.data import summarise
    from sadari.domain import read_domain

    folder = read_domain(domain)
    _show(summarise(folder, prepare_records(folder)), json)


@app.command()
def preview(
    domain: DomainArgument,
    count: Annotated[int, typer.Option(min=1, help="How many records.")] = 2,
) -> None:
    """Show, token by token, what the model reads and which tokens it learns (highlighted).

    Example: sadari data preview examples/ald --count 1
    """
    from sadari.assistant import recipe_for
    from sadari.data import prepare as prepare_records
    from sadari.domain import read_domain
    from sadari.jobs.lessons import lessons
    from sadari.llm import render_text
    from sadari.llm.weights import load_tokenizer, resolve

    folder = read_domain(domain)
    records = prepare_records(folder).train[:count]
    tokenizer = load_tokenizer(resolve(folder.settings.models.base))
    closed = recipe_for(folder, "prompt", index=Path())
    made = lessons(
        records, tokenizer, closed=closed, open_book=None, index=None, with_passages=0, seed=0
    )
    for example in made:
        line = Text()
        for piece, trained in render_text(tokenizer, example):
            line.append(piece, style="black on green" if trained else "dim")
        output.print(line)
        learned = sum(example.trained)
        output.print(f"[dim]{len(example.ids)} tokens, {learned} of them learned[/]\n")


def _show(summary: dict[str, object], json: bool) -> None:
    if json:
        print_json(summary)
        return
    table = Table(
        title=f"{summary['domain']}: {summary['train']} + {summary['validation']} records"
    )
    for name in ("step", "in", "made", "merged", "set aside", "out"):
        table.add_column(name, justify="left" if name == "step" else "right")
    ledger = summary["ledger"]
    assert isinstance(ledger, list)
    for step in ledger:
        names = ("rows_in", "made", "merged", "set_aside", "rows_out")
        table.add_row(step["name"], *(f"{step[n]:,}" for n in names))
    output.print(table)
    for name in ("answer_characters", "rules", "topics", "set_aside", "warnings"):
        value = summary[name]
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        output.print(f"[bold]{name.replace('_', ' ')}[/]: {value or 'none'}", soft_wrap=True)
