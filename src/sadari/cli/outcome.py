"""A finished tuning, told: what it came to, and what to try where it gained nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from sadari.cli import planning
from sadari.cli.common import output, print_json, say

if TYPE_CHECKING:
    from sadari.domain import Domain
    from sadari.jobs.tune import Tuned


def show(tuned: Tuned, domain: Domain, *, json: bool) -> None:
    """Print a tuning's figures on stdout, and on stderr what helps where it did not do well."""
    from sadari.jobs.outcome import forgotten, machine_bytes
    from sadari.jobs.preferences import preferred
    from sadari.jobs.remedies import gained, preference_of, remedies

    result = tuned.result
    if json:
        print_json({"adapter": str(tuned.adapter), **result})
        return
    for sentence in result["shortages"]:
        say(escape(sentence))
    losses = result["validation_losses"]
    share = result["trainable"] / result["total"]
    rows = {
        "adapter": tuned.adapter,
        "validation loss": f"{losses[0]:.3f} → {result['best_validation_loss']:.3f}",
        **({"held-out pairs": preferred(result)} if result.get("preferred") else {}),
        "trainable": f"{result['trainable']:,} of {result['total']:,} ({share:.2%})",
        "cut": f"{result['cut_examples']:,} examples longer than max_length, "
        f"{result['cut_answers']:,} answers cut",
        "time": f"{result['seconds']:.0f} s, {result['tokens_per_second']:,.0f} tokens/s",
        "peak memory": f"{result['peak_memory_bytes'] / 2**20:,.0f} MiB",
        "predicted": planning.comparison(result.get("predicted")),
        "adapter size": f"{result['adapter_bytes'] / 2**20:.1f} MiB",
        "general ability": forgotten(result, domain.settings.gates.forgetting),
        "curves": tuned.adapter / "run.html",
    }
    for name, value in rows.items():
        output.print(f"{name}: {value}", markup=False, soft_wrap=True)
    if not gained(result):
        start = "the tuning it started from" if preference_of(result) else "its base"
        say(f"[yellow]The adapter is no better than {start}.[/] In this order:")
    advice = remedies(result, domain.settings.language, machine_bytes())
    for number, remedy in enumerate(advice, start=1):
        say(f"{number}. {escape(str(remedy))}")
