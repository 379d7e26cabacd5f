"""What to try when a tuning gained nothing, or took too long or too much memory: in the order in
which it usually helps, each with what was measured.

A preference starts from a tuning, learns opinions at a rate of its own and drops nothing out, so
what helps it is said in its own words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from sadari.jobs.remedy_words import IMITATING, PREFERRING, Words
from sadari.text.language import Language
from sadari.tuning import TuneSettings
from sadari.tuning.settings import PREFERENCE_RATE, RATES

FEW_EXAMPLES = 100
FELL = 0.05  # share of the first loss by which a training loss must fall to have fallen
CAREFUL = 1 / 2  # of the rate at which a method usually learns
BOLDER = 5  # times the rate of a preference that did not move
SLOW_SECONDS = 3600.0
FULL = 0.8  # of the machine's memory


@dataclass(frozen=True)
class Remedy:
    """One thing to try. `id` is fixed; `why` is what was measured, `todo` what to do."""

    id: str
    why: str
    todo: str

    def __str__(self) -> str:
        return f"{self.why} {self.todo}"


def remedies(
    result: Mapping[str, Any], language: Language = "en", memory_bytes: int | None = None
) -> list[Remedy]:
    """For a finished tuning's result (`tuning.json`), the remedies in order: data, rate, epochs,
    another base where it is no better than what it started from; then speed and memory. Empty if
    all is well.

    `memory_bytes` is what the machine has."""
    found = []
    if not gained(result):
        found += [*_data(result), *_rate(result), *_epochs(result), ("base", ())]
    found += _speed(result)
    if memory_bytes and result["peak_memory_bytes"] > FULL * memory_bytes:
        found.append(("memory", (result["peak_memory_bytes"] / memory_bytes,)))
    words = {**IMITATING, **PREFERRING} if preference_of(result) else IMITATING
    return [_said(words, name, figures, language) for name, figures in found]


def preference_of(result: Mapping[str, Any]) -> str | None:
    """Which preference a tuning learnt; None where it imitated answers."""
    name: str | None = result["settings"].get("preference")
    return name


def gained(result: Mapping[str, Any]) -> bool:
    """Whether the kept weights do better on the validation examples than what the tuning started
    from: the base, or for a preference the tuning before."""
    best, losses = result["best_validation_loss"], result["validation_losses"]
    return best is None or not losses or bool(best < losses[0])


_Found = tuple[str, tuple[Any, ...]]


def _data(result: Mapping[str, Any]) -> list[_Found]:
    found: list[_Found] = []
    if result["cut_answers"]:
        found.append(("cut", (result["cut_answers"], result["settings"]["max_length"])))
    if result["examples"] < FEW_EXAMPLES:
        found.append(("few", (result["examples"],)))
    return found or [("records", ())]


def _rate(result: Mapping[str, Any]) -> list[_Found]:
    first, last = _ends(result["train_losses"])
    settings = TuneSettings.from_json(result["settings"])
    rate, usual = settings.peak_rate, RATES[settings.method]
    if settings.preference:
        careful, bolder = usual * PREFERENCE_RATE, rate * BOLDER
        timid = rate < usual
    else:
        careful, bolder = usual * CAREFUL, usual
        timid = rate <= careful
    if last > first and rate > careful:
        return [("rose", (first, last, careful))]
    if _learnt(result) and rate > careful:
        return [("overfitted", (first, last, careful))]
    if not _learnt(result) and timid:
        return [("still", (first, last, bolder))]
    return []


def _epochs(result: Mapping[str, Any]) -> list[_Found]:
    epochs, losses = result["settings"]["epochs"], result["validation_losses"]
    if not _learnt(result):
        return [("more_epochs", (epochs, 2 * epochs))]
    best = losses.index(min(losses[1:]), 1) if len(losses) > 1 else 1
    return [("fewer_epochs", (best, epochs))] if best < epochs else []


def _speed(result: Mapping[str, Any]) -> list[_Found]:
    if result["seconds"] < SLOW_SECONDS:
        return []
    found: list[_Found] = [("slow", (result["seconds"] / 3600, result["tokens_per_second"]))]
    if result["device"] == "cpu":
        found.append(("gpu", ()))
    return found


def _learnt(result: Mapping[str, Any]) -> bool:
    first, last = _ends(result["train_losses"])
    return last < (1 - FELL) * first


def _ends(losses: Sequence[float]) -> tuple[float, float]:
    """The mean of the first and of the last tenth of the steps."""
    tenth = max(1, len(losses) // 10)
    return mean(losses[:tenth]), mean(losses[-tenth:])


def _said(words: Words, name: str, figures: tuple[Any, ...], language: Language) -> Remedy:
    why, todo = words[name][language]
    return Remedy(name, why.format(*figures), todo.format(*figures))
