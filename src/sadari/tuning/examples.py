"""Examples made ready for the loop: cut to length, and refused where nothing could be learnt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from sadari.tuning.errors import TuningError


@dataclass(frozen=True)
class Example:
    """Token ids and which of them carry loss; `index` is the place of its lesson in the caller's
    sequence, `source` the file:line it comes from. `weight` is what the answer counts for where
    answers are rated: below 0 for one that is not liked."""

    index: int
    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    weight: float = 1.0
    source: str = field(default="", compare=False, repr=False)

    @property
    def name(self) -> str:
        """Where to look for it: its source, or its place among the examples."""
        return self.source or str(self.index)


Unit = tuple[Example, ...]
"""What one lesson gives, and what a batch is counted in: one answer, or the two of a pair."""


@dataclass(frozen=True)
class Examples:
    """Units within `max_length`. `cut` counts the examples that were longer, `cut_answers` those of
    them that lost tokens of an answer."""

    units: tuple[Unit, ...]
    cut: int
    cut_answers: int


def prepare(units: Sequence[Unit], max_length: int, name: str) -> Examples:
    """Units whose examples are cut to `max_length` tokens from their start.

    Raises TuningError, before any training, for an example in which no token carries loss or
    whose answer lies wholly beyond the cut: its loss of 0 would look like success.
    """
    rows = [example for unit in units for example in unit]
    silent = [row for row in rows if not any(row.trained[1:])]
    if silent:
        raise TuningError(
            f"No token carries loss in {some(silent)} of {name}.",
            todo="Each needs an answer by the assistant; look at it with `sadari data preview`.",
        )
    lost = [row for row in rows if not any(row.trained[1:max_length])]
    if lost:
        longest = max(len(row.ids) for row in lost)
        raise TuningError(
            f"At {max_length} tokens the whole answer is cut away in {some(lost)} of {name}.",
            todo=f"The longest has {longest:,} tokens: shorten the prompts, or raise max_length "
            "where the base reads more.",
        )
    cut = tuple(
        tuple(
            replace(row, ids=row.ids[:max_length], trained=row.trained[:max_length]) for row in unit
        )
        for unit in units
    )
    long = [row for row in rows if len(row.ids) > max_length]
    return Examples(cut, len(long), sum(any(row.trained[max_length:]) for row in long))


def check_vocabulary(units: Sequence[Unit], size: int) -> None:
    """Raises TuningError for token ids that a vocabulary of `size` does not have."""
    wrong = [row for unit in units for row in unit if max(row.ids) >= size]
    if wrong:
        raise TuningError(
            f"The base has {size:,} token ids, but there are greater ones in {some(wrong)}.",
            todo="They were made by another tokenizer: use the one in the base's folder.",
        )


def check_end_of_turn(units: Sequence[Unit], ends: Collection[int]) -> None:
    """Raises TuningError where a model could not learn to stop: the last token with loss is
    neither one of the base's end-of-sequence ids nor one and the same in all examples."""
    last = {
        row: row.ids[max(i for i, on in enumerate(row.trained) if on)]
        for unit in units
        for row in unit
    }
    if len(set(last.values())) > 1 and not set(last.values()) <= set(ends):
        wrong = [row for row, token in last.items() if token not in ends]
        raise TuningError(
            f"The answer does not end with an end-of-turn token that carries loss in "
            f"{some(wrong)}, so the model would not learn to stop.",
            todo=f"The base stops at token ids {sorted(ends) or 'that it does not name'}.",
        )


def some(rows: Sequence[Example]) -> str:
    """The first of these examples by name, and how many more there are."""
    names = list(dict.fromkeys(row.name for row in sorted(rows, key=lambda row: row.index)))
    shown = ", ".join(names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"example{'s' if len(names) > 1 else ''} {shown}{more}"
