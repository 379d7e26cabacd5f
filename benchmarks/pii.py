"""Personal data in Korean text: sadari's recognisers beside Presidio with its Korean ones on.

Both read the same labelled sentences, which were written before the recognisers. The half with even
ids was read while they were written, the odd half was only counted. A label is found when all of it
is covered by finds of its kind; a find is right when it shares at least half of its characters with
a label of its kind. Presidio takes its phone, card and e-mail recognisers for Korean too, context
words, and the score threshold that suits it best on these very sentences. It has no recogniser for
Korean accounts and corporate numbers, and none for names and addresses without a language model.

    python -m benchmarks.pii --chat FILE        # ChatbotData.csv with columns Q and A
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.kept import add_out, keep
from sadari.data.redact import KINDS, Kind, Span, find
from tests.data.redact.agreement import SOFT, Agreement, agreement, labelled

ENTITIES: dict[str, Kind] = {
    "KR_RRN": "resident_number",
    "KR_FRN": "foreigner_number",
    "KR_BRN": "business_number",
    "KR_DRIVER_LICENSE": "driver_licence",
    "KR_PASSPORT": "passport",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "EMAIL_ADDRESS": "email",
}
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
STRUCTURED = tuple(kind for kind in KINDS if kind not in SOFT)
Finder = Callable[[str], Sequence[Span]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chat", type=Path, help="chit-chat in which nothing should be found")
    parser.add_argument("--alone", action="store_true", help="without Presidio")
    add_out(parser, "pii")
    arguments = parser.parse_args()

    sentences = labelled()
    halves = {
        "all": sentences,
        "even half (read)": [s for s in sentences if s.id % 2 == 0],
        "odd half (counted)": [s for s in sentences if s.id % 2],
    }
    texts = [s.text for s in sentences] * 4
    ours = speed(find, texts)
    result: dict[str, Any] = {
        "sadari": {
            "sentences": len(sentences),
            "labels": sum(len(s.spans) for s in sentences),
            "hard_negatives": sum(not s.spans for s in sentences),
            **{name: summary(agreement(part, find)) for name, part in halves.items()},
            "megabytes_per_cpu_second": ours,
        }
    }
    if arguments.chat:
        with arguments.chat.open(encoding="utf-8", newline="") as file:
            chat = [row[name] for row in csv.DictReader(file) for name in ("Q", "A")]
        hits = [(text, found) for text in chat if (found := find(text))]
        result["chat"] = {
            "sentences": len(chat),
            "false_hits": len(hits),
            "false_hits_per_10000": round(10_000 * len(hits) / len(chat), 2),
            "megabytes_per_cpu_second": speed(find, chat),
        }
    if not arguments.alone:
        result["presidio"] = presidio(sentences, texts[: len(sentences)])
        # of the same run, should the part above be renewed without Presidio
        result["presidio"]["megabytes_per_cpu_second_of_sadari"] = ours
    print(json.dumps(result, ensure_ascii=False, indent=1))
    keep(arguments.out, result, libraries=("presidio-analyzer", "spacy"))


def summary(counts: Agreement) -> dict[str, Any]:
    groups = {"structured": STRUCTURED, "names_and_addresses": SOFT} | {k: (k,) for k in KINDS}
    return {
        name: {
            "labels": sum(counts.labels[kind] for kind in kinds),
            "recall": round(counts.recall(*kinds), 4),
            "precision": round(counts.precision(*kinds), 4),
        }
        for name, kinds in groups.items()
    }


def presidio(sentences: Sequence[Any], texts: Sequence[str]) -> dict[str, Any]:
    """Presidio at the threshold with the best F1 over the kinds it knows."""
    covered = tuple(dict.fromkeys(ENTITIES.values()))
    analyse = analyser()
    best: tuple[float, float, Agreement] | None = None
    for threshold in THRESHOLDS:
        counts = agreement(sentences, lambda text, t=threshold: analyse(text, t))  # type: ignore
        recall, precision = counts.recall(*covered), counts.precision(*covered)
        f1 = 2 * recall * precision / max(recall + precision, 1e-9)
        if best is None or f1 > best[0]:
            best = (f1, threshold, counts)
    assert best is not None
    _, threshold, counts = best
    ours = agreement(sentences, find)
    return {
        "version": version("presidio-analyzer"),
        "threshold": threshold,
        "all": summary(counts),
        "on_the_kinds_it_knows": {
            name: {
                "recall": round(one.recall(*covered), 4),
                "precision": round(one.precision(*covered), 4),
            }
            for name, one in (("presidio", counts), ("sadari", ours))
        },
        "megabytes_per_cpu_second": speed(lambda text: analyse(text, threshold), texts),
    }


def analyser() -> Callable[[str, float], list[Span]]:
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        EmailRecognizer,
        KrBrnRecognizer,
        KrDriverLicenseRecognizer,
        KrFrnRecognizer,
        KrPassportRecognizer,
        KrRrnRecognizer,
        PhoneRecognizer,
    )

    words = SpacyNlpEngine(models=[{"lang_code": "ko", "model_name": "blank"}])
    words.nlp = {"ko": spacy.blank("xx")}  # words alone, for context; no model to download
    korean = (
        KrRrnRecognizer,
        KrFrnRecognizer,
        KrBrnRecognizer,
        KrDriverLicenseRecognizer,
        KrPassportRecognizer,
        CreditCardRecognizer,
        EmailRecognizer,
    )
    registry = RecognizerRegistry(
        [
            *(recogniser(supported_language="ko") for recogniser in korean),
            PhoneRecognizer(
                supported_language="ko",
                supported_regions=["KR"],
                context=["전화", "연락처", "번호"],
            ),
        ],
        supported_languages=["ko"],
    )
    engine = AnalyzerEngine(registry=registry, nlp_engine=words, supported_languages=["ko"])

    def analyse(text: str, threshold: float) -> list[Span]:
        found = engine.analyze(text, "ko", score_threshold=threshold)
        return [Span(f.start, f.end, ENTITIES[f.entity_type]) for f in found]

    return analyse


def speed(finder: Finder, texts: Sequence[str]) -> float:
    """Megabytes of UTF-8 a second of one processor."""
    started = time.process_time()
    for text in texts:
        finder(text)
    seconds = time.process_time() - started
    return round(sum(len(text.encode()) for text in texts) / seconds / 1e6, 3)


if __name__ == "__main__":
    main()
