"""The model card of an adapter: what it is, what made it, what it is not for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sadari.data import Dataset
from sadari.domain import Domain
from sadari.tuning import TuneSettings


def write_card(
    folder: Path, domain: Domain, data: Dataset, settings: TuneSettings, result: Mapping[str, Any]
) -> Path:
    """Writes README.md into the adapter's folder, with the Hub's metadata on top. Returns it."""
    losses = result["validation_losses"]
    best = result["best_validation_loss"]
    path = folder / "README.md"
    path.write_text(
        f"""---
library_name: peft
base_model: {domain.settings.models.base}
language: {domain.settings.language}
tags: [lora, sadari]
---
# {domain.settings.name}: {settings.method} adapter, seed {settings.seed}

Adapts `{domain.settings.models.base}` to the domain `{domain.id}`.

| | |
|---|---|
| training records | {len(data.train)} ({result["examples"]} examples), \
{len(data.validation)} for validation |
| data (SHA-256) | `{data.digest}` |
| documents held out of training | {len(data.held_out)} |
| rank, alpha, dropout | {settings.rank}, {settings.alpha:g}, {settings.dropout:g} |
| learning rate, epochs | {settings.learning_rate:g}, {settings.epochs} |
| trainable parameters | {result["trainable"]:,} of {result["total"]:,} \
({result["trainable"] / result["total"]:.2%}) |
| validation loss | {losses[0]:.3f} before, {best:.3f} kept |
| time | {result["seconds"]:.0f} s at {result["tokens_per_second"]:,.0f} tokens per second \
({result["device"]}, {result["dtype"]}) |

The licence of the base model holds for this adapter too. It was trained on the documents and
feedback of one domain and is meant for that domain, behind the prompts it was trained with.
It does not make the base know more than those documents say.
""",
        encoding="utf-8",
    )
    return path
