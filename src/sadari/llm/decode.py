"""The decoding loop: rows of a batch grow token by token, and leave it when they are finished.

What the loop asks of a model is an `Engine`: `padded.py` works for every architecture of
Transformers, `ragged.py` is the fast one for plain decoders on a CPU.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sadari.llm.detokenise import Detokeniser
from sadari.llm.grammar import Constraint
from sadari.llm.reply import stop_at
from sadari.llm.types import Sampling


class Engine(Protocol):
    """A batch in progress. Logits have shape (rows, vocabulary)."""

    def prefill(self, prompts: Sequence[Sequence[int]], room: int) -> Any:
        """Reads the prompts, keeps room for so many more tokens, returns the first logits."""
        ...

    def step(self, tokens: Sequence[int]) -> Any:
        """Reads one more token of each row, returns the next logits."""
        ...

    def keep(self, rows: Sequence[int]) -> None:
        """Drops every other row, in place; the kept ones close up in this order."""
        ...


@dataclass
class Row:
    """One prompt on its way to an answer. `thinking` says that the prompt has opened a block of
    thinking; `show` is called with each piece of text as it becomes readable; `cancelled` ends the
    row at the next step; `constraint` holds the answer to a form."""

    prompt: tuple[int, ...]
    sampling: Sampling
    thinking: bool = False
    show: Callable[[str], None] | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    constraint: Constraint | None = None
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    finish_reason: str | None = None


@dataclass(frozen=True)
class Timing:
    """Wall seconds of a batch: until every row had its first token, and altogether."""

    first_token: float
    total: float

    def share(self, rows: int, before: float) -> Timing:
        """What one of so many rows took, and its share of what was done `before` the batch."""
        return Timing(before + self.first_token / rows, before + self.total / rows)


def decode(engine: Engine, rows: Sequence[Row], tokenizer: Any, stop_ids: frozenset[int]) -> Timing:
    """Fills `tokens`, `text` and `finish_reason` ("stop", "length" or "cancelled") of each row.

    The choice of a row's tokens depends on its prompt and sampling alone, and the order of work on
    the rows alone, never on the clock: asked again, the same rows give the same tokens."""
    begin = time.perf_counter()
    if all(row.cancelled.is_set() for row in rows):
        for row in rows:
            row.finish_reason = "cancelled"
        return Timing(0.0, 0.0)
    writers = [_Writer(row, tokenizer, stop_ids) for row in rows]
    logits = engine.prefill([row.prompt for row in rows], max(r.sampling.max_tokens for r in rows))
    first = time.perf_counter() - begin
    alive = list(range(len(rows)))
    in_engine = list(alive)
    while True:
        tokens = _choose(logits, [writers[i] for i in in_engine])
        for i, token in zip(in_engine, tokens, strict=True):
            writers[i].take(token)
        alive = [i for i in in_engine if rows[i].finish_reason is None]
        if not alive:
            break
        # Dropping a row copies the cache of the others, so a few finished ones may ride along.
        if len(in_engine) - len(alive) >= max(1, len(in_engine) // 8):
            engine.keep([place for place, i in enumerate(in_engine) if i in set(alive)])
            tokens = [rows[i].tokens[-1] for i in alive]
            in_engine = alive
        logits = engine.step(tokens)
    for writer in writers:
        writer.close()
    return Timing(first, time.perf_counter() - begin)


class _Writer:
    """Takes one row's tokens, and says when it is finished."""

    def __init__(self, row: Row, tokenizer: Any, stop_ids: frozenset[int]) -> None:
        self.row = row
        self._stop_ids = stop_ids
        self._text = Detokeniser(tokenizer)
        waits = row.constraint is not None and row.constraint.waiting
        self._watch = bool(row.sampling.stop) or row.show is not None or waits
        self._generator: Any = None

    def take(self, token: int) -> None:
        row = self.row
        if row.finish_reason is not None:
            return
        if row.cancelled.is_set():
            row.finish_reason = "cancelled"
            return
        if token in self._stop_ids:
            broken = row.constraint is not None and row.constraint.broken
            row.finish_reason = "length" if broken else "stop"
            return
        row.tokens.append(token)
        if self._watch:
            self._read(self._text.add(token))
        if row.constraint is not None:
            row.finish_reason = row.constraint.take(token, self._text.text) or row.finish_reason
        if row.finish_reason is None and len(row.tokens) >= row.sampling.max_tokens:
            row.finish_reason = "length"

    def close(self) -> None:
        """The last of the text; a stop string cuts it off where it begins."""
        if self._watch:
            self._read(self._text.finish())
        else:
            self._text.add_all(self.row.tokens)
        cut = stop_at(self._text.text, self.row.sampling.stop)
        self.row.text = self._text.text[:cut]

    def _read(self, piece: str) -> None:
        if not piece:
            return
        if stop_at(self._text.text, self.row.sampling.stop) is not None:
            self.row.finish_reason = "stop"  # also where it was "length" a byte ago
        elif self.row.show is not None:
            self.row.show(piece)

    def draw(self, logits: Any) -> int:
        """A token drawn with the row's temperature and top_p, from logits of shape (vocabulary,).

        Nucleus sampling: Holtzman et al., The Curious Case of Neural Text Degeneration (2020)."""
        import torch

        sampling = self.row.sampling
        if sampling.temperature <= 0:
            return int(logits.argmax())
        if self._generator is None:
            self._generator = torch.Generator().manual_seed(sampling.seed or 0)
        chances = (logits.float().cpu() / sampling.temperature).softmax(-1)
        ranked, order = chances.sort(descending=True)
        ranked[ranked.cumsum(-1) - ranked >= sampling.top_p] = 0
        chosen = torch.multinomial(ranked, 1, generator=self._generator)
        return int(order[chosen])


def _choose(logits: Any, writers: Sequence[_Writer]) -> list[int]:
    for writer, row in zip(writers, logits, strict=True):
        if writer.row.constraint is not None and writer.row.finish_reason is None:
            writer.row.constraint.apply(row)
    if all(writer.row.sampling.temperature <= 0 for writer in writers):
        greedy: list[int] = logits.argmax(-1).tolist()
        return greedy
    return [writer.draw(row) for writer, row in zip(writers, logits, strict=True)]
