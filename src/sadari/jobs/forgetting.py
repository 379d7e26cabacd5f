"""Against forgetting: general conversations mixed into a training, and a test of what a model that
was tuned to a domain can still say of everything else."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sadari.data import Record
from sadari.data.formats import Source, import_records, record_to_json
from sadari.data.leakage import LeakageIndex, refuse_leaks
from sadari.data.prepare import keep_exam_out
from sadari.domain import Domain, Message
from sadari.jobs.types import JobError
from sadari.llm import HasLogprobs, Rendered, render_examples
from sadari.llm.render import NOTHING
from sadari.llm.weights import read_config

BUILT_IN = Path(__file__).with_name("general") / "ko.jsonl"
MOST_TESTED = 200
LEVEL = 0.95


@dataclass(frozen=True)
class General:
    """General conversations: those that a training may mix in, and those of the test, which none
    ever sees."""

    rehearsed: tuple[Record, ...]
    tested: tuple[Record, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the test's conversations."""
        lines = json.dumps([record_to_json(r) for r in self.tested], sort_keys=True, default=str)
        return hashlib.sha256(lines.encode()).hexdigest()


@dataclass(frozen=True)
class Forgetting:
    """How much less likely the right general answers became under an adapter.

    before, after  mean over the test's conversations of the probability of a token of the right
                   answer (geometric mean over the answer), from 0 to 1. What the base could not say
                   has little to lose, and a change of style costs no more than what was there.
    drop           before less after, between `low` and `high` with confidence 0.95.
    test           digest of the conversations.
    """

    items: int
    before: float
    after: float
    drop: float
    low: float
    high: float
    test: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def read_general(domain: Domain) -> General:
    """The file that the domain's settings name (any format that `data prepare --add` reads), or the
    small set that comes with the package. Every third conversation belongs to the test.

    Raises JobError for a file with fewer than 9 conversations, DataError for one that asks a test
    question; what asks a dev question is left out."""
    named = domain.settings.tuning.general
    path = domain.path / named if named else BUILT_IN
    found, step = import_records(Source(path))
    records = [record for record in found if record.messages[-1].role == "assistant"]
    if len(records) < 9:
        raise JobError(
            f"{len(records)} general conversations can be read; mixing and testing need 9.",
            where=str(path),
            todo=step.set_aside[0].reason if step.set_aside else "Add some.",
        )
    if named:
        refuse_leaks(records, domain.questions)
        records, _ = keep_exam_out(records, LeakageIndex(domain.questions))
    tested = [record for place, record in enumerate(records) if place % 3 == 2]
    rehearsed = [record for place, record in enumerate(records) if place % 3 != 2]
    return General(tuple(rehearsed), tuple(tested[:MOST_TESTED]))


def check_general(general: General, tokenizer: Any, base: Path) -> None:
    """Raises TuningError where the tokenizer gives the test ids that the base does not have."""
    from sadari.tuning.examples import check_vocabulary
    from sadari.tuning.objective import Imitation

    config = read_config(base).get_text_config()
    rows = [row for one in general.tested for row in render_examples(tokenizer, one.messages)]
    check_vocabulary(Imitation().units(rows), config.vocab_size)


def rehearsal(
    general: General,
    tokenizer: Any,
    *,
    examples: int,
    share: float,
    seed: int,
    template_kwargs: Mapping[str, Any] = NOTHING,
) -> list[Rendered]:
    """General examples, drawn in turn so that none comes twice before all have come once, to make
    up `share` of a training with `examples` of the domain's own; `template_kwargs` are told to the
    chat template as they are for those."""
    wanted = round(examples * share / (1 - share))
    turns = [
        example
        for record in general.rehearsed
        for example in render_examples(tokenizer, record.messages, record.tools, template_kwargs)
    ]
    draw = random.Random(f"{seed}/rehearsal")
    found: list[Rendered] = []
    while len(found) < wanted:
        draw.shuffle(turns)
        found += turns[: wanted - len(found)]
    return found


def answer_probabilities(
    model: HasLogprobs, general: General, adapter: Path | None = None
) -> list[float]:
    """The probability of a token, the geometric mean, of each test conversation's last answer."""
    pairs: list[tuple[tuple[Message, ...], str]] = [
        (record.messages[:-1], record.messages[-1].content) for record in general.tested
    ]
    found = model.answer_logprobs(pairs, adapter=str(adapter) if adapter else None)
    return [math.exp(sum(tokens) / len(tokens)) for tokens in found]


def forgetting(before: Sequence[float], after: Sequence[float], test: str) -> Forgetting:
    """What the adapter forgot, from `answer_probabilities` of the base and under it.

    The interval is Student's over conversations, each paired with itself: with `high` under a
    margin the adapter is not inferior by it.
    """
    import numpy as np
    from scipy.stats import ttest_1samp

    lost = np.asarray(before) - np.asarray(after)
    low = high = drop = float(lost.mean())
    if lost.std() > 0:
        interval = ttest_1samp(lost, 0).confidence_interval(LEVEL)
        low, high = float(interval.low), float(interval.high)
    return Forgetting(
        items=len(lost),
        before=float(np.mean(before)),
        after=float(np.mean(after)),
        drop=drop,
        low=low,
        high=high,
        test=test,
    )
