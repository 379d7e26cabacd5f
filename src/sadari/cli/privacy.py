"""`data redact|restore`: personal data out of texts, files and folders, and back."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from sadari.cli.common import JsonOption, output, print_json, say, stages

if TYPE_CHECKING:
    from sadari.data.redact import FileRedactor, Vault
    from sadari.data.types import Step

SourceArgument = Annotated[
    Path, typer.Argument(help="A file, a folder, or - for a text on stdin.", show_default=False)
]
OutOption = Annotated[
    Path | None,
    typer.Option(help="Where to write. Default: beside it, with .redacted or .restored."),
]
VaultOption = Annotated[
    str, typer.Option(help="The name of the map; a domain's id for the map of its data.")
]


def redact(
    source: SourceArgument,
    out: OutOption = None,
    vault: VaultOption = "default",
    json: JsonOption = False,
) -> None:
    """Replace personal data by placeholders; the map stays on this machine.

    Example: sadari data redact chats.csv --out clean.csv
    """
    _run(source, out, vault, json, back=False)


def restore(
    source: SourceArgument,
    out: OutOption = None,
    vault: VaultOption = "default",
    json: JsonOption = False,
) -> None:
    """Put the values back in place of their placeholders.

    Example: sadari data restore clean.csv --out chats.csv
    """
    _run(source, out, vault, json, back=True)


def _run(source: Path, out: Path | None, vault: str, json: bool, *, back: bool) -> None:
    from sadari.data.formats.source import decode
    from sadari.data.redact import FileRedactor

    with _open(vault) as kept:
        redactor = FileRedactor(kept, back=back)
        if str(source) == "-":
            # bytes: the terminal's encoding may not be the text's, and line ends stay as they are
            changed = redactor.text(decode(sys.stdin.buffer.read(), "stdin"))
            sys.stdout.buffer.write(changed.encode("utf-8"))
            sys.stdout.flush()
            return
        target = out or _beside(source, "restored" if back else "redacted")
        with stages() as heard:
            step = redactor.run(source, target, heard)
        _show(redactor, step, target, json)
        if not back:
            back_again = shlex.join(["sadari", "data", "restore", str(target), "--vault", vault])
            say(f"The map is {escape(str(kept.path))}. Back: {escape(back_again)}")


def _open(name: str) -> Vault:
    from sadari.data.redact import Vault, vault_path
    from sadari.store import state_home

    return Vault.open(vault_path(state_home(), name))


def _beside(source: Path, word: str) -> Path:
    return source.with_name(f"{source.stem}.{word}{source.suffix}")


def _show(redactor: FileRedactor, step: Step, target: Path, json: bool) -> None:
    aside = [{"file": row.source, "reason": row.reason} for row in step.set_aside]
    if json:
        found = dict(sorted(redactor.counts.items()))
        print_json({"out": str(target), "files": step.rows_out, "found": found, "left_out": aside})
        return
    for kind, count in redactor.counts.most_common():
        output.print(f"{count:>8,}  {kind.replace('_', ' ')}", markup=False)
    output.print(f"{step.rows_out} files written to {target}", markup=False, soft_wrap=True)
    for row in aside:
        output.print(f"left out: {row['file']}: {row['reason']}", markup=False, soft_wrap=True)
