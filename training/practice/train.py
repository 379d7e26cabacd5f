"""Train the practice model: rows made on the fly, Muon and AdamW, a curriculum on held-out shapes.

    python -m training.practice.train --out /tmp/practice --steps 2000

Two processes (`--world 2 --rank 0` and `--rank 1`) share the gradients over gloo: on two cores that
beats one process with two threads. Interrupted runs go on from `OUT/checkpoint.pt`.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections import deque
from pathlib import Path
from random import Random
from typing import Any

import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from training.practice.aims import aims, begin_anew, look_back, match_anew
from training.practice.batches import LONGEST, Encoded, buckets, collate, encode
from training.practice.forward import logits
from training.practice.mixture import LAST, sample

TESTS = ("read", "read", "read", "state", "call", "closed", "echo")
PASS_MARK = 0.70  # held-out accuracy of answers and refusals that ends a stage


def arguments() -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--tokenizer", type=Path, default=Path("src/sadari/llm/practice"))
    p.add_argument("--init", type=Path, help="a folder whose weights this run starts from")
    p.add_argument("--steps", type=int, default=2000)
    p.add_argument(
        "--decay",
        type=int,
        default=600,
        help="last steps, over which the rate falls to 0; 0 holds it",
    )
    p.add_argument("--tokens", type=int, default=6000, help="padded tokens a step and process")
    p.add_argument("--width", type=int, default=256)
    p.add_argument("--layers", type=int, default=4)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--hidden", type=int, default=768)
    p.add_argument("--muon", type=float, default=0.02)
    p.add_argument("--adam", type=float, default=0.003)
    p.add_argument("--context", type=float, default=0.1, help="weight of the loss on passages")
    p.add_argument(
        "--aim", type=float, default=0.0, help="weight of the loss on where copies come from"
    )
    p.add_argument("--fresh", choices=["matching", "back"], help="told heads that begin anew")
    p.add_argument("--stage", type=int, default=0)
    p.add_argument("--last", type=int, default=LAST, help="the stage that the run stays at")
    p.add_argument(
        "--patience", type=int, default=150, help="steps after which a stage ends anyhow"
    )
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--rank", type=int, default=0)
    p.add_argument("--world", type=int, default=1)
    p.add_argument("--mimetic", action=argparse.BooleanOptionalAction, default=True)
    p.add_argument("--judge-every", type=int, default=50)
    return p.parse_args()


def build(options: argparse.Namespace, vocabulary: int) -> LlamaForCausalLM:
    """A Llama of the asked size, or the weights to go on from."""
    if options.init:
        model = deepen(
            LlamaForCausalLM.from_pretrained(options.init, dtype=torch.float32), options.layers
        )
        if options.fresh == "matching":
            match_anew(model)
        if options.fresh == "back":
            begin_anew(model)
            look_back(model)
        return model
    config = LlamaConfig(
        vocab_size=vocabulary, hidden_size=options.width, num_hidden_layers=options.layers,
        num_attention_heads=options.heads, num_key_value_heads=options.heads,
        intermediate_size=options.hidden, max_position_embeddings=2048, tie_word_embeddings=True, attention_bias=True,
        bos_token_id=None, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=0.06)
    if options.mimetic:
        look_alike(model)
    return model


@torch.no_grad()
def deepen(model: LlamaForCausalLM, layers: int) -> LlamaForCausalLM:
    """The same function with more layers: copies of the middle ones that add nothing yet."""
    old = list(model.model.layers)
    extra = layers - len(old)
    if extra <= 0:
        return model
    config = copy.deepcopy(model.config)
    config.num_hidden_layers = layers
    grown = LlamaForCausalLM(config)
    grown.model.embed_tokens.load_state_dict(model.model.embed_tokens.state_dict())
    grown.model.norm.load_state_dict(model.model.norm.state_dict())
    middle = range(1, 1 + extra)
    order = [
        (n, fresh) for n in range(len(old)) for fresh in ([False, True] if n in middle else [False])
    ]
    for layer, (n, fresh) in zip(grown.model.layers, order, strict=True):
        layer.load_state_dict(old[n].state_dict())
        if fresh:
            layer.self_attn.o_proj.weight.zero_()
            layer.self_attn.o_proj.bias.zero_()
            layer.mlp.down_proj.weight.zero_()
    return grown


@torch.no_grad()
def look_alike(model: LlamaForCausalLM) -> None:
    """Start every head looking at tokens like its own and passing them on: q = k and o = v', so that
    matching and copying need not be discovered (after Trockman and Kolter, "Mimetic initialization
    of self-attention layers", 2023)."""
    for layer in model.model.layers:
        attention = layer.self_attn
        torch.nn.init.orthogonal_(attention.q_proj.weight, gain=0.7)
        attention.k_proj.weight.copy_(attention.q_proj.weight)
        torch.nn.init.orthogonal_(attention.v_proj.weight)
        attention.o_proj.weight.copy_(0.1 * attention.v_proj.weight.T)


def matrices(model: LlamaForCausalLM) -> list[torch.nn.Parameter]:
    return [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]


def optimisers(model: LlamaForCausalLM, options: argparse.Namespace) -> list[torch.optim.Optimizer]:
    """Muon for the matrices, each process its share of them; AdamW for embedding and norms."""
    mine = matrices(model)[options.rank :: options.world]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    return [
        torch.optim.Muon(
            mine, lr=options.muon, momentum=0.95, weight_decay=0.01, adjust_lr_fn="original"
        ),
        torch.optim.AdamW(others, lr=options.adam, betas=(0.9, 0.98), weight_decay=0.0),
    ]


AHEAD = 8  # steps whose rows are drawn together, so that rows of like length meet


def ahead(
    step_tokens: int, stage: int, rng: Random, tokenizer: Any, context: float
) -> list[list[list[Encoded]]]:
    """The batches of the next steps, each step with short rows and with long ones."""
    rows: list[Encoded] = []
    total = 0
    while total < AHEAD * step_tokens:
        at = stage if rng.random() < 0.75 else rng.randint(0, stage)
        row = encode(
            sample(rng, at), tokenizer, rng, context=context if rng.random() < 0.25 else 0.0
        )
        if len(row) <= LONGEST and row.weights.count(0.0) < len(row):  # a row may have no question
            rows.append(row)
            total += len(row)
    batches = buckets(rows, step_tokens * 2 // 5)
    return [batches[step::AHEAD] for step in range(AHEAD)]


@torch.no_grad()
def judge(model: LlamaForCausalLM, tokenizer: Any, stage: int, *, seed: int = 1, rows: int = 40,
          unseen: bool | None = True, kinds: tuple[str, ...],
          ) -> dict[str, float]:  # fmt: skip
    """Share of answers whose every token is the model's first choice (greedy exact match), by kind."""
    rng = Random(seed)
    right: dict[str, list[bool]] = {}
    made = [
        encode(sample(rng, stage, unseen=unseen, kind=kinds[i % len(kinds)]), tokenizer)
        for i in range(rows)
    ]
    for group in buckets([row for row in made if len(row) <= LONGEST], 4000):
        batch = collate(group, 0)
        hits = (logits(model, batch).argmax(-1) == batch.target).tolist()
        byowner: dict[int, bool] = {}
        for owner, hit in zip(batch.owner.tolist(), hits, strict=True):
            byowner[owner] = byowner.get(owner, True) and hit
        for owner, hit in byowner.items():
            right.setdefault(group[owner // 64].kinds[owner % 64 - 1], []).append(hit)
    return {kind: sum(hits) / len(hits) for kind, hits in sorted(right.items())}


def share(model: LlamaForCausalLM, weight: torch.Tensor) -> None:
    """Sum the gradients over the processes and divide by the summed weight."""
    parameters = [p for p in model.parameters() if p.grad is not None]
    flat = torch.cat(
        [weight.reshape(1), *(p.grad.reshape(-1) for p in parameters if p.grad is not None)]
    )
    if dist.is_initialized():
        dist.all_reduce(flat)
    flat /= flat[0].clone()
    offset = 1
    for p in parameters:
        assert p.grad is not None
        p.grad.copy_(flat[offset : offset + p.numel()].view_as(p.grad))
        offset += p.numel()


def spread(model: LlamaForCausalLM) -> None:
    """Every process gets the matrices that the others stepped."""
    if dist.is_initialized():
        for number, matrix in enumerate(matrices(model)):
            dist.broadcast(matrix.data, src=number % dist.get_world_size())


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    if options.world > 1:
        dist.init_process_group(
            "gloo", init_method="tcp://127.0.0.1:29531", rank=options.rank, world_size=options.world
        )
    tokenizer = AutoTokenizer.from_pretrained(options.tokenizer)
    model = build(options, len(tokenizer))
    steppers = optimisers(model, options)
    rng = Random(options.seed * 1000 + options.rank)
    stage, start, seen, entered = options.stage, 0, 0, 0
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / f"checkpoint{options.rank}.pt"
    if kept.exists():
        saved = torch.load(kept, weights_only=True)
        model.load_state_dict(saved["model"])
        for stepper, state in zip(steppers, saved["steppers"], strict=True):
            stepper.load_state_dict(state)
        rng.setstate(saved["rng"])
        stage, start, seen, entered = (
            min(saved["stage"], options.last),
            saved["step"],
            saved["seen"],
            saved["entered"],
        )
    rates = [group["lr"] for stepper in steppers for group in stepper.param_groups]
    if options.rank == 0:
        print(f"{model.num_parameters():,} parameters, {vars(options)}", flush=True)
    begun, losses = time.monotonic(), []
    looked: dict[str, deque[float]] = {}  # how much the told heads look where they should
    drawn: list[list[list[Encoded]]] = []
    for step in range(start, options.steps):
        drawn = drawn or ahead(options.tokens, stage, rng, tokenizer, options.context)
        fade = min(1.0, (step + 1) / 30, (options.steps - step) / max(options.decay, 1))
        for stepper in steppers:
            for group, rate in zip(
                stepper.param_groups, rates[steppers.index(stepper) :], strict=False
            ):
                group["lr"] = rate * fade
        weight, answer_loss, answers = torch.zeros(()), 0.0, 0
        for group in drawn.pop():
            batch = collate(group, 0)
            told = aims(batch, model.config.num_hidden_layers) if options.aim else []
            extra: list[torch.Tensor] = []

            def watch(layer: int, scores: torch.Tensor) -> None:
                for one in told:  # noqa: B023
                    if one.layer == layer:
                        more, share_of = one.loss(scores)
                        extra.append(options.aim * more)  # noqa: B023
                        looked.setdefault(one.name, deque(maxlen=100)).append(share_of)

            each = cross_entropy(logits(model, batch, watch), batch.target, reduction="none")
            loss = sum(extra, (each * batch.weight).sum())
            loss.backward()
            weight += batch.weight.sum()
            trained = batch.weight >= 1.0
            answer_loss += float(each.detach()[trained].sum())
            answers += int(trained.sum())
            seen += sum(map(len, group))
        share(model, weight)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
        model.zero_grad(set_to_none=True)
        spread(model)
        losses.append(answer_loss / max(answers, 1))
        if (step + 1) % options.judge_every == 0:
            tests = ("short",) if stage == 0 else TESTS
            scores = judge(model, tokenizer, stage, seed=step, kinds=tests)
            passed = (
                min(scores.get("answer", 0), scores.get("refuse", 0) if stage else 1.0) >= PASS_MARK
            )
            if options.rank == 0:
                line = {"step": step + 1, "stage": stage, "tokens": seen, "seconds": round(time.monotonic() - begun),
                        "loss": round(sum(losses[-options.judge_every :]) / options.judge_every, 3),
    **{name: round(sum(last) / len(last), 2) for name, last in looked.items()},
                        **{kind: round(score, 2) for kind, score in scores.items()}}  # fmt: skip
                print(json.dumps(line), flush=True)
                save(model, tokenizer, options.out)
            entered = step if passed or step - entered >= options.patience else entered
            stage = min(options.last, stage + (entered == step))
            torch.save({"model": model.state_dict(), "steppers": [s.state_dict() for s in steppers], "rng": rng.getstate(),
                        "stage": stage, "step": step + 1, "seen": seen, "entered": entered}, kept)  # fmt: skip
    if options.rank == 0:
        save(model, tokenizer, options.out)


def save(model: LlamaForCausalLM, tokenizer: Any, folder: Path) -> None:
    """The weights in bfloat16 beside the tokenizer, as Transformers reads them."""
    half = copy.deepcopy(model).to(torch.bfloat16)
    half.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main()
