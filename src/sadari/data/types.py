"""Training records, and the ledger that accounts for every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sadari.domain.message import Message
from sadari.text import SadariError


class DataError(SadariError):
    """Data that cannot be used, with file:line and what to do."""


@dataclass(frozen=True)
class Record:
    """One training example. `group` (a document id, say) never straddles a split; `parent` is the
    record that a variant was made from; `source` is file:line or document id. `extra` holds the
    `tools` that were on offer, and under a format's name what its row said beyond these fields."""

    id: str
    messages: tuple[Message, ...]
    group: str
    source: str
    task: str = ""
    rejected: str | None = None
    rating: str | None = None
    parent: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def place(self) -> str:
        """Where it is from, with its id: how a ledger names it."""
        return f"{self.source} ({self.id})"

    @property
    def tools(self) -> tuple[Mapping[str, Any], ...]:
        """The functions that were on offer, as JSON schemas."""
        return tuple(self.extra.get("tools", ()))

    @property
    def from_people(self) -> bool:
        """Whether somebody rated or wrote the answer."""
        return self.task == "feedback" or self.rating is not None


@dataclass(frozen=True)
class SetAside:
    """A row that goes no further: where it stood and why."""

    source: str
    reason: str


@dataclass(frozen=True)
class Step:
    """One step's account: rows in + made = out + set aside + merged. A `map` step looks at each
    row alone and may run anywhere; an `over_all` step needs what is known of every row."""

    name: str
    rows_in: int
    rows_out: int
    made: int = 0
    merged: int = 0
    set_aside: Sequence[SetAside] = ()
    kind: Literal["map", "over_all"] = "map"
    unit: str = "records"

    def __post_init__(self) -> None:
        if self.rows_in + self.made != self.rows_out + len(self.set_aside) + self.merged:
            raise DataError(f"step {self.name} lost count of its rows: {self}")


@dataclass(frozen=True)
class Ledger:
    """Every step in order; `reasons()` counts why rows were set aside."""

    steps: tuple[Step, ...] = ()

    def add(self, step: Step) -> Ledger:
        """This ledger with one more step."""
        return Ledger((*self.steps, step))

    def reasons(self) -> Mapping[str, int]:
        """How many rows were set aside for each reason."""
        counts: dict[str, int] = {}
        for step in self.steps:
            for row in step.set_aside:
                counts[row.reason] = counts.get(row.reason, 0) + 1
        return counts


@dataclass(frozen=True)
class Own:
    """The records that a domain's own files give, and the accounts of the steps that made them."""

    records: tuple[Record, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Prepared records. `held_out` are document groups that no record may come from."""

    train: tuple[Record, ...]
    validation: tuple[Record, ...]
    held_out: frozenset[str] = frozenset()
    ledger: Ledger = field(default_factory=Ledger)
    digest: str = ""
