"""Examples of different lengths laid end to end in rows, instead of padded to the longest.

Positions restart at every example and attention never crosses from one to the next, so a packed
row gives the logits that its examples give alone. Where the examples of a step begin alike (the
system prompt of a domain, say), what they share stands once at the start of the row and each of
them continues from it: the same logits and gradients again, for a part of the tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

import torch
from torch import Tensor

from sadari.tuning.examples import Example

WORTH_SHARING = 16
"""Fewer common tokens than this are not worth the extra products of attention."""


class Span(NamedTuple):
    """Tokens from `start` to `end` of a row that see each other, and the row's first `shared`."""

    start: int
    end: int
    shared: int = 0


@dataclass(frozen=True)
class Row:
    """Examples end to end.

    input_ids, position_ids  shape (1, tokens).
    spans      of each example; a shared beginning is a span of its own, the first.
    predicts   indices into the row whose next token carries loss, shape (answer tokens,).
    targets    those next tokens, same shape.
    """

    input_ids: Tensor
    position_ids: Tensor
    spans: tuple[Span, ...]
    predicts: Tensor
    targets: Tensor

    @property
    def tokens(self) -> int:
        """Tokens of the row; none of them is padding."""
        return self.input_ids.shape[1]

    def to(self, device: torch.device) -> Row:
        """The same row on a device."""
        return Row(
            self.input_ids.to(device),
            self.position_ids.to(device),
            self.spans,
            self.predicts.to(device),
            self.targets.to(device),
        )


def pack(examples: Sequence[Example], row_tokens: int, *, share: bool = False) -> list[Row]:
    """Rows of at most `row_tokens` tokens (a longer example has a row to itself), filled longest
    example first into the first row with room. The same examples always give the same rows. With
    `share`, a common beginning of all of them stands once in each row."""
    common = _common(examples) if share else 0
    rows: list[list[Example]] = []
    room: list[int] = []
    for example in sorted(examples, key=lambda example: -len(example.ids)):
        length = len(example.ids) - common
        index = next((i for i, left in enumerate(room) if left >= length), len(rows))
        if index == len(rows):
            rows.append([])
            room.append(row_tokens - common)
        rows[index].append(example)
        room[index] -= length
    return [_lay(row, common) for row in rows]


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


def _lay(examples: Sequence[Example], common: int) -> Row:
    ids = list(examples[0].ids[:common])
    positions = list(range(common))
    spans = [Span(0, common)] if common else []
    predicts: list[int] = []
    for example in examples:
        start = len(ids)
        ids.extend(example.ids[common:])
        positions.extend(range(common, len(example.ids)))
        spans.append(Span(start, len(ids), common))
        # The first token of an example is predicted by nothing: what stands before it in the row
        # belongs to another example.
        offset = start - common - 1
        predicts.extend(offset + i for i, on in enumerate(example.trained) if on and i > 0)
    return Row(
        torch.tensor([ids]),
        torch.tensor([positions]),
        tuple(spans),
        torch.tensor(predicts, dtype=torch.long),
        torch.tensor([ids[index + 1] for index in predicts], dtype=torch.long),
    )
