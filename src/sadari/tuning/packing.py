"""Examples of different lengths laid end to end in rows, instead of padded to the longest.

Positions restart at every example and attention never crosses from one to the next, so a packed
row gives the logits that its examples give alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sadari.tuning.examples import Example


@dataclass(frozen=True)
class Row:
    """Examples end to end.

    input_ids, position_ids  shape (1, tokens).
    spans      (start, end) of each example.
    predicts   indices into the row whose next token carries loss, shape (answer tokens,).
    targets    those next tokens, same shape.
    """

    input_ids: Tensor
    position_ids: Tensor
    spans: tuple[tuple[int, int], ...]
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


def pack(examples: Sequence[Example], row_tokens: int) -> list[Row]:
    """Rows of at most `row_tokens` tokens (a longer example has a row to itself), filled longest
    example first into the first row with room. The same examples always give the same rows."""
    rows: list[list[Example]] = []
    room: list[int] = []
    for example in sorted(examples, key=lambda example: -len(example.ids)):
        length = len(example.ids)
        index = next((i for i, left in enumerate(room) if left >= length), len(rows))
        if index == len(rows):
            rows.append([])
            room.append(row_tokens)
        rows[index].append(example)
        room[index] -= length
    return [_lay(row) for row in rows]


def _lay(examples: Sequence[Example]) -> Row:
    ids: list[int] = []
    positions: list[int] = []
    spans: list[tuple[int, int]] = []
    predicts: list[int] = []
    for example in examples:
        start = len(ids)
        ids.extend(example.ids)
        positions.extend(range(len(example.ids)))
        spans.append((start, len(ids)))
        # The first token of an example is predicted by nothing: what stands before it in the row
        # belongs to another example.
        predicts.extend(start + i - 1 for i, on in enumerate(example.trained) if on and i > 0)
    return Row(
        torch.tensor([ids]),
        torch.tensor([positions]),
        tuple(spans),
        torch.tensor(predicts, dtype=torch.long),
        torch.tensor([ids[index + 1] for index in predicts], dtype=torch.long),
    )
