"""Examples made ready for the loop: cut to length, and refused where nothing could be learnt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sadari.llm.types import Rendered
from sadari.tuning.errors import TuningError


@dataclass(frozen=True)
class Example:
    """Token ids and which of them carry loss; `index` is its place in the caller's sequence."""

    index: int
    ids: tuple[int, ...]
    trained: tuple[bool, ...]


@dataclass(frozen=True)
class Examples:
    """Examples within `max_length`. `cut` counts those that were longer, `cut_answers` those of
    them that lost tokens of an answer."""

    rows: tuple[Example, ...]
    cut: int
    cut_answers: int


def prepare(rendered: Sequence[Rendered], max_length: int, name: str) -> Examples:
    """Examples cut to `max_length` tokens from their start.

    Raises TuningError, before any training, for an example in which no token carries loss or
    whose answer lies wholly beyond the cut: its loss of 0 would look like success.
    """
    silent = [i for i, row in enumerate(rendered) if not any(row.trained[1:])]
    if silent:
        raise TuningError(
            f"No token carries loss in {_some(silent)} of {name}.",
            todo="Each needs an answer by the assistant; look at it with `sadari data preview`.",
        )
    lost = [i for i, row in enumerate(rendered) if not any(row.trained[1:max_length])]
    if lost:
        longest = max(len(rendered[i].ids) for i in lost)
        raise TuningError(
            f"At max_length {max_length} the whole answer is cut away in {_some(lost)} of {name}.",
            todo=f"The longest has {longest} tokens: raise max_length, or shorten the prompts.",
        )
    rows = tuple(
        Example(i, row.ids[:max_length], row.trained[:max_length]) for i, row in enumerate(rendered)
    )
    long = [row for row in rendered if len(row.ids) > max_length]
    return Examples(rows, len(long), sum(any(row.trained[max_length:]) for row in long))


def check_end_of_turn(rendered: Sequence[Rendered], ends: Collection[int]) -> None:
    """Raises TuningError where a model could not learn to stop: the last token with loss is
    neither one of the base's end-of-sequence ids nor one and the same in all examples."""
    last = [max(i for i, on in enumerate(row.trained) if on) for row in rendered]
    tokens = {row.ids[i] for row, i in zip(rendered, last, strict=True)}
    if len(tokens) > 1 and not tokens <= set(ends):
        wrong = [i for i, row in enumerate(rendered) if row.ids[last[i]] not in ends]
        raise TuningError(
            f"The answer does not end with an end-of-turn token that carries loss in "
            f"{_some(wrong)}, so the model would not learn to stop.",
            todo=f"The base stops at token ids {sorted(ends) or 'that it does not name'}.",
        )


def _some(indices: Sequence[int]) -> str:
    shown = ", ".join(str(i) for i in indices[:5])
    more = f" and {len(indices) - 5} more" if len(indices) > 5 else ""
    return f"example{'s' if len(indices) > 1 else ''} {shown}{more}"
