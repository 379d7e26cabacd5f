"""The fine-tuning loop, from examples to an adapter."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils import clip_grad_norm_

from sadari.tuning import checkpoint as checkpoints
from sadari.tuning.checkpoint import Checkpoint
from sadari.tuning.course import Course, Plan
from sadari.tuning.errors import TuningError, not_finite
from sadari.tuning.examples import check_end_of_turn, check_vocabulary, prepare, some
from sadari.tuning.identity import Identity
from sadari.tuning.kernels import keep_few_kernels
from sadari.tuning.lessons import Lesson
from sadari.tuning.methods import adapt
from sadari.tuning.model import check_base, choose_dtype, longest_example, open_base, stop_ids
from sadari.tuning.network import Network
from sadari.tuning.objective import Batch, Evaluation, evaluate, gradients
from sadari.tuning.preference import objective_of
from sadari.tuning.result import Progress, TuneResult
from sadari.tuning.room import Room
from sadari.tuning.settings import TuneSettings
from sadari.tuning.state import State
from sadari.tuning.watermark import Watermark


def train(
    base: Path,
    train: Sequence[Lesson],
    validation: Sequence[Lesson],
    settings: TuneSettings,
    output: Path,
    *,
    start_from: Path | None = None,
    resume: bool = False,
    keep_checkpoints: bool = False,
    on_step: Callable[[Progress], None] | None = None,
) -> TuneResult:
    """Fine-tune the model in the folder `base` and write a PEFT adapter into the folder `output`.

    What is learnt follows from `settings.preference`: answers (`Rendered`), or what people think
    of them (`Pair`, `Rated`). The weights begin fresh, or as a tuning of the same base kept them in
    the folder `start_from`. With `resume`, goes on from the newest checkpoint in `output`, bit for
    bit as if it had never stopped (on CPU; within rounding on a GPU), or starts if there is none.
    With validation examples the weights of the best epoch are kept, without them the last.
    Checkpoints go when these are written, unless the caller has more to do before the tuning counts
    as done and asks with `keep_checkpoints` for them, the last step's among them.

    Raises TuningError before any training for examples that teach nothing, a base that cannot be
    tuned, a folder that cannot be written or holds another tuning; and during it for a loss or
    gradient that is not finite, naming the examples, be they learnt from or held out.
    """
    began = time.perf_counter()
    keep_few_kernels()
    with _own_generator_and_threads(settings):
        # What there is to learn, and whether it can be learnt.
        if len(train) < 2:
            raise TuningError(f"Tuning needs at least 2 training examples; there are {len(train)}.")
        objective = objective_of(settings)
        whole = objective.units(train)
        check_base(base)
        longest = longest_example(base, settings)
        examples = prepare(whole, longest, "the training examples")
        checks = prepare(objective.units(validation), longest, "the validation examples")
        plan = Plan(len(examples.units), settings)

        # Where it goes, and whether it began before.
        checkpoints.claim(output, resume=resume)
        identity = Identity.of(base, start_from, examples.units, checks.units, settings)
        found = checkpoints.resumable(output, identity) if resume else None
        course = found.course if found else Course()
        resumed_from, spent = course.step, course.elapsed

        # The model: a frozen base in the faster dtype, float32 adapters in it. What was chosen
        # once holds over a resume: another dtype would give other numbers.
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        chosen = _choose(base, settings, device) | dict(found.chosen if found else {})
        peak = Watermark(device)
        torch.set_num_threads(chosen["threads"])
        model = open_base(base, chosen["dtype"], device, settings.method)
        vocabulary = model.get_input_embeddings().num_embeddings
        check_vocabulary([*examples.units, *checks.units], vocabulary)
        check_end_of_turn(whole, stop_ids(model))
        adaptation = adapt(
            model,
            dataclasses.replace(settings, dtype=chosen["dtype"]),
            steps=plan.steps,
            words=examples.units[0][0].ids,
        )
        network = Network(adaptation, recompute=settings.recompute)
        state = State(adaptation, settings)
        if found:
            state.restore(found)
        elif start_from:
            adaptation.begin_from(start_from)

        # What a preference is compared with: the weights as they are before the first step.
        if found:
            reference = dict(found.tensors["reference"])
        else:
            rows, epoch = chosen["row_tokens"], map(plan.batch, range(plan.steps_per_epoch))
            learnt = (Batch([examples.units[i] for i in batch], rows) for batch in epoch)
            reference = {
                "train": objective.reference(network, learnt),
                "validation": objective.reference(network, [Batch(checks.units, rows)]),
            }

        # One evaluation before the first step: it shows what the base can do, and if it does not
        # fit into memory, that is known now and not after hours.
        room = Room(model, chosen["row_tokens"], chosen["shortages"])
        learn = partial(gradients, objective, network)
        held_out = Batch(checks.units, room.row_tokens, reference["validation"])
        look = partial(_look, course, room, partial(evaluate, objective, network), held_out)
        if checks.units and not course.validation_losses:
            course.validation_losses.append(look())

        # The loop: one optimiser step after the other, an evaluation after each epoch.
        model.train(objective.dropout)
        session = time.perf_counter()
        while course.step < plan.steps and not _had_enough(course, settings):
            start = time.perf_counter()
            units = [examples.units[i] for i in plan.batch(course.step)]
            batch = Batch(units, room.row_tokens, reference["train"])
            rate = plan.learning_rate(course.step)
            loss = room.fit(learn, batch, f"step {course.step + 1}")
            if (penalty := adaptation.penalty()) is not None:
                torch.autograd.backward(penalty)
            norm = float(clip_grad_norm_(state.weights.values(), settings.max_gradient_norm))
            if not math.isfinite(loss + norm):
                raise not_finite(
                    f"At step {course.step + 1} the loss is {loss} and the gradient's length {norm}"
                    f", with training {some([unit[0] for unit in units])}; no weight was changed",
                    course.step,
                )
            state.step(course.step + 1, rate)
            course.trained(loss, batch.tokens, time.perf_counter() - start)
            epoch_ends = course.step % plan.steps_per_epoch == 0
            if epoch_ends and checks.units and course.evaluated(look(), adaptation.settled):
                state.remember()
            if on_step:
                on_step(_progress(course, plan, rate, time.perf_counter() - session, resumed_from))
            if _save_is_due(course, plan, settings, last=keep_checkpoints):
                course.elapsed = spent + time.perf_counter() - began
                tensors = state.tensors() | {"reference": reference}
                now = Checkpoint(identity, course, chosen | room.state, tensors)
                checkpoints.save(output, now, settings.checkpoints_kept)

        # What is kept: the best weights, in PEFT's format, and nothing that only training needs.
        state.take_best()
        with checkpoints.writing(output):
            adapter_bytes = adaptation.write(output)
            if not keep_checkpoints:
                checkpoints.drop(output)
        trainable, total = adaptation.parameters

    return TuneResult(
        adapter=output,
        steps=course.step,
        epochs=math.ceil(course.step / plan.steps_per_epoch),
        train_losses=tuple(course.train_losses),
        validation_losses=tuple(course.validation_losses),
        best_validation_loss=course.best_validation_loss,
        preferred=tuple(course.preferred),
        seconds=spent + time.perf_counter() - began,
        tokens=course.tokens,
        tokens_per_second=course.tokens / course.seconds,
        peak_memory_bytes=peak.bytes,
        micro_batch_tokens=room.row_tokens,
        shortages=tuple(room.shortages),
        trainable=trainable,
        total=total,
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
    """What is settled once for a tuning, by the settings or by what the machine is."""
    return {
        "dtype": settings.dtype or choose_dtype(base, device, settings.method),
        "threads": settings.threads or torch.get_num_threads(),
        "row_tokens": settings.micro_batch_tokens,
        "shortages": [],
    }


def _look(
    course: Course,
    room: Room,
    check: Callable[[Batch], Evaluation],
    held_out: Batch,
) -> float:
    """The loss on the held-out lessons. Raises TuningError where it is not finite: no later loss
    would be less than such a one, and its weights would be kept as the best."""
    loss = course.seen(room.fit(check, held_out, "the evaluation"))
    if not math.isfinite(loss):
        when = f"after step {course.step}" if course.step else "before the first step"
        raise not_finite(f"The loss of the held-out examples is {loss} {when}", course.step)
    return loss


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
        validation_losses=tuple(course.validation_losses),
    )


def _had_enough(course: Course, settings: TuneSettings) -> bool:
    return settings.patience is not None and course.epochs_without_gain >= settings.patience


def _save_is_due(course: Course, plan: Plan, settings: TuneSettings, *, last: bool) -> bool:
    every = settings.save_every_steps
    if not every or (course.step == plan.steps and not last):
        return False
    return course.step % every == 0 or course.step % plan.steps_per_epoch == 0
