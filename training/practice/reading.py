"""Rows for reading: passages, questions that they answer, questions that they do not."""

from __future__ import annotations

from random import Random

from training.practice import english, names
from training.practice.facts import (
    REGISTERS,
    Clause,
    Fact,
    ask,
    express,
    loose,
    opposite,
    stem,
    tell,
)
from training.practice.korean import attach
from training.practice.rows import END, REFUSAL, START, Branch, Row, reply, turn
from training.practice.words import HEADINGS, PURPOSES, ROLES

KINDS = ["link"] * 7 + ["free"] * 5 + ["remedy"] * 4 + ["purpose"] * 3 + ["define"] * 4 + ["measure"] * 5 + [
    "attribute"] * 4 + ["amount"] * 5 + ["rule"] * 3 + ["order"] * 2 + ["compare", "members", "members", "event", "event"]  # fmt: skip
PERSONAS = (
    "당신은 {e} {w:를} 돕는 조수입니다.", "당신은 {e} 담당자를 돕는 조수입니다.", "너는 {e} {u} 안내원이다.",
    "{e} 업무를 돕는 도우미입니다.", "당신은 {e} 분야의 전문가입니다.", "당신은 친절한 상담원입니다.",
    "{e} 관련 질문에 답하는 비서입니다.", "You are a helpful assistant for {e}.", "당신은 사내 문서를 찾아 주는 조수입니다.",
)  # fmt: skip
RULE = f'문서에 있는 내용만으로 짧게 답하세요. 답이 없으면 "{REFUSAL}"라고만 답하세요.'
RULES = (
    RULE, RULE, RULE, RULE,
    f'주어진 문서만 근거로 답한다. 없으면 "{REFUSAL}"라고 한다.',
    "아래 문서에서 답을 찾아 그 문장을 그대로 옮기세요.",
    f'문서의 문장으로 답하고, 문서에 없으면 "{REFUSAL}"라고 답하십시오.',
    "짧고 정확하게 답하세요.", "문서에 근거해서만 답하세요. 지어내지 마세요.",
)  # fmt: skip
LOOSE = 0.4  # share of hurried questions
VALUE_RULES = (
    "값만 답하세요.", "답이 되는 낱말만 적으세요.", "문장이 아니라 값만 쓰세요.", "단답형으로 값만 적는다.",
)  # fmt: skip


def system(rng: Random, *, rule: str | None = None) -> str:
    """A system turn: who the assistant is, the rules, at times a glossary."""
    lines = []
    if rng.random() < 0.9:
        persona = (
            rng.choice(PERSONAS)
            .replace("{e}", names.noun(rng))
            .replace("{u}", rng.choice(PURPOSES))
        )
        lines.append(persona.replace("{w:를}", attach(rng.choice(ROLES), "을")))
    lines.append(rule or (RULE if rng.random() < 0.5 else rng.choice(RULES)))
    if rng.random() < 0.15:
        terms = [f"{names.code(rng)} = {names.noun(rng)}" for _ in range(rng.randint(1, 4))]
        lines.append("용어: " + "; ".join(terms))
    return turn("system", rng.choice(["\n", "\n", " "]).join(lines))


def title(rng: Random, entity: str, facts: list[Fact]) -> str:
    """A passage's title line: the thing, and what the section is about."""
    heading = rng.choice(HEADINGS).replace("_", " ")
    kind = rng.random()
    if kind < 0.2:
        clause = rng.choice(facts).slots.get("a")
        if isinstance(clause, Clause):
            return f"{entity} > {clause.say('ㄹ', 'plain')} 때의 {heading}"
    if kind < 0.65:
        return f"{entity} > {heading}"
    if kind < 0.75:
        return f"{names.noun(rng)} > {entity} {heading}"
    if kind < 0.85:
        return f"{entity} > {entity} {heading}"
    return rng.choice([entity, f"{entity} {heading}", f"{entity} {heading} > {heading}"])


def passages(rng: Random, count: int, unseen: bool | None) -> tuple[str, list[Fact]]:
    """`count` facts told in one to four passages; returns their text and the facts."""
    register = rng.choice(REGISTERS) if rng.random() < 0.5 else "plain"
    groups = min(count, rng.choice([1, 1, 2, 2, 3, 3, 4]))
    facts: list[Fact] = []
    blocks = []
    entity = names.noun(rng)
    for group in range(groups):
        if group == 0 or rng.random() < 0.7:
            entity = names.noun(rng)
        size = count // groups + (group < count % groups)
        told: list[Fact] = []
        while len(told) < size:
            fact = another(
                rng, facts + told, entity, register, unseen, titled=bool(told) or groups > 1
            )
            if fact.key in {other.key for other in facts + told}:
                continue
            told.append(fact)
        body = " ".join(fact.sentence for fact in told)
        heading = f" {title(rng, entity, told)}" if groups > 1 or rng.random() < 0.8 else ""
        if not heading and any("e" not in fact.shape and fact.value for fact in told):
            heading = f" {entity}"
        blocks.append(f"[{group + 1}]{heading}\n{body}")
        facts += told
    if groups == 1 and rng.random() < 0.2:
        blocks[0] = (
            blocks[0].partition("\n")[2]
            if all("{e" in f.shape or not f.value for f in facts)
            else blocks[0]
        )
    return "\n".join(blocks) if rng.random() < 0.8 else "\n\n".join(blocks), facts


def another(rng: Random, facts: list[Fact], entity: str, register: str, unseen: bool | None, *,
            titled: bool) -> Fact:  # fmt: skip
    """A new fact, at times a near miss of an earlier one: its opposite, or its property elsewhere."""
    kind = rng.choice(KINDS)
    if facts and rng.random() < 0.3:
        near = rng.choice(facts)
        slots = dict(near.slots)
        fresh = tell(near.kind, entity, register, rng, unseen=unseen)
        if near.kind in ("measure", "attribute"):
            slots |= {
                "e": entity,
                "v": fresh.slots["v"] if near.kind == "attribute" else _other_number(rng, slots),
            }
            slots |= {name: fresh.slots[name] for name in "fxyzlabc"}
            return express(near.kind, slots, fresh.shape, register, rng)
        first = slots["a"]
        turned = opposite(first) if isinstance(first, Clause) else None
        if turned and near.kind in ("link", "remedy"):
            slots |= {
                "a": turned,
                "b": fresh.slots["b"],
                "r": fresh.slots["r"],
                "c": fresh.slots["c"],
            }
            return express(near.kind, slots, fresh.shape, register, rng)
    subject = entity if rng.random() < 0.75 else names.noun(rng)
    return tell(kind, subject, register, rng, unseen=unseen, titled=titled and subject == entity)


def _other_number(rng: Random, slots: dict[str, object]) -> str:
    value = str(slots["v"])
    unit = value.lstrip("0123456789.,")
    return names.number(rng) + unit


def ghost(rng: Random, facts: list[Fact], text: str, unseen: bool | None) -> str | None:
    """A question close to the passages that they do not answer: same thing, other matter; same
    matter, other thing; or neither."""
    near = rng.choice(facts)
    entity = str(near.slots["e"])
    kind = rng.random()
    if kind < 0.5:
        fact = tell(rng.choice(KINDS), entity, "plain", rng, unseen=unseen)
    elif kind < 0.85:
        slots = dict(near.slots)
        other = tell(near.kind, names.noun(rng), "plain", rng, unseen=unseen)
        slots |= {name: other.slots[name] for name in ("e", "a", "r", "g", "b")}
        first = near.slots["a"]
        if isinstance(first, Clause) and rng.random() < 0.7:
            new = other.slots["a"]
            assert isinstance(new, Clause)
            slots["a"] = Clause(first.predicate, first.synonyms, new.subject, first.adverbs)
        fact = express(near.kind, slots, other.shape, "plain", rng)
    else:
        fact = tell(rng.choice(KINDS), names.noun(rng), "plain", rng, unseen=unseen)
    taken = {other.key[1:] for other in facts if other.value}
    if fact.value and (fact.key[1:] in taken or _same_property(fact, facts)):
        return None
    if fact.kind in {other.kind for other in facts if other.slots["e"] == fact.slots["e"]} - {
        "measure",
        "attribute",
    }:
        return None
    if unseen is False and rng.random() < LOOSE:
        hurried = loose(fact, text, rng)
        words = [stem(word) for word in (hurried or "").split()]
        foreign = sum(word not in text for word in words)
        return hurried if words and foreign >= 0.6 * len(words) else None
    asked = ask(fact, rng, unseen=unseen)
    return asked[0] if asked else None


def _same_property(fact: Fact, facts: list[Fact]) -> bool:
    return any(
        other.slots.get("p*") == fact.slots.get("p*") and other.slots["e"] == fact.slots["e"]
        for other in facts
    )


def reading(rng: Random, count: int, *, unseen: bool | None = False, questions: int = 4,
            refusals: int = 2) -> Row:  # fmt: skip
    """Passages with `count` facts and questions on them, each a branch."""
    if rng.random() < 0.08:
        return english.reading(rng, count, questions=questions, refusals=refusals, unseen=unseen)
    rng = names.Topic(rng.random())
    text, facts = passages(rng, count, unseen)
    bare = rng.random() < 0.08
    prefix = (
        turn("system", "") * 0
        if rng.random() < 0.03
        else system(rng, rule=rng.choice(VALUE_RULES) if bare else None)
    )
    if rng.random() < 0.08:
        prefix += few_shot(rng, unseen)
    lead = rng.choice(["질문: "] * 8 + ["Q: ", "물음: ", ""])
    prefix += f"{START}user\n{text}\n\n"
    branches: list[Branch] = []
    for fact in rng.sample(facts, min(len(facts), questions)):
        if bare and not fact.value:
            continue
        asked = ask(fact, rng, unseen=unseen)
        if unseen is False and not bare and rng.random() < LOOSE:
            hurried = loose(fact, text.replace(fact.sentence, ""), rng)
            asked = (hurried, "") if hurried else asked
        if asked is None or (bare and ("{v" in asked[1])):
            continue
        answer = fact.value if bare else fact.sentence
        value = fact.value if "{v" not in asked[1] else ""
        branches.append(reply(lead + asked[0], answer, "answer", value))
    for _ in range(refusals):
        if question := ghost(rng, facts, text, unseen):
            branches.append(reply(lead + question, REFUSAL, "refuse"))
    return Row(prefix, tuple(branches))


def few_shot(rng: Random, unseen: bool | None) -> str:
    """One or two earlier turns of the same kind, as a prompt's examples."""
    turns = []
    for _ in range(rng.randint(1, 2)):
        fact = tell(rng.choice(KINDS), names.noun(rng), "plain", rng, unseen=unseen)
        asked = ask(fact, rng, unseen=unseen)
        if asked is None:
            continue
        shown = f"[1] {fact.slots['e']}\n{fact.sentence}\n\n질문: " if rng.random() < 0.5 else ""
        turns.append(turn("user", shown + asked[0]) + turn("assistant", fact.sentence))
    return "".join(turns)


def closed_book(rng: Random, *, unseen: bool | None = False, questions: int = 5) -> Row:
    """Questions without any passage: the answer is that it is not in the documents."""
    prefix = (system(rng) if rng.random() < 0.9 else "") + f"{START}user\n"
    branches = []
    for _ in range(questions):
        fact = tell(rng.choice(KINDS), names.noun(rng), "plain", rng, unseen=unseen)
        if asked := ask(fact, rng, unseen=unseen):
            branches.append(reply(rng.choice(["", "", "질문: "]) + asked[0], REFUSAL, "closed"))
    return Row(prefix, tuple(branches))


__all__ = ["END", "closed_book", "ghost", "passages", "reading", "system"]
