"""The steps of the preparation, each on its own over any records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from sadari.data.augment import augment
from sadari.data.clean import clean
from sadari.data.duplicates import deduplicate
from sadari.data.leakage import LeakageIndex
from sadari.data.prepare import keep_exam_out, split
from sadari.data.redact import Vault, redact_records
from sadari.data.types import Record, Step
from sadari.domain import Domain

Sides = Mapping[str, Sequence[Record]]
Run = Callable[[Sequence[Record], Domain, Vault], tuple[Sequence[Record], Step]]

ALL = "records"  # the one side of every step but the split

_STEPS: Mapping[str, Run] = MappingProxyType(
    {
        "clean": lambda records, domain, vault: clean(records),
        "redact": lambda records, domain, vault: redact_records(records, vault),
        "deduplicate": lambda records, domain, vault: deduplicate(
            records, threshold=domain.settings.data.near_duplicates
        ),
        "augment": lambda records, domain, vault: augment(
            records,
            max(1, domain.settings.data.augment),
            domain.settings.data.seed,
            LeakageIndex(domain.questions),
        ),
        "exam": lambda records, domain, vault: keep_exam_out(
            records, LeakageIndex(domain.questions), vault
        ),
    }
)
NAMES = (*_STEPS, "split")


def run_step(
    name: str, records: Sequence[Record], domain: Domain, vault: Vault
) -> tuple[Sides, Step]:
    """What one of `NAMES` makes of `records` with the domain's settings and seed, and its account:
    the sides `train` and `validation` of the split, of any other step the side `ALL`."""
    if name == "split":
        train, validation, step = split(records, domain)
        return {"train": train, "validation": validation}, step
    made, step = _STEPS[name](records, domain, vault)
    return {ALL: made}, step
