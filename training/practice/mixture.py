"""The mixture of rows at each stage of the curriculum."""

from __future__ import annotations

from random import Random

from training.practice.calls import call
from training.practice.reading import closed_book, reading
from training.practice.rows import Row
from training.practice.states import state
from training.practice.talk import echo, glossary, short, small_talk

FACTS = (1, 1, 2, 4, 8, 14)  # the most facts of a context at each stage; stage 0 is the warm-up
LAST = len(FACTS) - 1
WARM_UP = {"short": 96, "read": 3, "echo": 1}
WEIGHTS = {"read": 52, "closed": 3, "state": 22, "call": 22, "echo": 3, "glossary": 3, "talk": 2}


def sample(rng: Random, stage: int, *, unseen: bool | None = False, kind: str | None = None) -> Row:
    """A row of the mixture; `unseen` as in `facts.tell`."""
    weights = WEIGHTS if stage else WARM_UP
    kind = kind or rng.choices(list(weights), list(weights.values()))[0]
    match kind:
        case "short":
            return short(rng)
        case "read":
            most = FACTS[min(stage, LAST)]
            beyond = 2 if stage >= 4 and not unseen else 0  # trained on a little more than judged
            count = rng.randint(max(1, most // 2), most + beyond)
            return reading(
                rng,
                count,
                unseen=unseen,
                questions=3 if stage < 3 else 5,
                refusals=1 + (rng.random() < 0.35),
            )
        case "closed":
            return closed_book(rng, unseen=unseen)
        case "state":
            return state(rng, unseen=unseen)
        case "call":
            return call(rng, unseen=unseen)
        case "echo":
            return echo(rng, unseen=unseen)
        case "glossary":
            return glossary(rng)
    return small_talk(rng)
