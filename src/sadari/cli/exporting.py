"""`export`: an adapter or a merged model for other servers; folders freed of training state."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sadari.cli.common import JsonOption, output, print_json, say

if TYPE_CHECKING:
    from sadari.jobs.export import Naming
    from sadari.store import Store


class Server(StrEnum):
    """Whose files and command are written."""

    vllm = "vllm"
    ollama = "ollama"


def export(
    what: Annotated[Path, typer.Argument(help="A domain, or the folder of an adapter.")],
    to: Annotated[Path | None, typer.Option(help="Where to; a new folder.")] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Add the adapter into its base, in bfloat16.")
    ] = False,
    quantise: Annotated[
        bool, typer.Option("--quantise", help="With --merge: in four bits, a quarter of the size.")
    ] = False,
    server: Annotated[Server, typer.Option("--for", help="Who is to serve it.")] = Server.vllm,
    strip: Annotated[
        bool,
        typer.Option("--strip", help="Remove what only training needs from the folder, for good."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write what inference needs, and nothing else, for vLLM or Ollama, with the command to serve.

    A domain gives the adapter of its current release, else of its last tuning, with the scores of
    its last evaluation on the card. With --strip a folder loses its optimiser, scheduler, scaler
    and random state, also in checkpoints of Transformers and TRL; it cannot be resumed any more.

    Example: sadari export examples/ald --to ald-vllm --merge
    """
    from sadari.jobs import JobError
    from sadari.jobs.export import AGAINST, strip_folder
    from sadari.jobs.export import export as write
    from sadari.store import Store

    if strip and (to is not None or merge or quantise):
        raise typer.BadParameter(
            "--strip works in the folder itself, without --to, --merge and --quantise."
        )
    if not what.is_dir():
        raise JobError("This folder does not exist.", where=str(what))
    if strip:
        gone = strip_folder(what)
        if json:
            print_json({"removed": {str(path): size for path, size in gone}})
            return
        for path, size in gone:
            output.print(f"{path}: {size / 2**20:.1f} MiB", markup=False, soft_wrap=True)
        total = sum(size for _, size in gone)
        say(f"{total / 2**20:,.1f} MiB freed. What is left can be served and not be resumed.")
        return
    if to is None:
        raise JobError("Nobody said where to.", todo="Add --to FOLDER.")
    adapter, naming = what, None
    if (what / "domain.toml").is_file():
        adapter, naming = _of_domain(what, Store.open())
    done = write(adapter, to, naming, merged=merge, four_bits=quantise, server=server.value)
    if json:
        print_json(done.to_json())
        return
    output.print(f"{len(done.files)} files in {done.folder}", markup=False, soft_wrap=True)
    for name, one in done.differences.items():
        output.print(f"Against the adapter {AGAINST[name]}: {one}", markup=False, soft_wrap=True)
    output.print(done.command, markup=False, soft_wrap=True)


def _of_domain(folder: Path, store: Store) -> tuple[Path, Naming]:
    """The adapter of a domain, and what the domain knows of it. Raises JobError where none is."""
    from sadari.assistant import recipe_for
    from sadari.domain import read_domain
    from sadari.jobs import JobError
    from sadari.jobs.export import Naming
    from sadari.jobs.runs import runs_of
    from sadari.ladder import scores_of
    from sadari.releases import current, read_manifest

    domain = read_domain(folder)
    release = current(store, domain.id)
    original = read_manifest(store, release)["recipe"]["adapter"] if release else None
    if release and original:
        adapter, tuned = store.home / "releases" / release / "adapter", Path(original).name
        say(f"The adapter of the release {release[:12]}.")
    else:
        runs = runs_of(store.home / "adapters", domain.id)
        done = [run for run in runs if run.status == "done" and run.whole]
        if not done:
            todo = f"Tune it first: sadari tune {folder}"
            raise JobError(f"{domain.id} has no adapter.", where=str(folder), todo=todo)
        adapter, tuned = done[-1].folder, done[-1].folder.name
        say(f"The adapter of the last tuning, {done[-1].name}.")
    system = recipe_for(domain, "prompt").prompt.system
    scores = scores_of(store, domain.id, tuned)
    models = domain.settings.models
    return adapter, Naming(domain.id, models.base, system, scores, models.template_kwargs)
