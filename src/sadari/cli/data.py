"""`data prepare|report|preview|…`: from the folder to what the model will read."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from sadari.cli import converting, privacy
from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say, stages
from sadari.cli.planning import show_lesson
from sadari.cli.steps import step
from sadari.cli.tables import checks_table, ledger_table

if TYPE_CHECKING:
    from sadari.domain import Domain

app = typer.Typer(
    help="Prepare training records, look at them, report on them.", no_args_is_help=True
)
app.command()(privacy.redact)
app.command()(privacy.restore)
app.command()(converting.convert)
app.command()(step)


@app.command()
def prepare(
    domain: DomainArgument,
    out: Annotated[Path | None, typer.Option(help="Where to write train and validation.")] = None,
    add: Annotated[
        list[Path] | None,
        typer.Option(help="A file of records in any format, however large; may be repeated."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make training records from documents, feedback and dialogues: cleaned, without personal
    data, without copies, without the exam. Every row is accounted for in ledger.json and
    set_aside.jsonl beside them. What --add kept takes part in `tune`, `climb` and `data report`,
    until the next `data prepare`, unless --out keeps it elsewhere.

    Example: sadari data prepare examples/ald --out records
    """
    from sadari.data import assess, records_folder, summarise, write_dataset
    from sadari.data import prepare as prepare_records
    from sadari.data.redact import Vault, vault_path
    from sadari.domain import read_domain
    from sadari.store import state_home

    folder = read_domain(domain)
    home = state_home()
    target = out or records_folder(home, folder.id)
    if add:
        _prepare_files(folder, add, target, home, json)
        return
    with stages() as heard, Vault.open(vault_path(home, folder.id)) as vault:
        records = prepare_records(folder, vault=vault, progress=heard)
    write_dataset(records, target)
    _show(summarise(folder, records, assess(folder, records)), json)
    say(f"Written to {escape(str(target))}: train.jsonl and validation.jsonl, in OpenAI's chat")
    say("format, and the ledger. Next: `sadari data report` says how good they are and what to do.")


@app.command()
def report(
    domain: DomainArgument,
    out: Annotated[Path | None, typer.Option(help="Where to write the page.")] = None,
    json: JsonOption = False,
) -> None:
    """Say how good the prepared records are, and what to do, the greatest gain first. Writes an
    HTML page that opens offline.

    Example: sadari data report examples/ald
    """
    from sadari.data import assess, prepare_in, records_folder, summarise, write_page
    from sadari.domain import read_domain
    from sadari.store import state_home

    folder = read_domain(domain)
    home = state_home()
    with stages() as heard:
        records = prepare_in(home, folder, progress=heard)
    quality = assess(folder, records)
    summary = summarise(folder, records, quality)
    page = out or records_folder(home, folder.id) / "report.html"
    write_page(folder, records, quality, page)
    if json:
        print_json(summary)
    else:
        _show(summary, json)
        output.print(checks_table(summary))
    say(f"The page: {escape(str(page))}")


@app.command()
def synthesise(
    domain: DomainArgument,
    count: Annotated[int, typer.Option(min=1, help="How many records.")] = 50,
    tokens: Annotated[int, typer.Option(min=1, help="Read and written, at most.")] = 200_000,
    money: Annotated[float | None, typer.Option(help="At most, by the model's price.")] = None,
    model: Annotated[str, typer.Option(help="Another model than the domain's.")] = "",
    out: Annotated[Path | None, typer.Option(help="Where to write the records.")] = None,
    json: JsonOption = False,
) -> None:
    """Let the domain's model make questions and answers from its documents; what a passage does
    not bear out is set aside. Look at them, then `data prepare --add` them.

    Example: sadari data synthesise examples/ald --count 100 --model qwen2.5:7b
    """
    import asyncio
    from dataclasses import asdict, replace

    from sadari.assistant import model_spec
    from sadari.data import Ledger, records_folder, write_ledger, write_records
    from sadari.data.ledger import account
    from sadari.data.synthesise import Budget
    from sadari.data.synthesise import synthesise as make
    from sadari.domain import read_domain
    from sadari.llm import open_model
    from sadari.store import state_home

    folder = read_domain(domain)
    spec = model_spec(folder)
    spec = replace(spec, name=model) if model else spec
    maker = open_model(spec, allow_remote=folder.settings.models.remote)
    with stages() as heard:
        made = asyncio.run(
            make(
                folder.documents,
                maker,
                wanted=count,
                budget=Budget(tokens, money),
                known=[question.text for question in folder.questions],
                language=folder.settings.language,
                seed=folder.settings.data.seed,
                template_kwargs=folder.settings.models.template_kwargs,
                progress=heard,
            )
        )
    kept = records_folder(state_home(), folder.id) / "synthetic"
    target = out or kept / "records.jsonl"
    write_records(made.records, target)
    write_ledger(Ledger((made.step,)), target.parent)
    steps = [account(made.step)]
    if json:
        print_json(
            {"out": str(target), "ended": made.ended, "spent": asdict(made.spent), "ledger": steps}
        )
    else:
        output.print(ledger_table(f"{len(made.records)} records, ended: {made.ended}", steps))
        for reason, times in Ledger((made.step,)).reasons().items():
            output.print(f"{times:>6}  {reason}", markup=False, soft_wrap=True)
    command = shlex.join(["sadari", "data", "prepare", str(domain), "--add", str(target)])
    say(f"{made.spent.tokens:,} tokens. Next: {escape(command)}")


@app.command()
def preview(
    domain: DomainArgument,
    count: Annotated[int, typer.Option(min=1, help="How many records.")] = 2,
) -> None:
    """Show, token by token, what the model reads and which tokens it learns (highlighted).

    Example: sadari data preview examples/ald --count 1
    """
    from sadari.assistant import recipe_for
    from sadari.data import prepare_in
    from sadari.domain import read_domain
    from sadari.jobs.lessons import Asking, lessons
    from sadari.llm.weights import load_tokenizer, resolve
    from sadari.store import state_home

    folder = read_domain(domain)
    records = prepare_in(state_home(), folder).train[:count]
    tokenizer = load_tokenizer(resolve(folder.settings.models.base))
    for example in lessons(records, tokenizer, Asking(recipe_for(folder, "prompt")), seed=0):
        show_lesson(tokenizer, example)


def _prepare_files(folder: Domain, add: list[Path], out: Path, home: Path, json: bool) -> None:
    from sadari.data.bulk import prepare_files
    from sadari.data.ledger import account
    from sadari.data.prepare import own_records
    from sadari.data.redact import Vault, vault_path

    with stages() as heard, Vault.open(vault_path(home, folder.id)) as vault:
        own = own_records(folder)
        made = prepare_files(folder, add, out, own=own, vault=vault, progress=heard)
    steps = [account(step) for step in made.ledger.steps]
    if json:
        counts = {"train": made.train, "validation": made.validation, "digest": made.digest}
        print_json({"domain": folder.id, **counts, "ledger": steps})
    else:
        output.print(ledger_table(f"{made.train:,} + {made.validation:,} records", steps))
    files = "train.jsonl, validation.jsonl, ledger.json, set_aside.jsonl"
    say(f"Written to {escape(str(out))}: {files}.")


def _show(summary: dict[str, Any], json: bool) -> None:
    if json:
        print_json(summary)
        return
    title = f"{summary['domain']}: {summary['train']} + {summary['validation']} records"
    output.print(ledger_table(title, summary["ledger"]))
    for name in ("answer_characters", "rules", "topics", "set_aside", "warnings"):
        value = summary[name]
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        said = escape(str(value or "none"))
        output.print(f"[bold]{name.replace('_', ' ')}[/]: {said}", soft_wrap=True)
