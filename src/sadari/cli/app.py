"""The tree of verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from sadari import __version__
from sadari.cli import answering, climbing, data, domains, releasing, tuning

app = typer.Typer(
    name="sadari",
    help="Climb from prompt to retrieval to fine-tuning, only as far as your own questions "
    "show that it pays.\n\nStart with: sadari climb examples/ald --all",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sadari {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Climb from prompt to retrieval to fine-tuning, only as far as it pays."""


for verb in (domains.new, domains.check, domains.examples):
    app.command()(verb)
app.add_typer(data.app, name="data")
for verb in (answering.index, answering.ask, tuning.tune):
    app.command()(verb)
for verb in (climbing.evaluate, climbing.compare, climbing.climb):
    app.command()(verb)
for verb in (releasing.promote, releasing.rollback, releasing.releases, releasing.serve):
    app.command()(verb)
