"""Examples of different lengths laid end to end in rows, instead of padded to the longest.

Positions restart at every example and attention never crosses from one to the next, so a packed
row gives the logits that its examples give alone. What examples begin with alike stands once and
each of them continues from it: what all examples of a step share (the system prompt of a domain,
say) at the start of the row, what the answers of a unit share (the question of a pair) before
them. The same logits and gradients again, for a part of the tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple

import torch
from torch import Tensor

from sadari.tuning.examples import Example, Unit

WORTH_SHARING = 16
"""Fewer common tokens than this are not worth the extra products of attention."""


class Span(NamedTuple):
    """Tokens from `start` to `end` of a row that see each other, and before them those of `seen`:
    the places, in order, where what they continue from stands."""

    start: int
    end: int
    seen: tuple[tuple[int, int], ...] = ()

    @property
    def shared(self) -> int:
        """Tokens that are seen besides the span's own."""
        return sum(end - start for start, end in self.seen)


@dataclass(frozen=True)
class Row:
    """Units end to end.

    input_ids, position_ids  shape (1, tokens).
    spans      of each example; a shared beginning is a span of its own, before those that see it.
    predicts   indices into the row whose next token carries loss, shape (answer tokens,).
    targets    those next tokens, same shape.
    units      in the order in which they lie in the row, each with its examples in order.
    lengths    answer tokens of each of these examples.
    """

    input_ids: Tensor
    position_ids: Tensor
    spans: tuple[Span, ...]
    predicts: Tensor
    targets: Tensor
    units: tuple[Unit, ...]
    lengths: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """Tokens of the row; none of them is padding."""
        return self.input_ids.shape[1]

    def to(self, device: torch.device) -> Row:
        """The same row on a device."""
        names = ("input_ids", "position_ids", "predicts", "targets")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})


def pack(units: Sequence[Unit], row_tokens: int, *, share: bool = False) -> list[Row]:
    """Rows of at most `row_tokens` tokens (a longer unit has a row to itself), filled longest unit
    first into the first row with room. The same units always give the same rows. With `share`, a
    common beginning of all of them stands once in each row, and one of a unit's examples once."""
    common = _common([example for unit in units for example in unit]) if share else 0
    rows: list[list[Unit]] = []
    room: list[int] = []
    lengths = {unit: _length(unit, common, share) for unit in units}
    for unit in sorted(units, key=lambda unit: -lengths[unit]):
        length = lengths[unit]
        index = next((i for i, left in enumerate(room) if left >= length), len(rows))
        if index == len(rows):
            rows.append([])
            room.append(row_tokens - common)
        rows[index].append(unit)
        room[index] -= length
    return [_lay(row, common, share) for row in rows]


def _common(examples: Sequence[Example]) -> int:
    """Tokens that all examples begin with, up to the last one before any of them carries loss; 0
    if that is not worth sharing."""
    if len(examples) < 2:
        return 0
    columns = zip(*(example.ids for example in examples), strict=False)
    alike = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    # The token that predicts an answer's first one belongs to its example, not to all.
    silent = min(example.trained.index(True, 1) for example in examples) - 1
    common = min(alike, silent)
    return common if common >= WORTH_SHARING else 0


def _own(unit: Unit, common: int, share: bool) -> int:
    """Tokens that the unit's examples begin with, `common` among them, where that is worth it."""
    own = _common(unit) if share else 0
    return own if own - common >= WORTH_SHARING else common


def _length(unit: Unit, common: int, share: bool) -> int:
    """Tokens that the unit takes in a row after the first `common`."""
    own = _own(unit, common, share)
    return own - common + sum(len(example.ids) - own for example in unit)


def _lay(units: Sequence[Unit], common: int, share: bool) -> Row:
    ids: list[int] = []
    positions: list[int] = []
    spans: list[Span] = []
    predicts: list[int] = []
    lengths: list[int] = []

    def put(part: Sequence[int], seen: tuple[tuple[int, int], ...]) -> Span:
        span = Span(len(ids), len(ids) + len(part), seen)
        spans.append(span)
        ids.extend(part)
        positions.extend(range(span.shared, span.shared + len(part)))
        return span

    beginning: tuple[tuple[int, int], ...] = ()
    if common:
        beginning = (put(units[0][0].ids[:common], ())[:2],)
    for unit in units:
        own, seen = _own(unit, common, share), beginning
        if own > common:
            seen = (*beginning, put(unit[0].ids[common:own], beginning)[:2])
        for example in unit:
            span = put(example.ids[own:], seen)
            # The first token of an example is predicted by nothing: what stands before it in the
            # row belongs to another example.
            offset = span.start - own - 1
            learnt = [offset + i for i, on in enumerate(example.trained) if on and i > 0]
            predicts.extend(learnt)
            lengths.append(len(learnt))
    return Row(
        torch.tensor([ids]),
        torch.tensor([positions]),
        tuple(spans),
        torch.tensor(predicts, dtype=torch.long),
        torch.tensor([ids[index + 1] for index in predicts], dtype=torch.long),
        tuple(units),
        tuple(lengths),
    )
