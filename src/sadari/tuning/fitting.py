"""Lighter settings for a tuning that would not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from sadari.tuning.memory import Footprint
from sadari.tuning.settings import TuneSettings


def fit(
    settings: TuneSettings,
    free_bytes: int,
    need: Callable[[TuneSettings], Footprint],
    *,
    four_bits: bool,
) -> tuple[TuneSettings, Footprint]:
    """The first settings that fit into `free_bytes`, cheapest change first, with what they need:
    shorter rows (the same gradients), recomputation (the same, a third slower), and with
    `four_bits` QLoRA in place of LoRA (other numbers), then with both. The lightest if none fits.
    """
    taken = need(settings)
    for lighter in _lighter(settings, taken.longest, four_bits):
        if taken.peak_bytes <= free_bytes:
            break
        settings, taken = lighter, need(lighter)
    return settings, taken


def changes(before: TuneSettings, after: TuneSettings) -> list[str]:
    """What was changed, as phrases such as "micro_batch_tokens 512 instead of 2048"."""
    then, now = before.to_json(), after.to_json()
    return [
        f"{name} {now[name]} instead of {then[name]}" for name in now if now[name] != then[name]
    ]


def _lighter(settings: TuneSettings, longest: int, four_bits: bool) -> Iterator[TuneSettings]:
    yield from _shorter(settings, longest)
    least = replace(settings, micro_batch_tokens=min(settings.micro_batch_tokens, longest))
    yield replace(least, recompute=True)
    if four_bits and settings.method == "lora":
        packed = replace(settings, method="qlora")
        yield packed
        yield from _shorter(packed, longest)
        yield replace(least, method="qlora", recompute=True)


def _shorter(settings: TuneSettings, longest: int) -> Iterator[TuneSettings]:
    """Rows of half the tokens, again and again, down to the longest example."""
    tokens = settings.micro_batch_tokens
    while tokens > longest:
        tokens = max(longest, tokens // 2)
        yield replace(settings, micro_batch_tokens=tokens)
