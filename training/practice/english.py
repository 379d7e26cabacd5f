"""The English share of reading: fewer shapes, the same idea."""

from __future__ import annotations

from random import Random

from training.practice import names
from training.practice.rows import REFUSAL, START, Branch, Row, reply, turn
from training.practice.shapes import held_out

THINGS = """pump valve filter belt sensor window oven bicycle battery printer mirror heater shelf key map form receipt
sauce seed root leaf glass paper cloth glue paint oil coolant gas dust signal screen file account parcel box seat ticket
lens magnet coil board switch wheel brake engine tire rope deck truck crane stair wall floor door lock server backup log
bridge tunnel road sign field tractor lamp candle brick""".split()
PROPERTIES = """temperature pressure thickness length width height weight speed voltage current humidity capacity price
fee limit depth diameter frequency area distance lifetime interval""".split()
UNITS = "mm cm m kg g s min h days V A Hz L ml percent degrees bar Pa".split()
CHANGES = ["stops", "leaks", "breaks", "overheats", "slows down", "shakes", "freezes", "melts", "cracks", "rusts",
           "dries out", "swells", "fades", "gets blocked", "loses power", "drops", "rises", "peels off"]  # fmt: skip
ACTIONS = ["replace", "clean", "tighten", "open", "close", "check", "restart", "report", "record", "cool", "heat",
           "move", "store", "remove", "refill", "measure", "adjust", "drain", "cover", "return"]  # fmt: skip
SHAPES = {
    "measure": (
        ["The {p} of {e} is {v}.", "{e} has a {p} of {v}.", "For {e}, the {p} is {v}.", "Keep the {p} of {e} at {v}.",
         "The {p} for {e} must not exceed {v}.", "{e}: {p} {v}.", "We set the {p} of {e} to {v}."],
        ["What is the {p} of {e}?", "What {p} does {e} have?", "How much is the {p} of {e}?", "{e} {p}?",
         "Tell me the {p} of {e}.", "Which {p} applies to {e}?"]),
    "link": (
        ["If {a}, {b}.", "When {a}, {b}.", "{b} because {a}.", "Once {a}, {b}.", "{a}, so {b}.", "The reason {b} is that {a}.",
         "Whenever {a}, {b} as well."],
        ["What happens if {a}?", "What happens when {a}?", "Why is it that {b}?", "What is the reason that {b}?",
         "When is it that {b}?", "What if {a}?"]),
    "remedy": (
        ["If {a}, {r}.", "When {a}, {r} first.", "{r} when {a}.", "Should it happen that {a}, {r}.", "To fix it when {a}, {r}."],
        ["What should I do if {a}?", "What do I do when {a}?", "How do I fix it when {a}?", "{a}, what now?"]),
    "attribute": (
        ["The owner of {e} is {v}.", "{e} belongs to {v}.", "{v} is in charge of {e}.", "{v} built {e}.", "{e} is kept in {v}."],
        ["{e}?", "Tell me about {e}.", "What do the documents say about {e}?"]),
}  # fmt: skip


def noun(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.4:
        return f"the {names.latin(rng, 0.2)} {rng.choice(THINGS)}"
    if kind < 0.7:
        return f"the {rng.choice(THINGS)} {rng.choice(THINGS)}"
    return names.code(rng) if kind < 0.85 else names.latin(rng, 1.0)


def _pick(shapes: list[str], rng: Random, unseen: bool | None) -> str:
    usable = [shape for shape in shapes if unseen is None or held_out(shape) == unseen]
    return rng.choice(usable or shapes)


def _fact(rng: Random, kind: str, entity: str) -> dict[str, str]:
    return {
        "e": entity, "p": rng.choice(PROPERTIES), "a": f"{entity} {rng.choice(CHANGES)}",
        "b": f"{noun(rng)} {rng.choice(CHANGES)}", "r": f"{rng.choice(ACTIONS)} {noun(rng)}",
        "v": f"{names.number(rng)} {rng.choice(UNITS)}" if kind == "measure" else names.latin(rng, 1.0),
    }  # fmt: skip


def _fill(shape: str, slots: dict[str, str]) -> str:
    text = shape.format(**slots)
    return text[0].upper() + text[1:]


def reading(rng: Random, count: int, *, unseen: bool | None, questions: int, refusals: int) -> Row:
    """English passages and questions, refusals in the sentence the system turn names."""
    facts = []
    for _ in range(count):
        kind = rng.choice(list(SHAPES))
        slots = _fact(rng, kind, noun(rng))
        facts.append((kind, slots, _fill(_pick(SHAPES[kind][0], rng, unseen), slots)))
    half = max(1, len(facts) // 2)
    blocks = [facts[:half], facts[half:]] if len(facts) > 2 else [facts]
    text = "\n".join(
        f"[{i}] {block[0][1]['e']}\n" + " ".join(fact[2] for fact in block)
        for i, block in enumerate(blocks, 1)
    )
    rule = rng.choice(
        ["Answer from the documents only.", f'If the documents do not say, answer "{REFUSAL}"']
    )
    prefix = turn("system", f"You help with {noun(rng)}.\n{rule}") + f"{START}user\n{text}\n\n"
    lead = rng.choice(["Question: ", "질문: "])
    branches: list[Branch] = []
    for kind, slots, sentence in rng.sample(facts, min(questions, len(facts))):
        value = slots["v"] if kind in ("measure", "attribute") else ""
        branches.append(
            reply(
                lead + _fill(_pick(SHAPES[kind][1], rng, unseen), slots), sentence, "answer", value
            )
        )
    for _ in range(refusals):
        kind = rng.choice(list(SHAPES))
        slots = _fact(rng, kind, noun(rng))
        branches.append(
            reply(lead + _fill(_pick(SHAPES[kind][1], rng, unseen), slots), REFUSAL, "refuse")
        )
    return Row(prefix, tuple(branches))
