"""How good prepared data are: a score per check and what to do, in order of gain."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sadari.data.duplicates import ANOTHER_ANSWER, Contradiction, answer_of, contradictions
from sadari.data.leakage import REPEATS, question_of
from sadari.data.near import near_pairs
from sadari.data.paraphrase import Match, paraphrases
from sadari.data.redact import Span, find
from sadari.data.types import Dataset, Record
from sadari.domain import Domain, split_state
from sadari.text import normalise

# What practitioners call enough, by what the data are to teach. A warning, never a wall: the
# learning curve decides where there are data.
DIALOGUES, KNOWLEDGE = 100, 500
PER_TOPIC = 10  # records under which a topic is thin
SHORTEST, LONGEST = 4, 1_200  # characters of an answer that is neither a stub nor a page
LANGUAGE_LEAST = (
    0.3  # share of an answer's letters in the domain's language; code and names are Latin
)
GOOD = 0.95  # score from which a check is green
SHOWN = 20  # rows named under a check

_HANGUL, _LATIN = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]"), re.compile(r"[A-Za-z]")
# An answer ends with a sign, a plain or polite verb, a number with its unit, a noun in a list.
_CUT = re.compile(
    r"(?:[,(:;·]|그리고|또한|하지만|그러나|때문에|위해|및|와|과|를|을|의|에서|으로|하여|하고|이며|하며|는데|지만|면서|[a-z]-)$"
)


@dataclass(frozen=True)
class Check:
    """One property of the data: `score` 0 (bad) to 1, `gain` what mending it is worth (0 to 1),
    `figures` for its sentence, and rows (file:line, what) that show the trouble."""

    id: str
    score: float
    weight: float
    figures: tuple[object, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()

    @property
    def gain(self) -> float:
        """The part of the whole score that mending this would bring."""
        return self.weight * (1 - self.score)

    @property
    def good(self) -> bool:
        """Whether there is nothing to do."""
        return self.score >= GOOD


@dataclass(frozen=True)
class Quality:
    """Every check; `todo` is those that are not good, the greatest gain first."""

    checks: tuple[Check, ...]

    @property
    def score(self) -> float:
        """The weighted mean of the checks' scores, 0 to 1."""
        return sum(c.score * c.weight for c in self.checks) / sum(c.weight for c in self.checks)

    @property
    def todo(self) -> tuple[Check, ...]:
        """What to do, in order of gain."""
        return tuple(sorted((c for c in self.checks if not c.good), key=lambda c: -c.gain))


def assess(domain: Domain, data: Dataset) -> Quality:
    """Every check of `data`, in a fixed order. Looks at all pairs that share a 5-gram bucket;
    reads and writes nothing."""
    records = [*data.train, *data.validation]
    checks: tuple[Callable[[Domain, Dataset, Sequence[Record]], Check], ...] = (
        _enough,
        _topics,
        _documents,
        _exam_topics,
        _lengths,
        _whole,
        _language,
        _own_words,
        _variety,
        _agreement,
        _exam_kept_out,
        _exam_reworded,
        _privacy,
        _jargon,
        _kept,
    )
    return Quality(tuple(check(domain, data, records) for check in checks))


def _enough(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    dialogues = sum(sum(m.role == "user" for m in r.messages) > 1 for r in data.train)
    wanted = DIALOGUES if dialogues * 2 > len(data.train) else KNOWLEDGE
    return Check("enough", min(1, len(data.train) / wanted), 3, (len(data.train), wanted))


def _topics(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """Every topic that the documents declare has records."""
    topic_of = {d.id: d.topic for d in domain.documents}
    held_out = {topic_of.get(d, "") for d in data.held_out}
    declared = sorted({t for t in topic_of.values() if t} - held_out)
    counts = Counter(topic_of.get(r.group, "") for r in records)
    thin = [t for t in declared if counts[t] < PER_TOPIC]
    score = sum(min(1, counts[t] / PER_TOPIC) for t in declared) / len(declared) if declared else 1
    rows = tuple((t, f"{counts[t]}") for t in thin)
    return Check("topics", score, 2, (len(thin), len(declared), PER_TOPIC), rows)


def _documents(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    covered = {r.group for r in records} | data.held_out
    missing = [d for d in domain.documents if d.id not in covered]
    rows = tuple((d.source, d.title) for d in missing)
    return Check("documents", _share(missing, domain.documents), 2, (len(missing),), rows)


def _exam_topics(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """What the exam asks about is taught, or at least stands in a document."""
    topic_of = {d.id: d.topic for d in domain.documents}
    taught = {topic_of.get(r.group, "") for r in records} | {r.task for r in records}
    asked = sorted({q.topic for q in domain.questions if q.topic and q.kind != "refuse"})
    missing = [t for t in asked if t not in taught]
    rows = tuple((t, "") for t in missing)
    return Check("exam_topics", _share(missing, asked), 2, (len(missing), len(asked)), rows)


def _lengths(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    def odd(record: Record) -> bool:
        return not SHORTEST <= len(answer_of(record)) <= LONGEST * _turns(record)

    return _by_row("lengths", 1, records, odd, lambda r: f"{len(answer_of(r)):,}")


def _whole(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """No answer breaks off."""

    def cut(record: Record) -> bool:
        return any(
            m.role == "assistant" and not m.tool_calls and _CUT.search(m.content.rstrip())
            for m in record.messages
        )

    return _by_row("whole", 3, records, cut, lambda r: answer_of(r)[-40:])


def _language(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    def foreign(record: Record) -> bool:
        turns = (m.content for m in record.messages if m.role == "assistant")
        said = "\n".join(split_state(turn)[0] for turn in turns)  # a state's slots are no language
        hangul, latin = len(_HANGUL.findall(said)), len(_LATIN.findall(said))
        own = hangul if domain.settings.language == "ko" else latin
        return hangul + latin >= 10 and own / (hangul + latin) < LANGUAGE_LEAST

    return _by_row("language", 2, records, foreign, lambda r: answer_of(r)[:60])


def _own_words(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """A tenth of the questions in people's own words keeps a model from knowing only ours."""
    sessions = {s.id for s in domain.dialogues}
    people = sum(not r.task or r.from_people or r.id in sessions for r in records)
    share = people / max(1, len(records))
    return Check("own_words", min(1, share / 0.1), 2, (people, len(records)))


def _variety(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """Near copies that are still there (they state different facts, or merging is off)."""
    texts = [f"{question_of(r)}\n{answer_of(r)}" for r in records if "~" not in r.id]
    rows = [r for r in records if "~" not in r.id]
    pairs = [(i, j) for i, j, _ in near_pairs(texts)]
    again = {j for _, j in pairs}
    shown = tuple((rows[j].source, question_of(rows[j])) for j in sorted(again)[:SHOWN])
    return Check("variety", 1 - len(again) / max(1, len(rows)), 1, (len(again),), shown)


def _set_aside(data: Dataset, reason: str) -> list[tuple[str, str]]:
    """(source, reason) of the rows that were set aside for a reason that begins so."""
    return [
        (row.source, row.reason)
        for step in data.ledger.steps
        for row in step.set_aside
        if row.reason.startswith(reason)
    ]


def _agreement(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """One question has one answer."""
    found: list[Contradiction] = contradictions([r for r in records if r.parent is None])
    rows = [
        *((f"{c.sources[0]} · {c.sources[1]}", c.question) for c in found),
        *_set_aside(data, ANOTHER_ANSWER),
    ]
    score = 1 - min(1, 10 * len(rows) / max(1, len(records)))
    return Check("agreement", score, 3, (len(rows),), tuple(rows[:SHOWN]))


def _exam_kept_out(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """Copies of exam questions were set aside; the check says how many there were."""
    found = _set_aside(data, REPEATS)
    score = 1 - min(1, 10 * len(found) / max(1, len(records) + len(found)))
    return Check("exam_kept_out", score, 1, (len(found),), tuple(found[:SHOWN]))


def _exam_reworded(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """Records that probably ask an exam question in other words: a person should look."""
    asked = [r for r in records if "~" not in r.id]
    exam = [q for q in domain.questions if q.split == "test"]
    found: list[Match] = paraphrases([question_of(r) for r in asked], [q.text for q in exam])
    found.sort(key=lambda m: -m.probability)
    rows = tuple(
        (asked[m.text].source, f"{question_of(asked[m.text])} = {exam[m.question].text}")
        for m in found[:SHOWN]
    )
    hit = len({m.question for m in found})
    return Check("exam_reworded", 1 - hit / max(1, len(exam)), 2, (hit, len(exam)), rows)


def _privacy(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """Nothing personal is left. Placeholders are what `redact` left behind, and fine; a domain that
    switched it off has said that its people are invented."""
    found: list[tuple[str, str]] = []
    for record in records if domain.settings.data.redact else ():
        spans: list[Span] = [s for m in record.messages for s in find(m.content)]
        if spans:
            found.append((record.source, ", ".join(sorted({s.kind for s in spans}))))
    score = 1 - min(1, 20 * len(found) / max(1, len(records)))
    return Check("privacy", score, 3, (len(found),), tuple(found[:SHOWN]))


def _jargon(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """The glossary's terms are used; how many records use one at all says how much of the talk is
    jargon."""
    said = [normalise(f"{question_of(r)} {answer_of(r)}") for r in records]
    terms = {t.term: [normalise(w) for w in (t.term, *t.aliases)] for t in domain.glossary}
    unused = [t for t, words in terms.items() if not any(w in text for text in said for w in words)]
    every = [w for words in terms.values() for w in words]
    share = sum(any(w in text for w in every) for text in said) / max(1, len(said))
    rows = tuple((t, "") for t in unused[:SHOWN])
    figures = (len(unused), len(terms), round(100 * share))
    return Check("jargon", _share(unused, list(terms)), 1, figures, rows)


def _kept(domain: Domain, data: Dataset, records: Sequence[Record]) -> Check:
    """Little of what came in was broken."""
    lost = [
        (row.source, row.reason)
        for step in data.ledger.steps
        if step.name in ("import", "clean")
        for row in step.set_aside
    ]
    score = 1 - len(lost) / max(1, len(records) + len(lost))
    return Check("kept", score, 1, (len(lost),), tuple(lost[:SHOWN]))


def _by_row(
    name: str,
    weight: float,
    records: Sequence[Record],
    bad: Callable[[Record], bool],
    show: Callable[[Record], str],
) -> Check:
    found = [r for r in records if bad(r)]
    # A tenth of bad rows is as bad as it gets: they are what a model repeats.
    score = 1 - min(1, 10 * len(found) / max(1, len(records)))
    rows = tuple((r.source, show(r)) for r in found[:SHOWN])
    return Check(name, score, weight, (len(found),), rows)


def _share(bad: Sequence[object], of: Sequence[object]) -> float:
    return 1 - len(bad) / len(of) if of else 1.0


def _turns(record: Record) -> int:
    return max(1, sum(m.role == "assistant" for m in record.messages))


def answer_lengths(records: Sequence[Record]) -> Iterator[int]:
    """Characters of each answer that is no refusal."""
    return (len(answer_of(r)) for r in records if r.task != "refusal")
