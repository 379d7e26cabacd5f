"""Near duplicates: recall on planted ones, documents per second and memory, beside datasketch,
rensa and datatrove over the same character 5-grams with the same bands. CPU seconds, one thread.

    python -m benchmarks.near_duplicates [--documents 20000]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import struct
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.kept import add_out, keep_whole
from sadari.data.near import (
    BANDS,
    NEAR,
    ROWS,
    bands_of,
    candidates,
    compact,
    grams,
    jaccard,
    near_pairs,
)

Pairs = set[tuple[int, int]]
WORDS = (
    "반품 배송 주문 교환 환불 기간 상자 창고 고객 송장 결제 쿠폰 문의 포장 "
    "수리 예약 매장 방문 적립 선물 지연 취소 확인 신청 접수 안내 요청 처리 "
    "완료 변경 기록 담당 부서 서류 제출 승인 검토 회신 보관 폐기 이관 점검 "
    "설치 해지 "
).split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=40, help="of a document")
    parser.add_argument("--rounds", type=int, default=3)
    add_out(parser, "near_duplicates")
    arguments = parser.parse_args()
    texts, pairs = planted(arguments.documents, arguments.words)
    systems: dict[str, Callable[[list[str]], Pairs]] = {
        "sadari": ours,
        "sadari, candidates unchecked as the peers'": unchecked,
        "rensa": with_rensa,
        "datasketch": with_datasketch,
        "datatrove": with_datatrove,
    }
    found: dict[str, Any] = {
        "documents": len(texts),
        "characters": round(sum(map(len, texts)) / len(texts)),
        "planted": len(pairs),
        "systems": {},
    }
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(arguments.rounds):
        for name, system in systems.items():
            start = time.process_time()
            hits = system(texts)
            seconds[name].append(time.process_time() - start)
            found["systems"][name] = {"recall": round(len(pairs & hits) / len(pairs), 4)}
    for name, spent in seconds.items():
        found["systems"][name]["documents_per_cpu_second"] = round(len(texts) / min(spent))
    peer = found["systems"]["datasketch"]["documents_per_cpu_second"]
    found["times datasketch"] = {
        name: round(system["documents_per_cpu_second"] / peer, 1)
        for name, system in found["systems"].items()
    }
    found["signing only, bytes a document"] = memory(texts)
    print(json.dumps(found, indent=1))
    keep_whole(arguments.out, found, libraries=("rensa", "datasketch", "datatrove"), threads=1)


def planted(documents: int, words: int) -> tuple[list[str], Pairs]:
    """Texts, half of them near copies (one to three syllables differ) of the one before."""
    draw = random.Random(0)
    texts: list[str] = []
    for number in range(documents // 2):
        text = f"{' '.join(draw.choices(WORDS, k=words))} {number}번"
        copy = list(text)
        for _ in range(draw.randint(1, 3)):
            copy[draw.randrange(len(copy))] = draw.choice("가나다라마바사")
        texts += [text, "".join(copy)]
    near = {
        (i, i + 1)
        for i in range(0, len(texts), 2)
        if jaccard(grams(texts[i]), grams(texts[i + 1])) >= NEAR
    }
    return texts, near


def ours(texts: list[str]) -> Pairs:
    return {(i, j) for i, j, _ in near_pairs(texts)}


def unchecked(texts: list[str]) -> Pairs:
    found: Pairs = set()
    for pairs in candidates(bands_of(texts), len(texts)):
        found.update((min(i, j), max(i, j)) for i, j in pairs.tolist())
    return found


def _grams(text: str) -> list[bytes]:
    whole = compact(text)
    return [whole[i : i + 5].encode() for i in range(max(1, len(whole) - 4))]


def with_datasketch(texts: list[str]) -> Pairs:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(params=(BANDS, ROWS), num_perm=BANDS * ROWS)
    found: Pairs = set()
    for number, text in enumerate(texts):
        signature = MinHash(num_perm=BANDS * ROWS)
        signature.update_batch(_grams(text))
        found.update((other, number) for other in index.query(signature))
        index.insert(number, signature, check_duplication=False)
    return found


def with_rensa(texts: list[str]) -> Pairs:
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(NEAR, BANDS * ROWS, BANDS)
    found: Pairs = set()
    signatures = RMinHash.from_token_sets([_grams(t) for t in texts], BANDS * ROWS, 42)
    for number, signature in enumerate(signatures):
        found.update((other, number) for other in index.query(signature))
        index.insert(number, signature)
    return found


def with_datatrove(texts: list[str]) -> Pairs:
    """Its first two stages, over files as it works; the letters of a text are its words."""
    import xxhash
    from datatrove.data import Document
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupSignature,
    )
    from datatrove.utils.text import TextNormConfig
    from datatrove.utils.word_tokenizers import WhitespaceTokenizer
    from loguru import logger

    logger.disable("datatrove")

    class Letters(WhitespaceTokenizer):
        def word_tokenize(self, text: str) -> list[str]:
            return list(text)

    as_it_is = TextNormConfig(*[False] * 5)
    config = MinhashConfig(5, num_buckets=BANDS, hashes_per_bucket=ROWS, norm_config=as_it_is)
    found: Pairs = set()
    with tempfile.TemporaryDirectory() as folder:
        signing = MinhashDedupSignature(f"{folder}/signatures", config)
        signing.word_tokenizer = Letters()
        # xxhash 4 takes bytes only; datatrove 0.10 gives it text
        signing._hash_func = lambda text: xxhash.xxh64_intdigest(text.encode())
        signing.run(Document(text=compact(t), id=str(n)) for n, t in enumerate(texts))
        for band in range(BANDS):
            buckets = MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/pairs", config=config)
            buckets.run(None, band, BANDS)
        for file in Path(folder, "pairs").iterdir():
            for _, i, _, j in struct.iter_unpack("<4I", file.read_bytes()):
                found.add((min(i, j), max(i, j)))
    return found


def memory(texts: list[str]) -> int:
    """Bytes a document that stay once its buckets are known."""
    tracemalloc.start()
    bands = bands_of(texts)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return round(held / len(bands))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
