"""`questions draft|review`: exam questions proposed from documents, approved by a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sadari.cli.asking import ask_letter
from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say

if TYPE_CHECKING:
    from sadari.data.drafts import Draft

app = typer.Typer(
    help="Draft exam questions and review them.\n\nExample: sadari questions draft examples/ald",
    no_args_is_help=True,
)


@app.command()
def draft(
    domain: DomainArgument,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    source: Annotated[
        Path | None, typer.Option("--from", help="Records to draft from, as `synthesise` writes.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Propose exam questions with key and evidence from the documents.

    Example: sadari questions draft examples/ald --count 30
    """
    from sadari.data import read_records
    from sadari.data.drafts import draft_questions, keep_drafts, read_drafts
    from sadari.domain import Problems, read_domain

    folder = read_domain(domain)
    made = read_records(source, Problems()) if source else []
    path = _path(folder.id)
    kept = read_drafts(path)
    known = {item.id for item in kept}
    new = [d for d in draft_questions(folder, count + len(kept), made=made) if d.id not in known]
    new = new[:count]
    keep_drafts([*kept, *new], path)
    if json:
        print_json([item.as_row() for item in new])
    else:
        for item in new:
            _show(item)
    say(f"{len(new)} drafts. Next: sadari questions review {domain}")


@app.command()
def review(domain: DomainArgument) -> None:
    """Approve, mend or drop each draft. What was approved lies in two files to copy into the
    domain's questions/, each document's questions on one side.

    Example: sadari questions review examples/ald
    """
    from dataclasses import replace

    from sadari.data.drafts import keep_drafts, mended, read_drafts, write_approved
    from sadari.domain import read_domain

    folder = read_domain(domain)
    path = _path(folder.id)
    drafts = read_drafts(path)
    waiting = [place for place, item in enumerate(drafts) if item.state == "open"]
    for number, place in enumerate(waiting, start=1):
        item = drafts[place]
        output.print(f"\n{number} of {len(waiting)}", style="dim")
        _show(item)
        answer = ask_letter("[a]pprove, [m]end, [d]rop, [q]uit", default="a")
        if answer == "q":
            break
        if answer == "m":
            question = typer.prompt("question", default=item.question)
            must = typer.prompt(
                "key (items with ;, alternatives with |; empty keeps it)", default=""
            )
            drafts[place] = mended(item, question, must.split(";"))
        else:
            drafts[place] = replace(item, state="dropped" if answer == "d" else "approved")
        keep_drafts(drafts, path)
    counts = write_approved(drafts, folder, path.parent)
    say(f"Approved: {counts['dev']} for dev, {counts['test']} for test.")
    say(f"Copy {path.parent}/*-reviewed.jsonl into {domain}/questions/, then `sadari check`.")


def _path(domain: str) -> Path:
    from sadari.store import state_home

    return state_home() / "questions" / domain / "drafts.jsonl"


def _show(item: Draft) -> None:
    output.print(f"[bold]{item.id}[/]  {item.evidence}", highlight=False)
    output.print(f"  {item.question}", markup=False)
    output.print(f"  key: {item.must}", markup=False, style="green")
    output.print(f"  {item.reference}", markup=False, style="dim")
