"""What a tuning holds in memory and computes, found from shapes before anything is loaded.

The heaviest rows are run forward and backward by the loop's own network on tensors that have a
shape and no contents (PyTorch's FakeTensorMode), and every storage is counted while it lives. So
the prediction follows method, architecture and packing as they are, and needs no weights: a
configuration of 8 billion parameters takes seconds.
"""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from sadari.llm.weights import cache_shape, hush, read_config, weights_bytes
from sadari.tuning import attention
from sadari.tuning.course import Plan
from sadari.tuning.examples import Unit
from sadari.tuning.methods import Adaptation, adapt
from sadari.tuning.network import Network
from sadari.tuning.packing import Row, pack
from sadari.tuning.settings import VIRTUAL, Dtype, TuneSettings

MOMENTS = {"adamw": 2 * 4.0, "adamw_8bit": 2 + 2 * 4 / 256, "paged_adamw_8bit": 2 + 2 * 4 / 256}
"""Bytes of AdamW's two numbers for every one that is trained: in float32, or in 8 bits with a scale
for every 256 of them."""
STEPS_LOOKED_AT = 2_000
SLACK = 0.5
"""Of the activations: what a CPU's allocator keeps of freed blocks into which the next row's, of
another length, do not fit. Measured; benchmarks/memory.py."""
NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
"""Bytes of a number in 4 bits with double quantisation: an 8-bit scale for 64 numbers, and a
float32 one for 256 of those (Dettmers et al. 2023)."""


@dataclass(frozen=True)
class Footprint:
    """What a tuning holds, in bytes, and what it computes.

    weights      the frozen base.
    trained      what is trained, and the copy of its best state, which an evaluation makes.
    gradients, optimiser  of what is trained.
    activations  all else that the heaviest row needs at its fullest moment.
    slack        what the allocator of a CPU holds beyond what is asked of it.
    files        the base's weights on disk, mapped while they are copied (0 on a GPU).
    trainable, total  parameters.
    flops_per_token   of a row, forward and backward; `forward_share` of them forward alone.
    tokens       that one epoch computes, a shared beginning once a row.
    longest      example of the heaviest rows, in tokens: rows cannot be shorter.
    shares       whether a beginning that examples share stands once in a row.
    """

    weights: int
    trained: int
    gradients: int
    optimiser: int
    activations: int
    slack: int
    files: int
    trainable: int
    total: int
    flops_per_token: float
    forward_share: float
    tokens: int
    longest: int
    shares: bool

    @property
    def peak_bytes(self) -> int:
        """The fullest moment: of a step, of writing a checkpoint (which copies the optimiser's
        state), or of reading the base."""
        lasting = self.weights + self.trained + self.optimiser
        step = lasting + self.gradients + self.activations + self.slack
        return max(step, lasting + self.optimiser, self.weights + self.files)


def footprint(
    base: Path,
    units: Sequence[Unit],
    settings: TuneSettings,
    *,
    dtype: Dtype,
    device: str = "cpu",
) -> Footprint:
    """What it takes to tune the model whose config.json lies in `base`. Reads no weights.

    Raises TuningError as the tuning itself would, for a method or targets that are not there.
    """
    from transformers import AutoModelForCausalLM

    hush()  # PEFT is first imported here
    config = read_config(base)
    kind = torch.float32 if settings.method == "full" else getattr(torch, dtype)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=kind)
    model.config.use_cache = False
    ledger = _Ledger()
    attention.forget_masks()
    try:
        with ledger:
            model.requires_grad_(False).to_empty(device=device)
            model.tie_weights()
            adaptation = adapt(model, replace(_traceable(settings), dtype=dtype))
            network = Network(adaptation, recompute=settings.recompute, probe=False)
            model.train()
        gc.collect()
        held = ledger.live
        own = sum(p.numel() * p.element_size() for p in adaptation.weights.values())
        heavy, tokens = _heaviest(units, settings, network.body.shares)
        with ledger:
            runs = [_run(network, batch, settings, ledger) for batch in heavy]
    finally:
        attention.forget_masks()
    trainable, total = _parameters(adaptation, config, settings)
    largest = max(runs, key=lambda run: run.peak)
    frozen = [m.weight for m in model.base_model.modules() if isinstance(m, nn.Linear)]
    linear = [weight for weight in frozen if not weight.requires_grad]
    packed = sum(w.numel() for w in linear) if settings.method == "qlora" else 0
    opened = max(w.numel() for w in linear) * kind.itemsize if packed else 0
    activations = largest.peak - held - own + opened
    return Footprint(
        weights=held - own - int(packed * (kind.itemsize - NF4)),
        trained=2 * 4 * trainable,
        gradients=4 * trainable,
        optimiser=int(MOMENTS[settings.optim] * trainable),
        activations=activations,
        slack=int(SLACK * activations) if device == "cpu" else 0,
        files=weights_bytes(base) if device == "cpu" else 0,
        trainable=trainable,
        total=total,
        flops_per_token=largest.flops / largest.tokens,
        forward_share=largest.forward_flops / max(1, largest.flops),
        tokens=tokens,
        longest=max(len(row.ids) for batch in heavy for unit in batch for row in unit),
        shares=network.body.shares,
    )


def _traceable(settings: TuneSettings) -> TuneSettings:
    """Settings whose rows take the same activations. Where virtual tokens stand is found in a
    row's contents, which are not there: the gradient reaches as far down as that of a thin LoRA
    without dropout."""
    if settings.method in VIRTUAL:
        return replace(settings, method="lora", rank=1, dropout=0.0)
    return settings


def _parameters(adaptation: Adaptation, config: Any, settings: TuneSettings) -> tuple[int, int]:
    """Trainable parameters, and all."""
    trainable, total = adaptation.parameters
    if settings.method not in VIRTUAL:
        return trainable, total
    own = settings.virtual_tokens * config.hidden_size
    if settings.method == "prefix":
        own = settings.virtual_tokens * math.prod(cache_shape(config))
    return own, total - trainable + own


def _heaviest(
    units: Sequence[Unit], settings: TuneSettings, shares: bool
) -> tuple[list[list[Unit]], int]:
    """The steps of the first epoch with the longest row and with the most pairs of tokens that
    attend to each other, and the tokens of that epoch. A long epoch is judged by its beginning and
    its longest unit."""
    plan = Plan(len(units), settings)
    steps = min(plan.steps_per_epoch, STEPS_LOOKED_AT)
    batches = [[units[i] for i in plan.batch(step)] for step in range(steps)]
    tokens, weighed = 0, []
    for batch in batches:
        rows = pack(batch, settings.micro_batch_tokens, share=shares)
        tokens += sum(row.tokens for row in rows)
        weighed.append((max(row.tokens for row in rows), max(_pairs(row) for row in rows)))
    chosen = {max(range(steps), key=lambda step: weighed[step][by]) for by in (0, 1)}
    heavy = [batches[step] for step in sorted(chosen)]
    if steps < plan.steps_per_epoch:
        heavy.append([max(units, key=lambda unit: sum(len(row.ids) for row in unit))])
    return heavy, tokens * plan.steps_per_epoch // steps


def _pairs(row: Row) -> int:
    return sum(
        (span.end - span.start) * (span.shared + span.end - span.start) for span in row.spans
    )


@dataclass(frozen=True)
class _Run:
    peak: int
    flops: int
    forward_flops: int
    tokens: int


def _run(network: Network, batch: Sequence[Unit], settings: TuneSettings, ledger: _Ledger) -> _Run:
    """The heaviest row of a step, forward and backward. Where a step has several, twice: from the
    second on there are gradients to add to."""
    rows = network.pack(batch, settings.micro_batch_tokens)
    row = max(rows, key=lambda row: (row.tokens, _pairs(row)))
    for _ in rows[:2]:
        ledger.begin()
        loss = network.losses(row).sum()
        forward = ledger.flops
        torch.autograd.backward(loss)
        run = _Run(ledger.peak, ledger.flops, forward, row.tokens)
        del loss
    network.model.zero_grad()
    return run


class _Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, tensors have shapes and no contents. Counts the bytes of those that
    live, the most since `begin`, and the products computed since. In-place operations and views
    bring no storage of their own."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = self.flops = 0
        self._known: set[int] = set()
        self._shapes = FakeTensorMode(allow_non_fake_inputs=True)

    def begin(self) -> None:
        """Count from here."""
        self.peak, self.flops = self.live, 0

    def __enter__(self) -> _Ledger:
        self._shapes.__enter__()
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._shapes.__exit__(*error)

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = operation(*args, **(kwargs or {}))
        # What the mode remembers of each tensor keeps modules from moving their parameters.
        self._shapes.fake_tensor_converter.meta_converter.tensor_memo.clear()
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        flops = flop_registry.get(operation._overloadpacket)
        if flops is not None:
            self.flops += flops(*args, **(kwargs or {}), out_val=out)
        return out

    def _note(self, storage: Any) -> None:
        key = storage._cdata
        if key in self._known:
            return
        size = storage.nbytes()
        self._known.add(key)
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.live -= size
