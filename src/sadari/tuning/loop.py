"""The fine-tuning loop, from examples to an adapter."""

from __future__ import annotations

import contextlib
import math
import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from sadari.llm.types import Rendered
from sadari.tuning import checkpoint as checkpoints
from sadari.tuning.adapter import write_adapter
from sadari.tuning.checkpoint import Checkpoint
from sadari.tuning.course import Course, Plan
from sadari.tuning.errors import TuningError
from sadari.tuning.examples import Example, check_end_of_turn, prepare
from sadari.tuning.identity import Identity
from sadari.tuning.methods import add_adapter
from sadari.tuning.model import check_base, choose_dtype, open_base, stop_ids
from sadari.tuning.network import Network
from sadari.tuning.packing import Row
from sadari.tuning.result import Progress, TuneResult
from sadari.tuning.settings import TuneSettings


def train(
    base: Path,
    train: Sequence[Rendered],
    validation: Sequence[Rendered],
    settings: TuneSettings,
    output: Path,
    *,
    resume: bool = False,
    on_step: Callable[[Progress], None] | None = None,
) -> TuneResult:
    """Fine-tune the model in the folder `base` and write a PEFT adapter into the folder `output`.

    With `resume`, goes on from the newest checkpoint in `output`, bit for bit as if it had never
    stopped (on CPU; within rounding on a GPU), or starts if there is none. With validation
    examples the weights of the best epoch are kept, without them the last.

    Raises TuningError before any training for examples that teach nothing, a base that cannot be
    tuned, a folder that cannot be written or holds another tuning; and during it, naming the
    examples, for a loss or gradient that is not finite.
    """
    began = time.perf_counter()
    with _own_generator_and_threads(settings):
        # What there is to learn, and whether it can be learnt.
        if len(train) < 2:
            raise TuningError(f"Tuning needs at least 2 training examples; there are {len(train)}.")
        examples = prepare(train, settings.max_length, "the training examples")
        checks = prepare(validation, settings.max_length, "the validation examples")
        plan = Plan(len(examples.rows), settings)
        check_base(base)

        # Where it goes, and whether it began before.
        checkpoints.claim(output, resume=resume)
        identity = Identity.of(base, train, validation, settings)
        found = checkpoints.resumable(output, identity) if resume else None
        course = found.course if found else Course()
        resumed_from, spent = course.step, course.elapsed

        # The model: a frozen base in the faster dtype, float32 adapters in it. What was measured
        # once holds over a resume: another dtype would give other numbers.
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        chosen = dict(found.chosen) if found else _choose(base, settings, device)
        torch.set_num_threads(chosen["threads"])
        model = open_base(base, chosen["dtype"], device)
        check_end_of_turn(train, stop_ids(model))
        adapted = add_adapter(model, settings)
        network = Network(model)
        weights = {name: p for name, p in adapted.named_parameters() if p.requires_grad}
        optimiser = torch.optim.AdamW(
            weights.values(), weight_decay=settings.weight_decay, fused=True
        )
        best: Mapping[str, Tensor] = {}
        if found:
            best = _restore(found, weights, optimiser)

        # One evaluation before the first step: it shows what the base can do, and if it does not
        # fit into memory, that is known now and not after hours.
        check_rows = network.pack(checks.rows, settings.micro_batch_tokens)
        if check_rows and not course.validation_losses:
            course.validation_losses.append(_evaluate(network, check_rows))

        # The loop: one optimiser step after the other, an evaluation after each epoch.
        model.train()
        session = time.perf_counter()
        while course.step < plan.steps and not _had_enough(course, settings):
            start = time.perf_counter()
            batch = [examples.rows[i] for i in plan.batch(course.step)]
            rows = network.pack(batch, settings.micro_batch_tokens)
            rate = plan.learning_rate(course.step)
            loss = _gradients(network, rows)
            norm = float(clip_grad_norm_(weights.values(), settings.max_gradient_norm))
            if not math.isfinite(loss + norm):
                raise _not_finite(course.step, loss, norm, batch)
            optimiser.param_groups[0]["lr"] = rate
            optimiser.step()
            optimiser.zero_grad()
            tokens = sum(len(example.ids) for example in batch)
            course.trained(loss, tokens, time.perf_counter() - start)
            if on_step:
                on_step(_progress(course, plan, rate, time.perf_counter() - session, resumed_from))

            epoch_ends = course.step % plan.steps_per_epoch == 0
            if epoch_ends and check_rows and course.evaluated(_evaluate(network, check_rows)):
                best = {name: p.detach().cpu().clone() for name, p in weights.items()}
            if _save_is_due(course, plan, settings):
                course.elapsed = spent + time.perf_counter() - began
                tensors = _tensors(weights, best, optimiser)
                checkpoints.save(output, Checkpoint(identity, course, chosen, tensors))

        # What is kept: the best weights, in PEFT's format, and nothing that only training needs.
        _copy(best, weights)
        adapter_bytes = write_adapter(adapted, output)

    return TuneResult(
        adapter=output,
        steps=course.step,
        epochs=math.ceil(course.step / plan.steps_per_epoch),
        train_losses=tuple(course.train_losses),
        validation_losses=tuple(course.validation_losses),
        best_validation_loss=course.best_validation_loss,
        seconds=spent + time.perf_counter() - began,
        tokens=course.tokens,
        tokens_per_second=course.tokens / course.seconds,
        peak_memory_bytes=_peak_memory(device),
        trainable=sum(p.numel() for p in weights.values()),
        total=sum(p.numel() for p in adapted.parameters()),
        adapter_bytes=adapter_bytes,
        stopped_early=course.step < plan.steps,
        cut_examples=examples.cut,
        cut_answers=examples.cut_answers,
        resumed_from=resumed_from,
        device=str(device),
        dtype=chosen["dtype"],
        body=network.name,
    )


@contextlib.contextmanager
def _own_generator_and_threads(settings: TuneSettings) -> Iterator[None]:
    """PyTorch's random generators seeded for this tuning, and, like the number of threads, put
    back as they were when it ends."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _choose(base: Path, settings: TuneSettings, device: torch.device) -> dict[str, Any]:
    """What is settled once for a tuning, by the settings or by measuring."""
    return {
        "dtype": settings.dtype or choose_dtype(base, device),
        "threads": settings.threads or torch.get_num_threads(),
    }


def _gradients(network: Network, rows: Sequence[Row]) -> float:
    """Add up the gradients of one optimiser step and return its loss per answer token.

    Divided by the answer tokens of the whole step, so that it makes no difference into how many
    rows the step was packed.
    """
    answer_tokens = sum(len(row.targets) for row in rows)
    total = 0.0
    for row in rows:
        loss = network.loss(row) / answer_tokens
        torch.autograd.backward(loss)
        total += loss.item()
    return total


def _evaluate(network: Network, rows: Sequence[Row]) -> float:
    """The loss per answer token over `rows`, without dropout."""
    network.model.eval()
    with torch.no_grad():
        total = sum(network.loss(row).item() for row in rows)
    network.model.train()
    return total / sum(len(row.targets) for row in rows)


def _not_finite(step: int, loss: float, norm: float, batch: Sequence[Example]) -> TuningError:
    indices = ", ".join(str(example.index) for example in batch)
    return TuningError(
        f"At step {step + 1} the loss is {loss} and the gradient's length {norm}, with training "
        f"examples {indices}; no weight was changed by it.",
        todo="Lower learning_rate, look at these examples, or try dtype float32.",
    )


def _progress(
    course: Course, plan: Plan, rate: float, session_seconds: float, resumed_from: int
) -> Progress:
    left = (plan.steps - course.step) * session_seconds / (course.step - resumed_from)
    return Progress(
        step=course.step,
        steps=plan.steps,
        epoch=math.ceil(course.step / plan.steps_per_epoch),
        loss=course.train_losses[-1],
        learning_rate=rate,
        tokens_per_second=course.tokens / course.seconds,
        seconds_left=left,
    )


def _had_enough(course: Course, settings: TuneSettings) -> bool:
    return settings.patience is not None and course.epochs_without_gain >= settings.patience


def _save_is_due(course: Course, plan: Plan, settings: TuneSettings) -> bool:
    every = settings.save_every_steps
    at_epoch_end = course.step % plan.steps_per_epoch == 0
    return bool(every) and course.step < plan.steps and (course.step % every == 0 or at_epoch_end)


def _tensors(
    weights: Mapping[str, Tensor], best: Mapping[str, Tensor], optimiser: torch.optim.Optimizer
) -> dict[str, Mapping[str, Tensor]]:
    """Everything a checkpoint holds as tensors."""
    moments = {
        f"{index}.{name}": tensor
        for index, state in optimiser.state_dict()["state"].items()
        for name, tensor in state.items()
    }
    return {
        "weights": {name: tensor.detach() for name, tensor in weights.items()},
        "best": best,
        "optimiser": moments,
        "random": checkpoints.random_state(),
    }


def _restore(
    found: Checkpoint, weights: Mapping[str, Tensor], optimiser: torch.optim.Optimizer
) -> Mapping[str, Tensor]:
    """Put weights, optimiser and random generators back; returns the best weights so far."""
    _copy(found.tensors["weights"], weights)
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in found.tensors["optimiser"].items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    checkpoints.restore_random(found.tensors["random"])
    return found.tensors["best"]


def _copy(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, tensor in source.items():
            target[name].copy_(tensor)


def _peak_memory(device: torch.device) -> int:
    """Bytes: of the GPU's allocator, or of the whole process on CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
