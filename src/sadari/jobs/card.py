"""The model card of an adapter: what it is, what made it, what it is not for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadari.data import Dataset
from sadari.domain import Domain
from sadari.store import whole_file
from sadari.tuning import TuneSettings
from sadari.tuning.settings import VIRTUAL

if TYPE_CHECKING:
    from sadari.jobs.tune import Job


def write_card(job: Job, domain: Domain, data: Dataset, result: Mapping[str, Any]) -> Path:
    """Writes README.md into the adapter's folder, with the Hub's metadata on top. Returns it."""
    settings, kept = job.settings, result["forgetting"]
    losses = result["validation_losses"]
    best = result["best_validation_loss"]
    path = job.folder / "README.md"
    text = f"""---
library_name: {"transformers" if settings.method == "full" else "peft"}
base_model: {domain.settings.models.base}
language: {domain.settings.language}
license: {_hub_licence(job.base)}
tags: [{settings.method}, sadari]
---
# {domain.settings.name}: {settings.method}, seed {settings.seed}

Adapts `{domain.settings.models.base}` to the domain `{domain.id}`.

| | |
|---|---|
| training records | {len(data.train)} ({result["examples"]} examples), \
{len(data.validation)} for validation |
| data (SHA-256) | `{data.digest}` |
| documents held out of training | {len(data.held_out)} |
{_size(settings)}
{_preference(job)}| learning rate, epochs | {settings.peak_rate:g}, {settings.epochs} |
| trainable parameters | {result["trainable"]:,} of {result["total"]:,} \
({result["trainable"] / result["total"]:.2%}) |
| validation loss | {losses[0]:.3f} before, {best:.3f} kept |
| general answers' probability per token | {kept["before"]:.3f} before, {kept["after"]:.3f} \
after: a drop of {kept["low"]:.3f} to {kept["high"]:.3f} over {kept["items"]} conversations |
| time | {result["seconds"]:.0f} s at {result["tokens_per_second"]:,.0f} tokens per second \
({result["device"]}, {result["dtype"]}) |

The licence of the base model holds for this adapter too: {licence_of(job.base)}.

It was trained on the documents and feedback of one domain and is meant for that domain, behind the
prompts it was trained with. It does not make the base know more than those documents say.
"""
    with whole_file(path) as file:
        file.write(text)
    return path


def _preference(job: Job) -> str:
    """The row that says what was preferred to what, where the tuning learnt a preference."""
    if job.settings.preference is None or job.start_from is None:
        return ""
    beta, start = job.settings.beta, job.start_from.name
    return f"| preference | {job.settings.preference}, beta {beta:g}, from adapter `{start}` |\n"


def licence_of(base: Path) -> str:
    """A model's licence, as its folder states it: in its card's metadata, ours or the Hub's, or the
    first line of a licence file."""
    with suppress(OSError, ValueError):
        _, metadata, _ = (base / "README.md").read_text(encoding="utf-8").split("---", 2)
        stated = re.search(r"^license:\s*(\S.*?)\s*$", metadata, re.MULTILINE)
        if stated:
            return stated[1]
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads((base / "card.json").read_text(encoding="utf-8"))["licence"])
    for path in sorted(base.glob("LICEN[CS]E*")):
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in lines if line.strip()), path.name)
    return "its folder does not state one"


def _hub_licence(base: Path) -> str:
    """The licence as the Hub's metadata want it: a short identifier, or "other"."""
    stated = licence_of(base).lower()
    return stated if re.fullmatch(r"[a-z0-9.+-]{2,40}", stated) else "other"


def _size(settings: TuneSettings) -> str:
    if settings.method == "full":
        return "| weights that were trained | all |"
    if settings.method in VIRTUAL:
        return f"| virtual tokens | {settings.virtual_tokens} |"
    return f"| rank, alpha, dropout | {settings.rank}, {settings.alpha:g}, {settings.dropout:g} |"
