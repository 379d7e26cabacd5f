"""How fast are exam questions answered? sadari against Transformers' generate and lm-eval's HFLM.

All three get the same prompts, weights, data type, batch size and threads, and must generate the
same greedy tokens: the share of identical answers is part of the result. Both peers run at their
best settings: `generate` on rows sorted by length, HFLM as it sorts them itself. The systems take
turns within each round, and CPU seconds are counted beside the wall clock, so that a busy machine
blurs the ratios little.

The default model is random, in the practice model's shape, and never ends its answer, so that every
system writes exactly `--tokens` tokens; `--model practice` takes the real one, which stops itself.

    python -m benchmarks.evaluation_speed --rounds 3
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.kept import add_out, keep_whole

SYSTEM = """당신은 반도체 증착 공정 담당자를 돕는 조수입니다.
문서에 있는 내용만으로 짧게 답하세요. 답이 없으면 "문서에서 찾을 수 없습니다."라고만 답하세요.
"""
SYSTEM_TOKENS = {"short system prompt": 80, "long system prompt": 300}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="practice or a folder; default: random weights")
    parser.add_argument("--documents", type=Path, default=Path("examples/ald/documents"))
    parser.add_argument("--questions", type=int, default=150)
    parser.add_argument("--tokens", type=int, default=40, help="the longest answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    add_out(parser, "evaluation_speed")
    arguments = parser.parse_args()

    import torch

    torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as scratch:
        from sadari.llm.local import LocalModel
        from sadari.llm.weights import resolve

        chosen = arguments.model
        folder = resolve(chosen) if chosen else random_model(Path(scratch))
        model = LocalModel(folder)
        result: dict[str, Any] = {
            "model": chosen or "random weights",
            "parameters": model.model.num_parameters(),
            "dtype": str(model.model.dtype).removeprefix("torch."),
            "questions": arguments.questions,
            "longest_answer_tokens": arguments.tokens,
            "batch": 32,
            "workloads": {},
        }
        for name, length in SYSTEM_TOKENS.items():
            talks = conversations(model, arguments.documents, arguments.questions, length)
            result["workloads"][name] = compare(model, talks, arguments.tokens, arguments.rounds)
        model.close()
    libraries = ("torch", "transformers", "lm_eval")
    keep_whole(arguments.out, result, libraries=libraries, threads=arguments.threads)
    for name, workload in result["workloads"].items():
        print(f"{name}: {workload['prompt_tokens']} prompt tokens, shared {workload['shared']}")
        for system, row in workload["systems"].items():
            print(f"  {system:22} {row['questions_per_cpu_second']:.2f} questions / CPU second")
        print(f"  ratios {workload['ratios']}")


def compare(model: Any, talks: Sequence[Any], tokens: int, rounds: int) -> dict[str, Any]:
    """Every system once to warm up on a few questions, then in turns."""
    systems = {"sadari": sadari(model, tokens)}
    systems["transformers generate"] = transformers_generate(model, tokens)
    systems["lm-eval HFLM"] = lm_eval(model, tokens)
    for answer in systems.values():
        answer(talks[:4])
    cpu: dict[str, list[float]] = {name: [] for name in systems}
    wall: dict[str, list[float]] = {name: [] for name in systems}
    said: dict[str, list[str]] = {}
    for turn in range(rounds):
        names = list(systems)
        for name in names[turn % 3 :] + names[: turn % 3]:
            begin, used = time.perf_counter(), time.process_time()
            said[name] = systems[name](talks)
            wall[name].append(time.perf_counter() - begin)
            cpu[name].append(time.process_time() - used)
    lengths = [model.count_tokens(talk) for talk in talks]
    seconds = {name: statistics.median(times) for name, times in cpu.items()}
    peers = [name for name in systems if name != "sadari"]
    return {
        "prompt_tokens": f"{min(lengths)}-{max(lengths)}, mean {statistics.mean(lengths):.0f}",
        "shared": shared(model, talks),
        "same_answers": {
            name: sum(a == b for a, b in zip(said["sadari"], said[name], strict=True)) / len(talks)
            for name in peers
        },
        "systems": {
            name: {
                "cpu_seconds": [round(t, 2) for t in cpu[name]],
                "wall_seconds": [round(t, 2) for t in wall[name]],
                "questions_per_cpu_second": round(len(talks) / seconds[name], 3),
            }
            for name in systems
        },
        "ratios": {
            f"sadari / {name}": {
                "cpu": round(seconds[name] / seconds["sadari"], 2),
                "wall": round(statistics.median(wall[name]) / statistics.median(wall["sadari"]), 2),
            }
            for name in peers
        },
    }


Answers = Callable[[Sequence[Any]], list[str]]


def sadari(model: Any, tokens: int) -> Answers:
    from sadari.llm import Request, Sampling

    def answers(talks: Sequence[Any]) -> list[str]:
        requests = [Request(talk, sampling=Sampling(tokens)) for talk in talks]
        return [done.text for done in asyncio.run(model.complete_all(requests))]

    return answers


def transformers_generate(model: Any, tokens: int) -> Answers:
    import torch

    from sadari.llm.detokenise import Detokeniser

    def answers(talks: Sequence[Any]) -> list[str]:
        prompts = model.tokenizer.apply_chat_template(
            [[message.as_openai() for message in talk] for talk in talks],
            add_generation_prompt=True,
            return_dict=False,
        )
        order = sorted(range(len(prompts)), key=lambda place: -len(prompts[place]))
        said = [""] * len(prompts)
        for begin in range(0, len(order), 32):
            places = order[begin : begin + 32]
            longest = len(prompts[places[0]])
            pads = [longest - len(prompts[place]) for place in places]
            ids = [[0] * pad + prompts[place] for pad, place in zip(pads, places, strict=True)]
            mask = [[0] * pad + [1] * (longest - pad) for pad in pads]
            with torch.inference_mode():
                out = model.model.generate(
                    torch.tensor(ids),
                    attention_mask=torch.tensor(mask),
                    do_sample=False,
                    max_new_tokens=tokens,
                    pad_token_id=model.tokenizer.pad_token_id,
                )
            for place, row in zip(places, out[:, longest:].tolist(), strict=True):
                said[place] = Detokeniser(model.tokenizer).add_all(row)
        return said

    return answers


def lm_eval(model: Any, tokens: int) -> Answers:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    harness = HFLM(
        pretrained=model.model,
        tokenizer=model.tokenizer,
        backend="causal",
        batch_size=32,
        max_length=model.info.context_length,
    )
    settings = {"max_gen_toks": tokens, "do_sample": False, "until": ["<|im_end|>"]}

    def answers(talks: Sequence[Any]) -> list[str]:
        contexts = [
            model.tokenizer.apply_chat_template(
                [message.as_openai() for message in talk],
                add_generation_prompt=True,
                tokenize=False,
            )
            for talk in talks
        ]
        asked = [
            Instance("generate_until", {}, (context, settings), place)
            for place, context in enumerate(contexts)
        ]
        said: list[str] = harness.generate_until(asked, disable_tqdm=True)
        return said

    return answers


def conversations(model: Any, documents: Path, count: int, system_tokens: int) -> list[Any]:
    """Questions behind passages of the example's documents; 300 to 900 tokens, evenly spread."""
    from sadari.domain.message import system, user

    rng = random.Random(0)
    texts = [
        " ".join(paragraph.split())
        for file in sorted(documents.rglob("*.md"))
        for paragraph in file.read_text(encoding="utf-8").split("\n\n")
        if len(paragraph) > 60 and not paragraph.startswith("#")
    ]
    rules = SYSTEM + " ".join(rng.sample(texts, 12))
    while model.count_tokens((system(rules),)) > system_tokens:
        rules = rules[:-8]
    talks = []
    for place in range(count):
        wanted = 300 + 600 * place // max(1, count - 1)
        wanted = max(wanted, system_tokens + 60)
        body = " ".join(rng.sample(texts, 12))
        talk = (system(rules), user(body))
        while (excess := model.count_tokens(talk) - wanted) > 0:
            body = body[: -max(1, excess // 2)]
            talk = (system(rules), user(f"[1] {body}\n\n질문: 이 문서는 무엇을 말하나요?"))
        talks.append(talk)
    rng.shuffle(talks)
    return talks


def shared(model: Any, talks: Sequence[Any]) -> str:
    """Share of all prompt tokens that every prompt begins with."""
    from sadari.llm import render
    from sadari.llm.ragged import shared_ids

    prompts = [render(model.tokenizer, talk).ids for talk in talks]
    common = len(shared_ids(prompts))
    mean = statistics.mean(len(prompt) for prompt in prompts)
    return f"{common} tokens, {common / mean:.0%} of the mean prompt"


def random_model(folder: Path) -> Path:
    """Llama, width 256, 6 layers, the practice model's tokenizer; it never ends its answer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    import sadari.llm
    from sadari.llm.weights import load_tokenizer

    tokenizer = load_tokenizer(Path(sadari.llm.__file__).with_name("practice"))
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=8,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                weight.normal_(0, 0.5 if "embed" in name else 1.5 / weight.shape[1] ** 0.5)
        for token in (tokenizer.eos_token_id, tokenizer.pad_token_id):
            model.get_input_embeddings().weight[token] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main()
