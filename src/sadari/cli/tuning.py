"""`tune`: one adapter from the domain's records."""

from __future__ import annotations

from typing import Annotated

import typer

from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say, stages


def tune(
    domain: DomainArgument,
    seed: Annotated[int, typer.Option(help="Of the adapter's weights and the order.")] = 1,
    json: JsonOption = False,
) -> None:
    """Prepare the records, train an adapter on them, and write it with its model card.

    A tuning that was interrupted goes on where it stopped; one that is done is not repeated.

    Example: sadari tune examples/ald
    """
    from sadari.assistant import index_for, recipe_for
    from sadari.data import prepare
    from sadari.domain import read_domain
    from sadari.jobs import plan, tune_all
    from sadari.store import Store

    folder = read_domain(domain)
    store = Store.open()
    data = prepare(folder)
    closed = recipe_for(folder, "prompt", index=store.home)
    open_book = None
    if folder.documents:
        path = index_for(folder, store.home / "indexes")
        open_book = recipe_for(folder, "rag", index=path)
    adapters = store.home / "adapters"
    jobs = plan(folder, data, adapters, closed=closed, open_book=open_book, seeds=[seed])
    say(f"{len(data.train)} records make {len(jobs[0].train)} examples; base {jobs[0].base.name}.")
    with stages() as watch:
        tuned = tune_all(
            jobs, folder, data, lambda name, step, steps, loss: watch("tuning", step, steps)
        )[0]
    result = tuned.result
    if json:
        print_json({"adapter": str(tuned.adapter), **result})
        return
    losses = result["validation_losses"]
    share = result["trainable"] / result["total"]
    rows = {
        "adapter": tuned.adapter,
        "validation loss": f"{losses[0]:.3f} → {result['best_validation_loss']:.3f}",
        "trainable": f"{result['trainable']:,} of {result['total']:,} ({share:.2%})",
        "time": f"{result['seconds']:.0f} s, {result['tokens_per_second']:,.0f} tokens/s",
        "peak memory": f"{result['peak_memory_bytes'] / 2**20:,.0f} MiB",
        "adapter size": f"{result['adapter_bytes'] / 2**20:.1f} MiB",
    }
    for name, value in rows.items():
        output.print(f"{name}: {value}", markup=False, soft_wrap=True)
    if result["best_validation_loss"] >= losses[0]:
        say(
            "[yellow]The adapter is no better than its base.[/] In this order: look at the records "
            "(`sadari data preview`), lower the rate (1e-4), change the epochs, try another base."
        )
