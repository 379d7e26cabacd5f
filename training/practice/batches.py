"""Rows as tensors: ids, positions, the tree mask and the positions that carry loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import torch

from training.practice.chains import called, chain, runs, tools
from training.practice.rows import Row

LONGEST = 1400  # tokens of a row; longer ones are dropped
OPENING = 8.0  # weight of an answer's first two tokens: they choose the sentence, or to refuse
DECIDING = 4.0  # weight of a state's or call's tokens that do not follow from what stands before
REACH = 2048  # positions that the jumps may stretch a row to


Look = tuple[int, int, float]  # index of a token, index of the one it should look at, weight


@dataclass(frozen=True)
class Encoded:
    ids: list[int]
    positions: list[int]
    branch: list[int]  # 0 is the prefix, which every branch sees
    weights: list[float]  # of predicting this token from the one before it in its branch
    before: list[int]  # index of that token
    told: dict[str, list[Look]]  # by what is told: see `aims`
    kinds: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


def encode(row: Row, tokenizer: Any, rng: Random | None = None, *, context: float = 0.0) -> Encoded:
    """One row. With `rng`, some rows get jumps in their positions, so that short rows also train
    the distances of long prompts; `context` weighs the tokens that are not answers."""
    ids: list[int] = tokenizer(row.prefix).input_ids if row.prefix else []
    jump = rng.random() < 0.2 if rng else False
    positions, now = [], 0
    newline, space, described = tokenizer.convert_tokens_to_ids(["\n", " ", "description"])
    room = (REACH - 2 * len(ids) - 400) // 4
    for token in ids:
        positions.append(now)
        now += 1
        if (
            jump
            and rng
            and token == newline
            and rng.random() < 0.5
            and room > 0
            and now < REACH // 2
        ):
            now += rng.randrange(room)
    weights = [context] * len(ids)
    before = [-1, *range(len(ids) - 1)] if ids else []
    branch = [0] * len(ids)
    points = [-1] * len(ids)
    end, last, end_of_prefix = now, len(ids) - 1, len(ids)
    shared, marks = _letters(ids), _marks(ids, tokenizer)
    told: dict[str, list[Look]] = {name: [] for name in ("copied", "found", "gathered", "chosen")}
    listed = tools(row.prefix, ids, newline, described)
    for tool in listed.values():
        marks[tool.mark : tool.line.stop] = [tool.mark] * (tool.line.stop - tool.mark)
    told["started"] = [(i, mark, 0.1) for i, mark in enumerate(marks) if mark != i]
    for number, continuation in enumerate(row.branches, 1):
        now, previous, begun, first = end, last, len(ids), 0
        name = called(continuation)
        visible = _without(
            shared, [tool.line for key, tool in listed.items() if name not in ("", key)]
        )
        for piece in continuation.pieces:
            tokens: list[int] = tokenizer(piece.text).input_ids
            points += (
                _points(tokens, visible, ids[begun:], begun) if piece.train else [-1] * len(tokens)
            )
            structured = piece.train and continuation.kind in ("state", "call")
            for place, token in enumerate(tokens):
                ids.append(token)
                positions.append(now)
                branch.append(number)
                if piece.train and not first:
                    first = len(ids) - 1
                weights.append((OPENING if place < 2 else 1.0) if piece.train else context)
                if (
                    structured
                    and place >= 2
                    and (token == space or _decides(ids, end_of_prefix, begun))
                ):
                    weights[-1] = DECIDING
                before.append(previous)
                previous, now = len(ids) - 1, now + 1
        if continuation.kind == "answer" and 0 <= points[first] < end_of_prefix:
            found = _matches(ids, points, begun)
            told["found"] += [(question, place, 1.0) for question, place in found]
            told["gathered"] += [(before[first], question, 0.4) for question, _ in found]
            chosen = marks[min(points[first] + 2, end_of_prefix - 1)]
            told["chosen"] += [
                (before[i], chosen, 12.0 if i == first else 0.3)
                for i in range(first, len(ids))
                if points[i] >= 0
            ]
        if name in listed:
            size = len(tokenizer(name).input_ids)
            links = chain(ids, points, listed, name, range(begun, first), size)
            told["found"] += [(question, place, 1.0) for question, place in links.found]
            told["gathered"] += [(before[i], place, 0.4) for i, place in links.gathered]
            told["chosen"] += [(before[i], place, 3.0) for i, place in links.chosen]
    told["copied"] = [
        (before[i], point, weights[i])
        for i, point in enumerate(points)
        if point >= 0 and weights[i]
    ]
    kinds = tuple(branch.kind for branch in row.branches)
    return Encoded(ids, positions, branch, weights, before, told, kinds)


def _decides(ids: list[int], end_of_prefix: int, begun: int) -> bool:
    """Whether the last token could have been another: the two before it were not always followed
    by it in the prefix and the branch, which starts at `begun`."""
    earlier = _letters(ids[:end_of_prefix] + ids[begun:])
    start, last = earlier[-3:-1], earlier[-1]
    after = {earlier[i + 2] for i in _places(earlier[:-1], start) if i + 2 < len(earlier) - 1}
    return after != {last}


def _without(text: str, lines: list[range]) -> str:
    for line in lines:
        text = text[: line.start] + "\0" * len(line) + text[line.stop :]
    return text


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _marks(ids: list[int], tokenizer: Any) -> list[int]:
    """For each token the index of the third one of its sentence or line, its own before that: with
    the two tokens before it, the third tells one sentence's beginning from another's."""
    newline, space, *stops = tokenizer.convert_tokens_to_ids(["\n", " ", ".", "?", "!"])
    third: list[int] = []
    start = 0
    for i in range(len(ids)):
        if i and (ids[i - 1] == newline or (ids[i - 1] == space and ids[i - 2] in stops)):
            start = i
        third.append(min(i, start + 2))
    return third


def _letters(ids: list[int]) -> str:
    """Ids as characters, so that `str.find` searches them."""
    return "".join(map(chr, (token + 256 for token in ids)))


def _points(answer: list[int], prefix: str, own: list[int], begun: int) -> list[int]:
    """Where the tokens of an answer stand earlier: the longest runs, of three tokens or more, the
    latest place first. `own` is the branch so far, which stands at `begun`."""
    text, earlier = _letters(answer), prefix + _letters(own)
    points: list[int] = []
    while len(points) < len(text):
        at, size = len(points), 2
        while at + size < len(text) and text[at : at + size + 1] in earlier:
            size += 1
        place = earlier.rfind(text[at : at + size]) if size > 2 else -1
        if place < 0:
            points.append(-1)
        else:
            points += [
                p if p < len(prefix) else p - len(prefix) + begun
                for p in range(place, place + size)
            ]
    return points


def _matches(ids: list[int], points: list[int], begun: int) -> list[tuple[int, int]]:
    """Tokens of the branch's question that stand, with the two before them, in the sentence which
    its answer copies; of several places the one with the longest run."""
    copied = [(i, point) for i, point in enumerate(points[begun:], begun) if 0 <= point < begun]
    first, low = copied[0]
    high = max(point for _, point in copied)
    return list(runs(ids, range(begun, first), range(low, high + 1), 3).items())


@dataclass(frozen=True)
class Batch:
    ids: torch.Tensor  # (rows, length)
    positions: torch.Tensor  # (rows, length)
    mask: torch.Tensor  # (rows, 1, length, length), 0 or a large negative number
    source: torch.Tensor  # flat indices of the hidden states that predict
    target: torch.Tensor  # token ids
    weight: torch.Tensor
    told: dict[str, tuple[torch.Tensor, torch.Tensor, torch.Tensor]]
    # by what is told: flat indices of the queries, the columns they should look at, weights
    owner: torch.Tensor  # (row number * 64 + branch) of each target


def collate(rows: list[Encoded], pad: int, dtype: torch.dtype = torch.float32) -> Batch:
    length = max(len(row) for row in rows)
    ids = torch.full((len(rows), length), pad)
    positions = torch.zeros((len(rows), length), dtype=torch.long)
    branch = torch.full((len(rows), length), -1)
    source, target, weight, owner = [], [], [], []
    told: dict[str, list[Look]] = {}
    for r, row in enumerate(rows):
        n = len(row)
        ids[r, :n] = torch.tensor(row.ids)
        positions[r, :n] = torch.tensor(row.positions)
        branch[r, :n] = torch.tensor(row.branch)
        for name, looks in row.told.items():
            told.setdefault(name, []).extend((r * length + i, j, w) for i, j, w in looks)
        for i, (w, b) in enumerate(zip(row.weights, row.before, strict=True)):
            if w and b >= 0:
                source.append(r * length + b)
                target.append(row.ids[i])
                weight.append(w)
                owner.append(r * 64 + row.branch[i])
    seen = torch.ones(length, length, dtype=torch.bool).tril()
    same = (branch[:, None, :] == branch[:, :, None]) | (branch[:, None, :] == 0)
    allowed = seen & same | torch.eye(length, dtype=torch.bool)
    mask = torch.zeros(len(rows), 1, length, length, dtype=dtype)
    mask.masked_fill_(~allowed[:, None], torch.finfo(torch.bfloat16).min)
    return Batch(
        ids, positions, mask, torch.tensor(source), torch.tensor(target), torch.tensor(weight),
        {
            name: (
                torch.tensor([i for i, _, _ in looks]),
                torch.tensor([j for _, j, _ in looks]),
                torch.tensor([w for _, _, w in looks]),
            )
            for name, looks in told.items()
            if looks
        },
        torch.tensor(owner),
    )  # fmt: skip


def buckets(rows: list[Encoded], tokens: int) -> list[list[Encoded]]:
    """Rows of like length together, at most `tokens` padded tokens a batch."""
    made: list[list[Encoded]] = []
    for row in sorted(rows, key=len):
        if made and len(row) * (len(made[-1]) + 1) <= tokens:
            made[-1].append(row)
        else:
            made.append([row])
    return made
