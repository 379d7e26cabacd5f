"""Judging an answer by its question's key: forgiving in form, strict in fact.

`docs/scorer.md` says what is forgiven and what is not, with the measurements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sadari.domain.dialogue import split_state
from sadari.domain.question import Key, Question
from sadari.evaluation._evasion import echoes, enumerated, pasted, salad, scrambled, strays
from sadari.evaluation._evidence import Facts, facts, postponed, swapped, turned, usurped
from sadari.evaluation._matching import Match, matches
from sadari.evaluation._negation import Licence, affirmed_against, denied, gainsays, hedged
from sadari.evaluation._reading import Reading, Span, read
from sadari.evaluation._refusal import invention, refusal
from sadari.evaluation._structure import call_of, objects, wrong_slots
from sadari.evaluation._values import listed, misplaced, rival, stretched, turned_limit

SCORER = "key/1"


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, in one sentence why, and the share of the key that it holds."""

    right: bool
    why: str
    parts: Mapping[str, float] = field(default_factory=dict)


def score(question: Question, answer: str, evidence: Sequence[str] = ()) -> Verdict:
    """Judge `answer`; `evidence` are the texts of the documents that answer the question.

    Without evidence the rules that compare the answer with it (values on the wrong thing, pasted
    passages, claims out of nowhere) are silent; give it wherever there is some.
    """
    reading = read(answer, assertions=True)
    if question.kind == "state":
        return _state(question.key, answer)
    if question.kind == "call":
        return _call(question.key, answer)
    sources = tuple(read(text) for text in evidence)
    if not reading.text.strip():
        return Verdict(False, "It says nothing.", _parts(question, 0))
    if question.kind == "refuse":
        return _refuse(question, reading, sources)
    return _answer(question, reading, sources)


def _refuse(question: Question, answer: Reading, sources: Sequence[Reading]) -> Verdict:
    if refusal(answer) is None:
        return Verdict(False, "It answers what the documents do not say.", {"refused": 0.0})
    invented = invention(answer, question.text, sources)
    if invented:
        return Verdict(False, f"It refuses and then invents: {invented}.", {"refused": 0.5})
    return Verdict(True, "It says that the documents do not answer.", {"refused": 1.0})


def _answer(question: Question, answer: Reading, sources: Sequence[Reading]) -> Verdict:
    key = question.key
    hits = [matches(item, answer, question.text) for item in key.must]
    known = [facts(item, sources) for item in key.must]
    spans = [(m.start, m.end) for found in hits for m in found]
    held = [
        [m for m in found if not _open(m, answer, found, about, spans, question.text)]
        for found, about in zip(hits, known, strict=True)
    ]
    why = (
        _missing(question, answer, hits, held)
        or _evasive(question, answer, sources, held, known)
        or _contrary(question, answer, sources, hits, held, known)
    )
    right = sum(bool(found) for found in held)
    if why:
        return Verdict(False, why, _parts(question, right))
    return Verdict(True, "It holds everything that the key asks for.", _parts(question, right))


def _open(
    match: Match,
    answer: Reading,
    found: list[Match],
    known: Facts,
    spans: list[Span],
    question: str,
) -> bool:
    """Whether a match does not count: the answer denies it or leaves it open."""
    home = known.nearest(answer.text[slice(*answer.clause(match.start))])
    return (
        denied(match, answer, Licence(question, home, spans))
        or affirmed_against(match, answer, question)
        or (not known.open and hedged(match, answer, found))
    )


def _missing(
    question: Question, answer: Reading, hits: list[list[Match]], held: list[list[Match]]
) -> str:
    for item, hit, firm in zip(question.key.must, hits, held, strict=True):
        if firm:
            continue
        wanted = (
            item[0] if isinstance(item[0], str) else f"{item[0].value:g} {item[0].unit}".strip()
        )
        if hit:
            return f"It denies or leaves open: {wanted}."
        if refusal(answer):
            return "It refuses a question that the documents answer."
        return f"It does not say: {wanted}."
    return ""


def _evasive(
    question: Question,
    answer: Reading,
    sources: Sequence[Reading],
    held: list[list[Match]],
    known: list[Facts],
) -> str:
    asked = [m for found in held for m in found]
    first = refusal(answer)
    if (
        first
        and first == answer.sentences[0]
        and not any(first[0] <= m.start < first[1] for m in asked)
    ):
        return "It refuses a question that the documents answer."
    if pasted(answer, sources, question.key):
        return "It pastes the passage instead of answering."
    if echoes(answer, question.text):
        return "It repeats the question."
    if salad(answer, question.key, question.text):
        return "It strings the key's words together without saying anything."
    if sources and scrambled(answer, sources, question.text):
        return "It shuffles words of the evidence."
    if sources and strays(answer, sources, question.text, asked):
        return "It speaks of something else."
    for found, about in zip(held, known, strict=True):
        if all(listed(m, answer, asked) for m in found):
            return "It lists numbers without saying which is meant."
        if all(enumerated(m, answer, about.sentences, sources, asked) for m in found):
            return "It lists things without saying which is meant."
    return ""


def _contrary(
    question: Question,
    answer: Reading,
    sources: Sequence[Reading],
    hits: list[list[Match]],
    held: list[list[Match]],
    known: list[Facts],
) -> str:
    for wrong in question.key.must_not:
        free = Licence("", "", ())
        if any(not denied(m, answer, free) for m in matches((wrong,), answer)):
            return f"It says what is wrong: {wrong}."
    for hit, firm, about in zip(hits, held, known, strict=True):
        if any(m not in firm and _same_text(m, firm) for m in hit):
            return f"It says both: {_text(hit[0], answer)} and its denial."
        if all(turned_limit(m, answer, about) for m in firm):
            return f"It turns the limit around: {_text(firm[0], answer)}."
        if len(hits) == 1 and all(swapped(answer, m, about, sources, question.text) for m in firm):
            return f"It says it of another thing: {_text(firm[0], answer)}."
        if all(usurped(answer, m, about, sources, question.text) for m in firm):
            return f"It says it of another subject: {_text(firm[0], answer)}."
        if all(postponed(answer, m, question.text) for m in firm):
            return f"It puts last what comes first: {_text(firm[0], answer)}."
    spans = [(m.start, m.end) for found in hits for m in found]
    if denial := gainsays(answer, sources, spans, question.text):
        return f"It denies what the evidence says: {denial}"
    asked = [m for found in held for m in found]
    if stray := misplaced(answer, sources, asked, question.text):
        return f"It ties a value to the wrong thing: {stray}."
    if any(stretched(answer, m, asked, sources) for m in asked):
        return "It gives a range that holds more than the right value."
    if second := rival(answer, sources, asked):
        return f"It gives a second value: {second}."
    if sources and (claim := turned(answer, min(m.start for m in asked), sources, question.text)):
        return f"It takes it back: {claim}"
    return ""


def _same_text(match: Match, firm: list[Match]) -> bool:
    return any(match.alternative == other.alternative for other in firm)


def _text(match: Match, reading: Reading) -> str:
    return reading.text[match.start : match.end]


def _parts(question: Question, right: int) -> dict[str, float]:
    return {"held": right / len(question.key.must) if question.key.must else 0.0}


def _state(key: Key, answer: str) -> Verdict:
    """`slots` is the share of the key's slots that are right, `valid_json` whether there is an
    object at all, `format` whether it is the last line and has the key's slots and no others."""
    found = objects(answer)
    if not found:
        return Verdict(
            False, "It holds no JSON object.", {"slots": 0.0, "valid_json": 0.0, "format": 0.0}
        )
    state = key.state or {}
    wrong = wrong_slots(state, found[-1])
    _, last = split_state(answer.strip())
    parts = {
        "slots": 1 - len(wrong) / len(state) if state else 1.0,
        "valid_json": 1.0,
        "format": float(last is not None and last.keys() == state.keys()),
    }
    if wrong:
        return Verdict(False, f"Slots missing or wrong: {', '.join(wrong)}.", parts)
    return Verdict(True, "Every slot of the state is right.", parts)


def _call(key: Key, answer: str) -> Verdict:
    calls = [call_of(found) for found in objects(answer)]
    if not calls:
        return Verdict(False, "It calls no function.", {"name": 0.0, "arguments": 0.0})
    wanted, arguments = call_of(key.call or {})
    name, given = calls[0]
    wrong = wrong_slots(arguments, given)
    share = 1 - len(wrong) / len(arguments) if arguments else 1.0
    parts = {"name": float(name == wanted), "arguments": share}
    if name != wanted:
        return Verdict(False, f"It calls {name or 'nothing'}, not {wanted}.", parts)
    if wrong:
        return Verdict(False, f"Arguments missing or wrong: {', '.join(wrong)}.", parts)
    return Verdict(True, "It calls the function with the right arguments.", parts)
