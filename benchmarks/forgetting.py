"""What a tuning to a domain forgets, what rehearsal keeps, and what merging moves.

    python -m benchmarks.forgetting
    python -m benchmarks.forgetting --domain examples/support --shares 0 0.3

The practice model is tuned to the domain once for each share of general examples, side by side, one
seed. Test conversations are never trained on. The first adapter is then merged in bfloat16 and its
logits compared. Results go to benchmarks/results/forgetting.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.kept import ROOT, add_out, keep_whole
from sadari.assistant import recipe_for
from sadari.data import prepare
from sadari.domain import Domain, read_domain
from sadari.jobs import plan, tune_all
from sadari.jobs.export import export


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--domain", type=Path, default=ROOT / "examples" / "ald")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.2])
    parser.add_argument("--records", type=int, help="the first so many, for a quicker run")
    add_out(parser, "forgetting")
    options = parser.parse_args()
    domain = read_domain(options.domain)
    data = prepare(domain)
    if options.records:
        data = replace(data, train=data.train[: options.records])
    with tempfile.TemporaryDirectory() as home:
        jobs = [
            job
            for share in options.shares
            for job in plan(
                _rehearsing(domain, share),
                data,
                Path(home) / "adapters",
                closed=recipe_for(domain, "prompt"),
                open_book=None,
                seeds=[1],
            )
        ]
        jobs = [
            replace(job, name=f"share {share:g}")
            for job, share in zip(jobs, options.shares, strict=True)
        ]
        tuned = tune_all(jobs, domain, data, lambda *step: print(*step, flush=True))
        merged = export(tuned[0].adapter, Path(home) / "merged", merged=True)
        rows = [_row(share, one.result) for share, one in zip(options.shares, tuned, strict=True)]
    found = {
        "domain": domain.id,
        "rows": rows,
        "merged": {name: one.to_json() for name, one in merged.differences.items()},
    }
    keep_whole(options.out, found, libraries=("torch", "transformers", "peft"))
    print(json.dumps(found, indent=1))


def _rehearsing(domain: Domain, share: float) -> Domain:
    tuning = domain.settings.tuning.model_copy(update={"rehearsal": share})
    return replace(domain, settings=domain.settings.model_copy(update={"tuning": tuning}))


def _row(share: float, result: Any) -> dict[str, Any]:
    return {
        "share": share,
        "examples": result["examples"],
        "validation_losses": result["validation_losses"],
        "best_validation_loss": result["best_validation_loss"],
        "seconds": result["seconds"],
        "tokens_per_second": result["tokens_per_second"],
        "forgetting": result["forgetting"],
    }


if __name__ == "__main__":
    main()
