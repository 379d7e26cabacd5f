"""The tree of verbs."""

from __future__ import annotations

from typing import Annotated

import typer

from sadari import __version__
from sadari.cli import (
    answering,
    climbing,
    data,
    domains,
    exporting,
    forecast,
    questions,
    releasing,
    tuning,
)

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


app.command()(domains.new)
app.command()(domains.check)
app.command()(domains.examples)
app.add_typer(data.app, name="data")
app.add_typer(questions.app, name="questions")
app.command()(answering.index)
app.command()(answering.ask)
app.command()(tuning.tune)
app.command()(climbing.evaluate)
app.command()(climbing.compare)
app.command()(climbing.climb)
app.add_typer(forecast.app, name="forecast")
app.command()(exporting.export)
app.command()(releasing.promote)
app.command()(releasing.rollback)
app.command()(releasing.releases)
app.command()(releasing.serve)
