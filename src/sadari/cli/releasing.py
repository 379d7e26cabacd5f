"""`promote`, `rollback`, `releases`, `serve`: from a measured rung to users, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say


def promote(
    domain: DomainArgument,
    rung: Annotated[str, typer.Option(help="Which rung; by default the climb's choice.")] = "",
    json: JsonOption = False,
) -> None:
    """Release a rung of the last climb, if every gate is open.

    Example: sadari promote examples/ald --rung rag
    """
    from dataclasses import asdict

    from sadari.domain import read_domain
    from sadari.releases import promote as promote_rung
    from sadari.releases import read_manifest
    from sadari.store import Store

    folder = read_domain(domain)
    store = Store.open()
    digest, gates = promote_rung(folder, store, rung)
    measured = read_manifest(store, digest)["measured"]
    if measured["right"] < folder.settings.target:
        say(
            f"[yellow]Below the target: {measured['right']:.1%} right, "
            f"{folder.settings.target:.0%} wanted. No gate asks for it: [gates] right does.[/]"
        )
    if json:
        print_json({"release": digest, "gates": [asdict(g) for g in gates]})
        return
    for gate in gates:
        output.print(f"[green]✓[/] {gate.name}: {gate.measured} (wanted {gate.wanted})")
    output.print(f"Released {digest[:12]}. Serve it: sadari serve {domain}", markup=False)


def rollback(domain: DomainArgument, json: JsonOption = False) -> None:
    """Go back to the release before the current one.

    Example: sadari rollback examples/ald
    """
    from sadari.domain import read_domain
    from sadari.releases import rollback as go_back
    from sadari.store import Store

    digest = go_back(Store.open(), read_domain(domain).id)
    if json:
        print_json({"release": digest})
        return
    output.print(f"The current release is {digest[:12]} again.")


def releases(domain: DomainArgument, json: JsonOption = False) -> None:
    """List the releases of a domain, newest last.

    Example: sadari releases examples/ald
    """
    from sadari.domain import read_domain
    from sadari.releases import current, list_releases
    from sadari.store import Store

    name = read_domain(domain).id
    store = Store.open()
    now = current(store, name)
    found = list_releases(store, name)
    if json:
        print_json([{**manifest, "current": manifest["digest"] == now} for manifest in found])
        return
    if not found:
        say(f"No release yet. Climb, then promote: sadari promote {domain}")
        return
    table = Table("release", "rung", "model", "right", "made", "")
    for manifest in found:
        recipe, measured = manifest["recipe"], manifest["measured"]
        table.add_row(
            manifest["digest"][:12],
            recipe["name"],
            recipe["model"],
            f"{measured['right']:.1%}",
            manifest["made"],
            "current" if manifest["digest"] == now else "",
        )
    output.print(table)


def serve(
    domain: Annotated[
        Path | None, typer.Argument(help="The domain folder; without it, all.", show_default=False)
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Answer with the promoted release over OpenAI's API.

    Any OpenAI client works: base URL http://127.0.0.1:8000/v1, the domain's id as the model.

    Example: sadari serve examples/ald --port 8000
    """
    from sadari.domain import read_domain
    from sadari.releases import ReleaseError, current, open_release
    from sadari.serving import serve as run_server
    from sadari.serving.run import check_free
    from sadari.store import Store

    store = Store.open()
    names = [read_domain(domain).id] if domain else store.domains_with_releases()
    assistants = {}
    for name in names:
        digest = current(store, name)
        if digest is None:
            todo = f"Promote one: sadari promote {domain}"
            raise ReleaseError(f"{name} has no promoted release.", todo=todo)
        assistants[name] = open_release(store, digest, name=name)
    if not assistants:
        raise ReleaseError("nothing is promoted.", todo="Climb and promote a domain first.")
    check_free(host, port)
    say(f"Serving {', '.join(assistants)} at http://{host}:{port}/v1 (Ctrl-C stops)")
    run_server(assistants, host, port)
