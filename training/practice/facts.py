"""Facts: slots filled at random, told in one shape of sentence and asked in another of question."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from random import Random

from training.practice import names
from training.practice.korean import Predicate, attach
from training.practice.shapes import QUESTIONS, SENTENCES, held_out
from training.practice.words import (
    ACTIONS,
    ADVERBIAL_MEASURES,
    ATTRIBUTES,
    CHANGES,
    COLORS,
    DAYS,
    ENDS,
    FILLERS,
    HOWS,
    KINDS,
    LEADS,
    OPPOSITE,
    PLACES,
    PROPERTIES,
    PURPOSES,
    ROLES,
    STATES,
    SYNONYMS,
    TAILS,
    THINGS,
)  # fmt: skip

SLOT = re.compile(r"\{(\w+)(?:\.(\w))?(?::([^}]+))?\}")
SENTENCE_END = re.compile(r"([가-힣]+다)(?=\.|$)")
REGISTERS = ("plain", "polite", "spoken")


@dataclass(frozen=True)
class Clause:
    """Who does what to what; `synonyms` are the other verbs that mean the same."""

    predicate: Predicate
    synonyms: tuple[Predicate, ...] = ()
    subject: str = ""
    adverbs: tuple[str, ...] = ()
    object: str = ""

    def say(self, ending: str, register: str, topic: bool = False, subject: bool = True) -> str:
        if ending == "명":
            return self.noun(register)
        parts = list(self.adverbs)
        if self.subject and subject:
            parts.insert(0, attach(self.subject, "은" if topic else "이"))
        if self.object:
            parts.append(attach(self.object, "을"))
        return " ".join([*parts, self.predicate.end(ending, register)])

    def noun(self, register: str) -> str:
        """The clause as a noun phrase: 펌프 교체, 두께 감소; (무엇이) …하는 것 where no noun is known."""
        nouns = [
            p.stem[:-1]
            for p in (self.predicate, *self.synonyms)
            if p.stem[-1] in "하되" and len(p.stem) > 2
        ]
        if not nouns or " " in nouns[0]:
            return f"{self.say('는', register)} 것"
        return f"{self.object or self.subject} {nouns[0]}"


Slot = Clause | str


@dataclass(frozen=True)
class Fact:
    """One thing that a document says. `key` names it among the others of a context."""

    kind: str
    slots: dict[str, Slot]
    sentence: str
    shape: str
    value: str = ""
    key: tuple[str, ...] = ()


def fill(shape: str, slots: dict[str, Slot], register: str, rng: Random) -> str:
    """The shape with its slots filled, the endings of its own words in the register."""
    shape = SENTENCE_END.sub(lambda found: restyle(found[1], register), shape)

    def one(found: re.Match[str]) -> str:
        name, part, ending = found.groups()
        slot = slots[name]
        if isinstance(slot, str):
            return attach(slot, ending, register) if ending else slot
        if part == "s":
            said = slot.subject or slot.object
            return attach(said, ending, register) if ending else said
        topic = ending == "다" and rng.random() < 0.3
        if part == "v":  # the part of the clause that `.s` leaves
            slot = replace(slot, subject="", object=slot.object if slot.subject else "")
        return slot.say(ending, register, topic)

    return SLOT.sub(one, shape)


@lru_cache(maxsize=4096)
def restyle(word: str, register: str) -> str:
    """A plain sentence ending (한다, 있다, 것이다) in another register."""
    from training.practice.korean import final_of, with_final

    if register == "plain" or word.endswith("니다"):
        return word
    if word.endswith("이다"):
        return word[:-2] + ("입니다" if register == "polite" else "이에요")
    stem = word[:-1]
    if stem.endswith("는") and len(stem) > 1 and final_of(stem[:-1]):
        return Predicate(stem[:-1]).end("다", register)
    if final_of(stem) == "ㄴ":
        return Predicate(with_final(stem, " ")).end("다", register)
    if final_of(stem) == "ㅆ":
        return stem + ("습니다" if register == "polite" else "어요")
    return Predicate(stem, True, {"쉽": "ㅂ", "낫": "ㅅ"}.get(stem[-1], "")).end("다", register)


def _pick(rng: Random, groups: list[list[Predicate]]) -> tuple[Predicate, tuple[Predicate, ...]]:
    group = rng.choice(groups)
    if rng.random() < 0.25:  # a verb nobody has heard, so that matching never leans on known ones
        group = [
            Predicate(
                names.syllables(rng, 2, 2) + rng.choice("하되" if groups is CHANGES else "하")
            )
        ]
    chosen = rng.choice(group)
    if rng.random() < 0.07 and not chosen.stem.endswith(("있", "없")):
        negated = [Predicate(p.stem + "지 않", p.adjective) for p in group]
        return negated[group.index(chosen)], tuple(negated)
    return chosen, tuple(group)


def _subject(rng: Random, entity: str) -> str:
    """The entity, or some property or part of it."""
    kind = rng.random()
    if kind < 0.07:  # a participle: 막힌 필터, 교체한 벨트
        return f"{rng.choice(rng.choice(CHANGES if kind < 0.04 else ACTIONS)).end('은')} {entity}"
    if kind < 0.45:
        return entity
    if kind < 0.75:
        prop = rng.choice(rng.choice(PROPERTIES)[0])
        return f"{entity}의 {prop}" if rng.random() < 0.4 else f"{entity} {prop}"
    return (
        f"{entity} {rng.choice(THINGS)}"
        if rng.random() < 0.5
        else f"{entity}의 {rng.choice(THINGS)}"
    )


def change(rng: Random, entity: str = "") -> Clause:
    predicate, group = _pick(rng, CHANGES)
    adverbs: list[str] = []
    if rng.random() < 0.25:
        adverbs.append(rng.choice(HOWS).replace("_", " "))
    elif rng.random() < 0.2:
        adverbs.append(attach(names.noun(rng), rng.choice(["에서", "에", "로", "보다", "과"])))
    return Clause(predicate, group, _subject(rng, entity or names.noun(rng)), tuple(adverbs))


def state(rng: Random, entity: str = "") -> Clause:
    kind = rng.random()
    if kind < 0.10:
        return passing(rng, entity)
    if kind < 0.40:
        return change(rng, entity)
    predicate, group = _pick(rng, STATES)
    adverbs = (
        (rng.choice(["너무", "아주", "조금", "매우", "지나치게"]),) if rng.random() < 0.2 else ()
    )
    return Clause(predicate, group, _subject(rng, entity or names.noun(rng)), adverbs)


def passing(rng: Random, entity: str) -> Clause:
    """A measure passing a limit: 수온이 32도를 넘다."""
    properties, units, _ = rng.choice(PROPERTIES)
    limit = names.number(rng) + rng.choice(units)
    subject = f"{entity or names.noun(rng)} {rng.choice(properties)}"
    adverb, group = rng.choice([
        (attach(limit, "을"), (Predicate("넘"), Predicate("초과하"))), (f"{limit} 아래로", (Predicate("떨어지"), Predicate("내려가"))),
        (f"{limit}보다", (Predicate("높", True), Predicate("크", True))), (f"{limit}보다", (Predicate("낮", True), Predicate("작", True))),
        (f"{limit} 이상", (Predicate("되"), Predicate("올라가"))), (limit + "에", (Predicate("도달하"), Predicate("다다르"))),
        (limit + "에", (Predicate("못 미치"), Predicate("모자라"))),
    ])  # fmt: skip
    return Clause(group[0], group, subject, (adverb,))


def action(rng: Random, entity: str = "") -> Clause:
    predicate, group = _pick(rng, ACTIONS)
    adverbs: list[str] = []
    if rng.random() < 0.2:
        adverbs.append(attach(names.noun(rng), rng.choice(["로", "에서", "에", "과"])))
    if rng.random() < 0.25:
        adverbs.append(rng.choice(HOWS).replace("_", " "))
    thing = _subject(rng, entity) if entity else names.noun(rng)
    return Clause(predicate, group, "", tuple(adverbs), thing)


def vary(clause: Clause, rng: Random) -> Clause:
    """The clause as someone else would say it: another verb, fewer details."""
    predicate = (
        rng.choice(clause.synonyms) if clause.synonyms and rng.random() < 0.45 else clause.predicate
    )
    adverbs = clause.adverbs if rng.random() < 0.4 else ()
    return replace(clause, predicate=predicate, adverbs=adverbs, subject=shorten(clause.subject, rng),
                   object=shorten(clause.object, rng))  # fmt: skip


def shorten(noun: str, rng: Random) -> str:
    """A noun phrase as a question repeats it: mostly whole, at times a word less, or without 의."""
    words = noun.split()
    if len(words) > 1 and rng.random() < 0.12:
        return " ".join(words[1:] if rng.random() < 0.5 else words[:-1]).removesuffix("의")
    return noun.replace("의 ", " ") if rng.random() < 0.3 else noun


def value_of(kind: str, rng: Random) -> str:
    match kind:
        case "person":
            return names.person(rng)
        case "place":
            return rng.choice(PLACES) if rng.random() < 0.5 else names.name(rng)
        case "color":
            return rng.choice(COLORS)
        case "thing":
            return names.noun(rng)
        case "role":
            return rng.choice(ROLES)
        case "day":
            return rng.choice(DAYS)
        case "date":
            return names.date(rng)
        case "code":
            return names.code(rng)
        case "unit":
            return rng.choice(rng.choice(PROPERTIES)[1])
    return names.name(rng)


def slots_for(kind: str, entity: str, rng: Random) -> dict[str, Slot]:
    """Every slot that a shape of this kind may name."""
    noun: Callable[[], str] = lambda: names.noun(rng)  # noqa: E731
    on = lambda p: entity if rng.random() < p else ""  # noqa: E731
    slots: dict[str, Slot] = {
        "e": entity, "f": noun(), "x": noun(), "y": noun(), "z": noun(),
        "c": change(rng) if rng.random() < 0.5 else state(rng),
        "k": rng.choice(KINDS), "u": rng.choice(PURPOSES), "l": value_of("place", rng),
        "w": rng.choice(ROLES) if rng.random() < 0.6 else names.person(rng),
        "d": rng.choice(DAYS) if rng.random() < 0.3 else names.date(rng),
    }  # fmt: skip
    acting = kind == "link" and rng.random() < 0.25
    slots["a"] = (action if acting else state)(
        rng, on(0.8 if kind in ("link", "remedy", "free") else 0.3)
    )
    slots["b"] = change(rng, on(0.2))
    slots["g"] = change(rng, on(0.3))
    slots["r"] = action(rng, on(0.6 if kind in ("purpose", "rule", "order", "event") else 0.2))
    slots["t"] = action(rng, on(0.3))
    slots["s"] = Clause(*_pick(rng, STATES))
    if kind == "attribute":
        attributes, ask, value = rng.choice(ATTRIBUTES)
        slots |= {"p": rng.choice(attributes), "p*": "|".join(attributes), "h": ask}
        slots |= {"v": value_of(value, rng), "n": value_of(value, rng)}
    elif kind == "measure":
        properties, units, ask = rng.choice(PROPERTIES)
        unit, gap = rng.choice(units), rng.choice(["", "", " "])
        slots |= {"p": rng.choice(properties), "p*": "|".join(properties), "h": ask}
        slots |= {"v": names.number(rng) + gap + unit, "n": names.number(rng) + gap + unit}
        slots["q"] = rng.choice(ADVERBIAL_MEASURES)
    elif kind == "amount":
        properties, units, _ = rng.choice(PROPERTIES)
        unit = rng.choice(units)
        slots |= {"p": rng.choice(properties), "o": unit, "q": rng.choice(ADVERBIAL_MEASURES)}
        slots |= {"v": names.number(rng) + unit, "n": names.number(rng) + unit}
        slots["r"] = replace(action(rng, on(0.6)), adverbs=())
    else:
        unit = rng.choice(["분", "시간", "일", "주", "개월", "초", "년"])
        slots |= {"p": rng.choice(rng.choice(PROPERTIES)[0]), "n": names.number(rng) + unit}
        slots["v"] = names.person(rng) if kind == "event" else names.latin(rng, 1.0)
    return slots


def _usable(shapes: tuple[str, ...], unseen: bool | None) -> list[str]:
    """Training shapes (False), held-out ones (True) or all (None)."""
    return [shape for shape in shapes if unseen is None or held_out(shape) == unseen]


@cache
def needs(shape: str) -> frozenset[str]:
    """The slots a shape names."""
    return frozenset(name for name, _, _ in SLOT.findall(shape))


def answers(sentence: str, question: str, have: frozenset[str]) -> bool:
    """Whether a sentence of this shape answers a question of that one: it has the question's slots,
    and the slot (one letter) or one of the words named after `@`."""
    shape, _, mark = question.partition(" @")
    if not needs(shape) <= have:
        return False
    return not mark or (
        mark in have if len(mark) == 1 else any(w in sentence for w in mark.split("/"))
    )


def tell(kind: str, entity: str, register: str, rng: Random, *, unseen: bool | None = False,
         titled: bool = False) -> Fact:  # fmt: skip
    """A new fact about the entity. `titled`: its sentence may leave the entity to the title."""
    slots = slots_for(kind, entity, rng)
    shapes = _usable(SENTENCES[kind], unseen)
    if kind in ("measure", "attribute") and not titled:
        shapes = [shape for shape in shapes if "e" in needs(shape)]
    return express(kind, slots, rng.choice(shapes), register, rng, titled=titled)


def express(kind: str, slots: dict[str, Slot], shape: str, register: str, rng: Random, *,
            titled: bool = False) -> Fact:  # fmt: skip
    """The fact that these slots make in this shape."""
    told = dict(slots)
    a = slots["a"]
    entity = str(slots["e"])
    omits = titled and kind in ("link", "remedy") and "a.s" not in shape and rng.random() < 0.3
    if omits and isinstance(a, Clause) and a.subject.startswith(entity):
        rest = a.subject.removeprefix(entity).removeprefix("의").strip()
        told["a"] = replace(a, subject=rest)
    r = slots["r"]
    if titled and kind == "amount" and isinstance(r, Clause) and rng.random() < 0.3:
        rest = r.object.removeprefix(entity).removeprefix("의").strip()
        told["r"] = replace(r, object=rest or r.object)
    text = fill(shape, told, register, rng)
    if rng.random() < 0.12 and not text.startswith(("만약", "먼저", "측정")):
        text = f"{rng.choice(LEADS).replace('_', ' ')} {text}"
    if not text.endswith("."):
        text += "."
    value = str(slots["v"]) if kind in ("measure", "attribute") and "v" in needs(shape) else ""
    key = (kind, str(slots["e"]), str(slots["p"]))
    return Fact(kind, slots, text, shape, value, key)


def question_shapes(fact: Fact, unseen: bool | None) -> list[str]:
    """The question shapes that the fact's sentence answers."""
    have = needs(fact.shape)
    if fact.kind in ("measure", "attribute"):
        have |= {"e", "h"}
    if fact.kind == "amount":
        have |= {"o"}
    return [q for q in _usable(QUESTIONS[fact.kind], unseen) if answers(fact.shape, q, have)]


def ask(fact: Fact, rng: Random, *, unseen: bool | None = False) -> tuple[str, str] | None:
    """A question that the fact answers, with its shape; None where no shape fits."""
    shapes = question_shapes(fact, unseen)
    if not shapes:
        return None
    shape = rng.choice(shapes)
    slots = {
        name: vary(slot, rng) if isinstance(slot, Clause) else slot
        for name, slot in fact.slots.items()
    }
    if "p*" in slots and rng.random() < 0.4:
        slots["p"] = rng.choice(str(slots["p*"]).split("|"))
    if "e" in slots:
        slots["e"] = shorten(str(slots["e"]), rng) if rng.random() < 0.3 else slots["e"]
    return colour(fill(shape.partition(" @")[0], slots, "spoken", rng), rng), shape


def stem(word: str) -> str:
    """The word without its particle, as far as its spelling tells."""
    word = word.strip(".,:;'()")
    for end in ENDS:
        if word.endswith(end) and len(word) - len(end) >= 2:
            return word.removesuffix(end)
    return word


def loose(fact: Fact, others: str, rng: Random) -> str | None:
    """A hurried question: some words of the sentence (one at least that `others`, the rest of the
    passages, lacks), perhaps one too many, and a way to ask. None where no word is its own."""
    words = [stem(word) for word in fact.sentence.split()[:-1]]
    own = [word for word in words if len(word) > 1 and word not in others]
    if not own:
        return None
    kept = {rng.choice(own), *rng.sample(words, min(len(words), rng.randint(1, 3)))}
    chosen = [word for word in dict.fromkeys(words) if word in kept]
    if rng.random() < 0.25:
        chosen.insert(
            rng.randrange(len(chosen) + 1),
            rng.choice(THINGS) if rng.random() < 0.4 else rng.choice(FILLERS),
        )
    if rng.random() < 0.15:
        rng.shuffle(chosen)
    said = [
        attach(word, rng.choice(["은", "이", "을", "에", "", "", "", "로"]))
        if rng.random() < 0.7
        else word
        for word in chosen
    ]
    clause = fact.slots.get(rng.choice("abrg"))
    if (
        isinstance(clause, Clause)
        and rng.random() < 0.35
        and clause.predicate.stem[:2] in fact.sentence
    ):
        said.append(
            rng.choice(clause.synonyms or (clause.predicate,)).end(
                rng.choice(["는데", "면", "는", "어서", "고"]), "plain"
            )
        )
    return f"{' '.join(said)} {rng.choice(TAILS[fact.kind])}".strip()


def colour(question: str, rng: Random) -> str:
    """Small habits of people who ask: openings, synonyms, missing spaces and marks."""
    if rng.random() < 0.25:
        for word, other in SYNONYMS.items():
            if word in question and rng.random() < 0.5:
                question = question.replace(word, other)
    kind = rng.random()
    if kind < 0.05:
        question = f"{rng.choice(['혹시', '저기', '그런데', '궁금한데', '질문이요,', '급해요.', '죄송한데'])} {question}"
    elif kind < 0.08:
        question = question.rstrip("?.") + rng.choice(
            ["? 알려 주세요.", "? 설명 부탁드려요.", " 알려줘", "??"]
        )
    kind = rng.random()
    if kind < 0.05:
        question = question.replace(" ", "")
    elif kind < 0.12:
        words = question.split(" ")
        cut = rng.randrange(len(words))
        question = (
            " ".join(words[:cut])
            + " " * (cut > 0)
            + "".join(words[cut : cut + 2])
            + " " * (cut + 2 < len(words))
            + " ".join(words[cut + 2 :])
        )
    if rng.random() < 0.08:
        question = question.rstrip("?.")
    return question


def opposite(clause: Clause) -> Clause | None:
    """The same clause with the opposite predicate, where the table knows one."""
    other = OPPOSITE.get(clause.predicate.stem)
    if other is None:
        return None
    for group in [*STATES, *CHANGES]:
        for predicate in group:
            if predicate.stem == other:
                return replace(clause, predicate=predicate, synonyms=tuple(group))
    return None
