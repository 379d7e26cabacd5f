"""Is the exam in the training data? Planted copies, near copies and hand-written paraphrases.

Exact and near: long questions of a public set are planted in others, as they are and with up to two
slips of the finger. Paraphrases: tests/data/paraphrases.jsonl, 205 pairs in 41 topics; two
questions of the same topic that ask for something else are the hard negatives. The weights are
fitted on every second topic and reported on the others; the threshold is set on all negatives. The
folded synonyms were written by the same people as the pairs, with the pairs known: expect less on
questions of others.

    python -m benchmarks.leakage --data FOLDER

FOLDER holds songys_chatbot/ChatbotData.csv; without it nothing is planted.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kept import ROOT, add_out, keep
from sadari.data.leakage import LeakageIndex
from sadari.data.near import NEAR, grams, jaccard
from sadari.data.paraphrase import SURE, likenesses, paraphrases
from sadari.domain import Key, Message, Question

PAIRS = ROOT / "tests" / "data" / "paraphrases.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder that holds songys_chatbot")
    parser.add_argument("--fit", action="store_true", help="fit the model anew and print it")
    add_out(parser, "leakage")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    if arguments.fit:
        fit(rows)
        return
    found: dict[str, Any] = {"paraphrases": measured(rows)}
    if arguments.data:
        found["planted"] = planted(arguments.data / "songys_chatbot" / "ChatbotData.csv")
    print(json.dumps(found, ensure_ascii=False, indent=1))
    keep(arguments.out, found, libraries=("numpy",))


def labelled(rows: list[dict[str, str]]) -> tuple[Any, Any, Any, Any]:
    """(likenesses, same, held_out, indices) of every pair within a topic."""
    asked = [text for row in rows for text in (row["one"], row["other"])]
    topics = list(dict.fromkeys(row["topic"] for row in rows))
    of = [topics.index(row["topic"]) for row in rows for _ in range(2)]
    pairs = [(a, b) for a, b in itertools.combinations(range(len(asked)), 2) if of[a] == of[b]]
    index = np.array(pairs)
    same = index[:, 0] // 2 == index[:, 1] // 2
    held_out = np.array([of[a] % 2 == 1 for a, _ in pairs])
    alike = likenesses(asked, asked)[:, index[:, 0], index[:, 1]].T
    return alike, same, held_out, index


def fit(rows: list[dict[str, str]]) -> None:
    """Fits the weights on the topics not held out; the bias lets 1.9 % of all hard negatives be
    false alarms at even odds. The pairs of the other topics are not looked at."""
    from sklearn.linear_model import LogisticRegression

    alike, same, held_out, _ = labelled(rows)
    model = LogisticRegression(C=10, max_iter=1000).fit(alike[~held_out], same[~held_out])
    scores = alike @ model.coef_[0]
    bias = -np.quantile(scores[~same], 0.981)
    print("BIAS, ABOUT, COVERED, ASKED =", *np.round([bias, *model.coef_[0]], 2), sep=" ")


def measured(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Recall of paraphrases and false alarms on hard negatives, on the topics held out."""
    from sadari.data import paraphrase

    alike, same, held_out, _ = labelled(rows)
    weights = np.array([paraphrase.ABOUT, paraphrase.COVERED, paraphrase.ASKED])
    scores = alike @ weights
    flagged = scores + paraphrase.BIAS >= np.log(SURE / (1 - SURE))
    out: dict[str, Any] = {}
    for name, part in (
        ("fitted", ~held_out),
        ("held out", held_out),
        ("all", held_out | True),
    ):
        out[name] = {
            "pairs": int((part & same).sum()),
            "recall": round(float(flagged[part & same].mean()), 3),
            "hard_negatives": int((part & ~same).sum()),
            "false_alarms": round(float(flagged[part & ~same].mean()), 4),
        }
    # The threshold apart from the weights: what the held-out topics allow at .02 of their own.
    limit = np.quantile(scores[held_out & ~same], 0.98, method="higher")
    out["held out, at most .02 false alarms"] = {
        "pairs": out["held out"]["pairs"],
        "recall": round(float((scores[held_out & same] > limit).mean()), 3),
        "hard_negatives": out["held out"]["hard_negatives"],
        "false_alarms": round(float((scores[held_out & ~same] > limit).mean()), 4),
    }
    exam = [row["one"] for row in rows]
    matches = paraphrases([row["other"] for row in rows], exam)
    out["as used: best exam question of all topics"] = {
        "right": sum(m.text == m.question for m in matches) / len(rows),
        "wrong": sum(m.text != m.question for m in matches) / len(rows),
    }
    return out


def planted(path: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        asked = [row["Q"] for row in csv.DictReader(file)]
    asked = list(dict.fromkeys(q for q in asked if len(q) >= 10))
    draw = random.Random(0)
    exam = sorted(asked, key=len)[-1500:]
    index = LeakageIndex(
        [
            Question(str(n), "g", (Message("user", q),), "answer", Key(), "test")
            for n, q in enumerate(exam)
        ]
    )
    near = []
    for text in exam:
        copy = list(text)
        for _ in range(draw.randint(1, 2)):
            copy[draw.randrange(len(copy))] = draw.choice("가나다라마 ")
        slip = "".join(copy) + draw.choice(("", "요", "?", " ㅠㅠ"))
        if jaccard(grams(slip), grams(text)) >= NEAR:
            near.append(slip)
    others = sorted(set(asked) - set(exam))
    return {
        "exact": sum(index.same_as(f" {q}?") is not None for q in exam) / len(exam),
        "near": sum(index.same_as(q) is not None for q in near) / len(near),
        "near_planted": len(near),
        "others_flagged": sum(index.same_as(q) is not None for q in others) / len(others),
        "others": len(others),
    }


if __name__ == "__main__":
    main()
