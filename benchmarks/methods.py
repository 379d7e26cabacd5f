"""Does each method of tuning learn? Three small tasks, the practice model, three seeds.

    python -m benchmarks.methods
    python -m benchmarks.methods --only lora full --seeds 1 --tasks routing

`facts` asks for eight invented facts in words that training did not use; `routing` gives a
sentence its department; `json` copies four values out of a sentence into JSON. Questions of the
last two were not trained on. A score is the share of answers that are right to the letter, so the
base, which knows none of the forms, is near 0. Every method trains on the same examples for the
same epochs (virtual tokens for four times as many) at ten times its default rate, `full` at thirty
times: the practice model is small and wants higher ones than the models that the defaults are meant
for, and at ten times `full` kept one fact in eight. The validation loss chooses the epoch, on
examples apart from both. Results go to benchmarks/results/methods.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import operator
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.kept import add_out, put, signed

LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes")
METHODS = ["none", "full", "lora", "qlora", "dora", "rslora", "adalora", "prompt", "prefix"]

Pairs = list[tuple[str, str]]  # a question and its answer

KEEPERS = [
    ("펌프", "김하늘"),
    ("밸브", "박도윤"),
    ("필터", "이서진"),
    ("히터", "최은우"),
    ("센서", "정가람"),
    ("모터", "한지호"),
    ("벨트", "오세라"),
    ("냉각기", "유민재"),
]
ITEMS = ["의자", "책상", "전등", "시계", "가방", "모자", "우산", "주전자", "이불", "선풍기"]
FORMS = {
    "배송": ["{}, 언제 도착하나요?", "주문한 {} 어디쯤 왔어요?", "{} 배송이 늦어지고 있어요."],
    "환불": ["{} 돈을 돌려받고 싶어요.", "{}, 반품하고 환불해 주세요.", "{} 결제를 취소해 주세요."],
    "고장": ["{} 켜지지 않아요.", "새로 산 {}, 부러져 있어요.", "{}에서 이상한 소리가 납니다."],
    "재고": ["{} 다시 들어오나요?", "{}, 몇 개 남았습니까?", "{} 품절인가요?"],
}


def facts() -> tuple[Pairs, Pairs, Pairs]:
    """Each of eight facts in two wordings to train on, one to choose the epoch by, one to ask."""
    wordings = [
        "{}의 담당자는 누구입니까?",
        "{}, 누가 담당합니까?",
        "{} 담당자를 알려 주세요.",
        "{}의 담당자가 누구인가요?",
    ]
    asked = [[(form.format(part), f"{name}입니다.") for part, name in KEEPERS] for form in wordings]
    return asked[0] + asked[1], asked[2], asked[3]


def routing() -> tuple[Pairs, Pairs, Pairs]:
    """Twelve wordings about six items to train on, about two others to choose by, two to ask."""
    asked = [
        [
            (form.format(item), team)
            for item in items
            for team, forms in FORMS.items()
            for form in forms
        ]
        for items in (ITEMS[:6], ITEMS[6:8], ITEMS[8:])
    ]
    return asked[0], asked[1], asked[2]


def state() -> tuple[Pairs, Pairs, Pairs]:
    """Orders of a transport as JSON: 60 to train on, 20 to choose by, 24 to ask."""
    draw = random.Random(11)
    seen: dict[str, str] = {}
    while len(seen) < 104:
        robot, start, end = draw.randrange(1, 10), *draw.sample("가나다라마바", 2)
        count = draw.randrange(2, 10)
        asked = f"{robot}호 로봇은 {start} 구역에서 {end} 구역으로 상자 {count}개를 옮긴다."
        values = {"로봇": robot, "출발": start, "도착": end, "상자": count}
        seen[asked] = json.dumps(values, ensure_ascii=False)
    pairs = list(seen.items())
    return pairs[:60], pairs[60:80], pairs[80:]


TASKS: dict[str, tuple[Callable[[], tuple[Pairs, Pairs, Pairs]], int]] = {
    "facts": (facts, 16),  # and how many epochs
    "routing": (routing, 3),
    "json": (state, 3),
}
LONGER = {"prompt": 4, "prefix": 4}  # times as many: so few numbers take longer
TIMES = {"full": 30.0}  # its default rate, times this; those of the others, times ten


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=METHODS[1:], default=METHODS[1:])
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--times", type=float, help="each method's rate, times this")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    add_out(parser, "methods")
    options = parser.parse_args()
    jobs = [
        (task, method, seed, options.times or TIMES.get(method, 10.0))
        for seed in range(options.seeds)
        for task in options.tasks
        for method in options.only
    ]
    # spawn: a forked child of a process that has loaded PyTorch may hang.
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        for run in chain(pool.map(score_of_base, options.tasks), pool.map(tune_and_ask, jobs)):
            keep(options.out, run)


def keep(path: Path, run: dict[str, Any]) -> None:
    """Put a run into the file in the place of an older one of the same task, method and seed; runs
    with another practice model are dropped."""
    from sadari.llm.weights import digest, resolve

    base = digest(resolve("practice"))
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    key = operator.itemgetter("task", "method", "seed")
    others = [r for r in found.get("runs", []) if found["base"] == base and key(r) != key(run)]
    new = signed(run, LIBRARIES, 1)
    runs = sorted([*others, new], key=lambda run: (METHODS.index(run["method"]), *key(run)))
    report = {
        "base": base,
        "summary": {
            method: summarise([run for run in runs if run["method"] == method])
            for method in dict.fromkeys(run["method"] for run in runs)
        },
        "runs": runs,
    }
    put(path, report)
    print(f"{run['task']}, {run['method']}, seed {run['seed']}: {run['right']:.2f}", flush=True)


def summarise(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """A method's scores over its seeds, and what one of its tunings takes."""
    right: dict[str, list[float]] = {}
    for run in runs:
        right.setdefault(run["task"], []).append(run["right"])
    return {
        "right": {
            task: {"mean": statistics.mean(all_), "least": min(all_), "most": max(all_)}
            for task, all_ in right.items()
        },
        "trainable": runs[0]["trainable"],
        "bytes": runs[0]["bytes"],
        "cpu_seconds": statistics.median(run["cpu_seconds"] for run in runs),
    }


def score_of_base(task: str) -> dict[str, Any]:
    """What the untuned practice model gets right."""
    right = asked_right(TASKS[task][0]()[2], None)
    nothing = {"trainable": 0, "bytes": 0, "cpu_seconds": 0.0}
    return {"task": task, "method": "none", "seed": 0, "right": right} | nothing


def tune_and_ask(job: tuple[str, str, int, float]) -> dict[str, Any]:
    """One tuning and its exam."""
    import torch

    torch.set_num_threads(1)
    from sadari.llm.weights import load_tokenizer, resolve
    from sadari.tuning import TuneSettings, train
    from sadari.tuning.settings import RATES

    task, method, seed, times = job
    make, epochs = TASKS[task]
    learn, check, ask = make()
    base = resolve("practice")
    tokenizer = load_tokenizer(base)
    settings = TuneSettings(
        method=method,
        learning_rate=RATES[method] * times,
        epochs=epochs * LONGER.get(method, 1),
        patience=None,
        seed=seed,
        threads=1,
        save_every_steps=0,
    )
    began, wall = time.process_time(), time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        rendered = [
            [example for pair in pairs for example in rows(tokenizer, pair)]
            for pairs in (learn, check)
        ]
        result = train(base, rendered[0], rendered[1], settings, Path(home) / "adapter")
        trained = time.process_time() - began
        right = asked_right(ask, str(Path(home) / "adapter"))
    return {
        "task": task,
        "method": method,
        "seed": seed,
        "rate": settings.learning_rate,
        "right": right,
        "validation_losses": [result.validation_losses[0], result.best_validation_loss],
        "trainable": result.trainable,
        "bytes": result.adapter_bytes,
        "body": result.body,
        "dtype": result.dtype,
        "cpu_seconds": trained,
        "seconds": time.perf_counter() - wall,
    }


def rows(tokenizer: Any, pair: tuple[str, str]) -> Any:
    """A question and its answer as examples to train on."""
    from sadari.domain.message import Message, user
    from sadari.llm import render_examples

    return render_examples(tokenizer, (user(pair[0]), Message("assistant", pair[1])))


def asked_right(pairs: Pairs, adapter: str | None) -> float:
    """The share of questions that are answered to the letter."""
    from sadari.domain.message import user
    from sadari.llm import Completion, Request, Sampling
    from sadari.llm.local import LocalModel
    from sadari.llm.weights import resolve

    model = LocalModel(resolve("practice"))
    requests = [
        Request((user(asked),), sampling=Sampling(60), adapter=adapter) for asked, _ in pairs
    ]
    answers = asyncio.run(model.complete_all(requests))
    model.close()
    right = [
        isinstance(answer, Completion) and answer.text.strip() == wanted
        for answer, (_, wanted) in zip(answers, pairs, strict=True)
    ]
    return sum(right) / len(right)


if __name__ == "__main__":
    main()
