"""Which search finds the right document? sadari's index against full-text search as it comes and at
its best settings for Korean.

Every system gets the same passages and is scored on documents: recall@k is the share of a
question's evidence documents among the documents of its first k passages. Times are one query at a
time on one thread, tokenising included. Settings of BM25S are chosen on the dev questions of a set
and its result is reported on the others (KoBEST: dev and test; a domain: dev questions, feedback).
A domain's test questions are not touched.

    python -m benchmarks.retrieval --domain examples/ald --data FOLDER --kiwi

FOLDER holds kobest/BoolQ.{dev,test}.tsv and the others of KoBEST.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import re
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.kept import add_out, keep
from sadari.domain import Document, Key, Message, Question, Split, read_domain
from sadari.retrieval import Index, Passage, build_index
from sadari.text import bigrams, normalise

KS = (1, 3, 10)
Search = Callable[[str, int], Sequence[Passage]]


@dataclass(frozen=True)
class Exam:
    """Documents, questions to choose settings on, questions to report."""

    name: str
    documents: Sequence[Document]
    tune: Sequence[Question]
    report: Sequence[Question]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--domain", type=Path, default=Path("examples/ald"))
    parser.add_argument("--data", type=Path, help="a folder that holds kobest/BoolQ.{dev,test}.tsv")
    parser.add_argument("--kiwi", action="store_true", help="also BM25S over Kiwi's morphemes")
    add_out(parser, "retrieval")
    arguments = parser.parse_args()

    exams = [domain_exam(arguments.domain)]
    if arguments.data:
        exams.append(kobest_exam(arguments.data / "kobest"))
    for exam in exams:
        keep(
            arguments.out,
            {exam.name: run(exam, arguments.kiwi)},
            contenders=systems,
            inside="exams",
            libraries=("bm25s", "kiwipiepy", "numpy"),
            threads=1,
        )


def systems(part: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of an exam's results by contender: its name without the settings chosen for it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in part["systems"]:
        found.setdefault(", ".join(row["system"].split(", ")[:2]), []).append(row)
    return found


def domain_exam(folder: Path) -> Exam:
    domain = read_domain(folder)
    rated = [
        question(entry.id, entry.question, "dev", *entry.evidence)
        for entry in domain.feedback
        if entry.evidence
    ]
    dev = [q for q in domain.exam("dev") if q.evidence]
    return Exam(domain.id, domain.documents, dev, rated)


def kobest_exam(folder: Path) -> Exam:
    """BoolQ: does the question find its own passage among all passages? HellaSwag's contexts and
    WiC's sentences stand by as distractors."""
    ids: dict[str, str] = {}
    questions: dict[Split, list[Question]] = {"dev": [], "test": []}
    for split, asked in questions.items():
        for row in table(folder / f"BoolQ.{split}.tsv"):
            document = ids.setdefault(row["Text"].strip(), f"boolq/{len(ids)}")
            name = f"{split}-{len(asked)}"
            asked.append(question(name, row["Question"], split, document))
    for file, column in (("HellaSwag", "context"), ("WiC", "SENTENCE1")):
        for split in questions:
            for row in table(folder / f"{file}.{split}.tsv"):
                ids.setdefault(row[column].strip(), f"{file.lower()}/{len(ids)}")
    documents = [Document(name, "", text) for text, name in ids.items()]
    return Exam("kobest", documents, questions["dev"], questions["test"])


def table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def question(name: str, text: str, split: Split, *evidence: str) -> Question:
    return Question(name, name, (Message("user", text),), "answer", Key(), split, evidence=evidence)


def run(exam: Exam, kiwi: bool) -> dict[str, object]:
    print(f"\n{exam.name}: {len(exam.documents)} documents, {len(exam.report)} questions")
    rows: list[dict[str, object]] = []

    def report(name: str, search: Search, build_seconds: float) -> None:
        recall, milliseconds = measure(search, exam.report)
        row = {
            "system": name,
            **{f"recall_at_{k}": round(recall[k], 4) for k in KS},
            "p50_milliseconds": round(statistics.median(milliseconds), 2),
            "build_seconds": round(build_seconds, 2),
        }
        rows.append(row)
        print("  ".join(f"{value}" for value in row.values()), flush=True)

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        index = Index.open(build_index(exam.documents, Path(folder)))
        seconds = time.perf_counter() - started
        for mode in ("hybrid", "text", "dense"):
            search = sadari(index, mode)  # type: ignore[arg-type]
            report(f"sadari {mode}", search, seconds)
        passages = index.passages()

    for tokenizer, terms in (("unicode61", words), ("trigram", trigrams)):
        started = time.perf_counter()
        search = full_text(passages, tokenizer, terms)
        report(f"SQLite FTS5 {tokenizer}", search, time.perf_counter() - started)

    tokenizers: dict[str, Callable[[str], list[str]]] = {
        "its own tokenizer": bm25s_words,
        "our bigrams": bigrams,
    }
    if kiwi:
        tokenizers["Kiwi morphemes"] = kiwi_morphemes()
        morphemes = tokenizers["Kiwi morphemes"]
        tokenizers["Kiwi morphemes and our bigrams"] = lambda text: morphemes(text) + bigrams(text)
    for name, tokenize in tokenizers.items():
        started = time.perf_counter()
        corpora = {
            weight: [tokenize(content(passage, weight)) for passage in passages]
            for weight in ((1, 2) if any(passage.place for passage in passages) else (1,))
        }
        seconds = (time.perf_counter() - started) / len(corpora)

        def ranked(
            place_weight: int,
            tokenize: Callable[[str], list[str]] = tokenize,
            corpora: dict[int, list[list[str]]] = corpora,
            **settings: Any,
        ) -> Search:
            return bm25s_search(passages, corpora[place_weight], tokenize, settings)

        started = time.perf_counter()
        default = ranked(1)
        seconds += time.perf_counter() - started
        report(f"BM25S, {name}, default", default, seconds)
        grid = itertools.product(corpora, (0.6, 1.2, 2.0), (0.4, 0.75))
        names = ("place_weight", "k1", "b")
        candidates = [dict(zip(names, values, strict=True)) for values in grid]
        best = max(candidates, key=lambda settings: quality(ranked(**settings), exam.tune))
        chosen = " ".join(f"{key}={value}" for key, value in best.items())
        report(f"BM25S, {name}, {chosen}", ranked(**best), seconds)
    return {
        "documents": len(exam.documents),
        "passages": len(passages),
        "questions": len(exam.report),
        "sqlite": sqlite3.sqlite_version,
        "systems": rows,
    }


def measure(search: Search, questions: Sequence[Question]) -> tuple[dict[int, float], list[float]]:
    shares: dict[int, list[float]] = {k: [] for k in KS}
    milliseconds = []
    for asked in questions:
        started = time.perf_counter()
        found = [passage.document for passage in search(asked.text, max(KS))]
        milliseconds.append(1000 * (time.perf_counter() - started))
        needed = set(asked.evidence)
        for k in KS:
            shares[k].append(len(needed & set(found[:k])) / len(needed))
    return {k: statistics.fmean(values) for k, values in shares.items()}, milliseconds


def sadari(index: Index, mode: str) -> Search:
    return lambda query, k: [hit.passage for hit in index.search(query, k, mode)]  # type: ignore


def content(passage: Passage, place_weight: int = 1) -> str:
    return "\n".join([passage.place] * place_weight + [passage.text])


def words(query: str) -> list[str]:
    return re.findall(r"\w+", normalise(query))


def trigrams(query: str) -> list[str]:
    return [word[i : i + 3] for word in words(query) for i in range(len(word) - 2)]


def full_text(
    passages: Sequence[Passage], tokenizer: str, terms: Callable[[str], list[str]]
) -> Search:
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE VIRTUAL TABLE f USING fts5(text, tokenize='{tokenizer}')")
    rows = ((number, normalise(content(passage))) for number, passage in enumerate(passages))
    db.executemany("INSERT INTO f(rowid, text) VALUES (?, ?)", rows)

    def search(query: str, k: int) -> list[Passage]:
        match = " OR ".join(f'"{term}"' for term in terms(query))
        if not match:
            return []
        found = db.execute("SELECT rowid FROM f WHERE f MATCH ? ORDER BY rank LIMIT ?", (match, k))
        return [passages[number] for (number,) in found]

    return search


def bm25s_words(text: str) -> list[str]:
    import bm25s

    # Its default pattern drops words of one character, which are nouns in Korean.
    [tokens] = bm25s.tokenize(
        [text], token_pattern=r"(?u)\b\w+\b", stopwords=None, return_ids=False, show_progress=False
    )
    return list(tokens)


def kiwi_morphemes() -> Callable[[str], list[str]]:
    from kiwipiepy import Kiwi

    kiwi = Kiwi(num_workers=1)
    carriers = ("NN", "NR", "VV", "VA", "MA", "MM", "XR", "SL", "SN", "SH")

    def morphemes(text: str) -> list[str]:
        tokens = kiwi.tokenize(normalise(text))
        return [token.form.lower() for token in tokens if token.tag.startswith(carriers)]

    return morphemes


def bm25s_search(
    passages: Sequence[Passage],
    corpus: list[list[str]],
    tokenize: Callable[[str], list[str]],
    settings: dict[str, Any],
) -> Search:
    import bm25s

    ranker = bm25s.BM25(**settings)
    ranker.index(corpus, show_progress=False)

    def search(query: str, k: int) -> list[Passage]:
        tokens = tokenize(query)
        if not any(token in ranker.vocab_dict for token in tokens):
            return []
        found = ranker.retrieve([tokens], k=min(k, len(passages)), show_progress=False)
        return [passages[number] for number in found.documents[0]]

    return search


def quality(search: Search, questions: Sequence[Question]) -> float:
    recall, _ = measure(search, questions[:200])
    return statistics.fmean(recall.values())


if __name__ == "__main__":
    main()
