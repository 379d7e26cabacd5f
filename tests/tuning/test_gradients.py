"""Speed must not cost correctness: the loop's gradients are those of a plain float32 loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from sadari.llm.types import Rendered
from sadari.tuning import TuneSettings
from sadari.tuning.joined import Adapter, Joined, keep_bits
from sadari.tuning.methods import adapt
from sadari.tuning.model import open_base
from sadari.tuning.network import Network
from sadari.tuning.objective import Batch, Imitation, gradients

CPU = torch.device("cpu")


def adapted(
    base: Path, body: str | None = None, targets: Any = "all-linear", **rest: Any
) -> tuple[Network, Any]:
    """A base with adapters whose B is not zero, so that A has a gradient too."""
    model = open_base(base, rest.pop("dtype", "float32"), CPU)
    torch.manual_seed(1)
    settings = TuneSettings(**{"rank": 4, "dropout": 0.0, "targets": targets, **rest})
    adaptation = adapt(model, settings)
    peft = adaptation.adapted
    with torch.no_grad():
        for name, p in peft.named_parameters():
            if "lora_B" in name:
                p.copy_(0.1 * torch.randn_like(p))
    network = Network(adaptation)
    if body:
        network.body = network._open(body)
    return network, peft


def plain_adapted(base: Path, peft: Any) -> Any:
    """PEFT's own layers on Transformers' own eager attention, with the same weights."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.float32, attn_implementation="eager"
    )
    targets = peft.peft_config["default"].target_modules
    other = get_peft_model(
        model, LoraConfig(r=4, lora_alpha=32, target_modules=targets, task_type="CAUSAL_LM")
    )
    other.load_state_dict(peft.state_dict())
    return other


def plain_gradients(model: Any, rows: list[Rendered]) -> float:
    """One example at a time, all logits, no packing; normalised by all answer tokens."""
    count = sum(sum(row.trained[1:]) for row in rows)
    total = 0.0
    for row in rows:
        logits = model(torch.tensor([row.ids])).logits[0, :-1]
        labels = torch.tensor(row.ids[1:]).masked_fill(~torch.tensor(row.trained[1:]), -100)
        loss = functional.cross_entropy(logits, labels, reduction="sum") / count
        loss.backward()
        total += loss.item()
    return total


def step(network: Network, examples: list[Rendered], row_tokens: int) -> float:
    return gradients(Imitation(), network, Batch(Imitation().units(examples), row_tokens))


def found(model: Any) -> dict[str, torch.Tensor]:
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    ("name", "body", "targets"),
    [
        ("llama", "llama", "all-linear"),
        ("llama", "llama", ("q_proj", "v_proj", "o_proj")),
        ("llama", "llama", ("down_proj", "k_proj")),
        ("llama", "sadari_spans", "all-linear"),
        ("llama", "sdpa", "all-linear"),
        ("qwen2", "llama", "all-linear"),
        ("qwen2", "sadari_spans", "all-linear"),
        ("phi3", "sadari_spans", "all-linear"),
        ("neox", "sadari_spans", "all-linear"),
    ],
)
def test_gradients_equal_a_plain_loops(
    bases: dict[str, Path], make_examples: Any, name: str, body: str, targets: Any
) -> None:
    examples = make_examples(7, answer=(3, 30))
    any_base = bases[name]
    network, peft = adapted(any_base, body, targets)
    loss = step(network, examples, row_tokens=48)
    plain = plain_adapted(any_base, peft)
    assert loss == pytest.approx(plain_gradients(plain, examples), rel=1e-5)
    ours, theirs = found(peft), found(plain)
    assert ours.keys() == theirs.keys()
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name], rtol=1e-4, atol=1e-6)


def test_a_shared_beginning_changes_no_gradient(any_base: Path, make_examples: Any) -> None:
    common = tuple(range(30, 54))
    examples = [
        Rendered(common + row.ids, (False,) * 24 + row.trained)
        for row in make_examples(5, prompt=(5, 9))
    ]
    network, peft = adapted(any_base)
    rows = network.pack(Imitation().units(examples), 80)
    assert sum(row.tokens for row in rows) < sum(len(row.ids) for row in examples)
    loss = step(network, examples, row_tokens=80)
    plain = plain_adapted(any_base, peft)
    assert loss == pytest.approx(plain_gradients(plain, examples), rel=1e-5)
    theirs = found(plain)
    for name, gradient in found(peft).items():
        torch.testing.assert_close(gradient, theirs[name], rtol=1e-4, atol=1e-6)


def test_bfloat16_gradients_point_where_float32_ones_do(any_base: Path, make_examples: Any) -> None:
    examples = make_examples(6)
    network, peft = adapted(any_base, dtype="bfloat16")
    assert all(p.dtype == torch.float32 for p in peft.parameters() if p.requires_grad)
    step(network, examples, row_tokens=256)
    plain = plain_adapted(any_base, peft)
    plain_gradients(plain, examples)
    ours = torch.cat([g.flatten() for g in found(peft).values()])
    theirs = torch.cat([g.flatten() for g in found(plain).values()])
    assert functional.cosine_similarity(ours, theirs, dim=0) > 0.99
    assert float(ours.norm()) == pytest.approx(float(theirs.norm()), rel=0.05)


@pytest.mark.parametrize("row_tokens", [1, 24, 60, 10_000])
def test_the_packing_of_a_step_does_not_change_it(
    base: Path, make_examples: Any, row_tokens: int
) -> None:
    """PREVENT: the loss is wrong under accumulation. One big row is the big batch."""
    examples = make_examples(8)
    network, peft = adapted(base)
    big = step(network, examples, row_tokens=10_000)
    wanted = {name: g.clone() for name, g in found(peft).items()}
    network.model.zero_grad()
    assert step(network, examples, row_tokens) == pytest.approx(big, rel=1e-6)
    for name, gradient in found(peft).items():
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-4, atol=1e-6)


def test_dropout_drops_its_share_of_every_lane() -> None:
    torch.manual_seed(0)
    for dtype in (torch.float32, torch.bfloat16):
        kept = keep_bits(torch.empty(1000, 332, dtype=dtype), 0.1)
        assert kept.unique().tolist() == [-1, 0]
        lanes = (kept == 0).float().view(-1, 4).mean(0)
        assert lanes.tolist() == pytest.approx([0.1] * 4, abs=0.004)


def test_dropout_is_dropout() -> None:
    """Against the formula, with autograd's gradients and the same mask."""
    torch.manual_seed(0)
    weight, x = torch.randn(12, 8), torch.randn(5, 8, requires_grad=True)
    pairs = [(torch.randn(3, 8), torch.randn(7, 3)), (torch.randn(2, 8), torch.randn(5, 2))]
    for tensor in (t for pair in pairs for t in pair):
        tensor.requires_grad_()
    (a1, b1), (a2, b2) = pairs
    joined = Joined(weight, None, [Adapter(a1, b1, 2.0, 0, 7), Adapter(a2, b2, 0.5, 7, 12)])
    torch.manual_seed(3)
    dropped = x * (keep_bits(x, 0.25) != 0) / 0.75
    wanted = x @ weight.t() + torch.cat(
        [2.0 * dropped @ a1.t() @ b1.t(), 0.5 * dropped @ a2.t() @ b2.t()], 1
    )
    gradient = torch.randn_like(wanted)
    want_x, *want = torch.autograd.grad(wanted, [x, *joined.parameters], gradient)
    torch.manual_seed(3)
    with torch.no_grad():
        out, tape = joined.forward(x, 0.25)
        to_x, found = joined.backward(gradient, tape, 0.25)
    torch.testing.assert_close(out, wanted)
    torch.testing.assert_close(to_x, want_x)
    for one, other in zip(found, want, strict=True):
        torch.testing.assert_close(one, other)
