"""What a tuning was started from, hashed, so that a resume can tell whether it is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadari.llm.weights import digest
from sadari.tuning.examples import Unit
from sadari.tuning.settings import TuneSettings


@dataclass(frozen=True)
class Identity:
    """SHA-256 of the base's folder, of the one whose weights it was started from ("" for fresh
    ones) and of both sets of examples, and the settings as JSON values."""

    base: str
    start: str
    train: str
    validation: str
    settings: dict[str, Any]

    @classmethod
    def of(
        cls,
        base: Path,
        start: Path | None,
        train: Sequence[Unit],
        validation: Sequence[Unit],
        settings: TuneSettings,
    ) -> Identity:
        """The identity of a tuning; reads weights that this process has not yet hashed."""
        return cls(
            digest(base),
            digest(start) if start else "",
            _examples(train),
            _examples(validation),
            settings.to_json(),
        )

    def differences(self, other: Identity) -> list[str]:
        """What is not the same in `other`, as phrases; empty if it is the same tuning."""
        found = []
        if self.base != other.base:
            found.append("another base model")
        if self.start != other.start:
            found.append("another adapter to start from")
        if self.train != other.train:
            found.append("other training examples")
        if self.validation != other.validation:
            found.append("other validation examples")
        names = sorted({*self.settings, *other.settings})
        for name in names:
            then, now = self.settings.get(name), other.settings.get(name)
            if then != now:
                found.append(f"{name} {now!r} instead of {then!r}")
        return found


def _examples(units: Sequence[Unit]) -> str:
    whole = hashlib.sha256()
    for unit in units:
        plain = [[row.ids, [int(on) for on in row.trained], row.weight] for row in unit]
        whole.update(json.dumps(plain).encode())
    return whole.hexdigest()
