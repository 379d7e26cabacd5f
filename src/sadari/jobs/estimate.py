"""What a tuning will take, said before it is started, and compared with what it took."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sadari.domain import Domain
from sadari.jobs.prediction import Prediction
from sadari.jobs.tune import Job, threads_for
from sadari.jobs.types import enough_memory
from sadari.llm.processes import give_memory_back
from sadari.llm.weights import has_gpu
from sadari.tuning import TuneSettings

if TYPE_CHECKING:
    from sadari.tuning.memory import Footprint

KERNELS_BYTES = 100 * 2**20
"""What compiled products take on a CPU, and the libraries that only a tuning loads."""


@dataclass(frozen=True)
class Setting:
    """A setting as it will be used. `source` is "default", "domain.toml", "flag", "method" for a
    rate that is the method's own, or "machine" for what was chosen for this one."""

    name: str
    value: Any
    source: str


@dataclass(frozen=True)
class Estimate:
    """What a job will take on this machine.

    settings       all of them, resolved, as they were asked for.
    fitted         what is tuned with: lighter where that would not fit; `changed` says how.
    taken          what it holds and computes; `libraries_bytes` come on top on a CPU.
    free_bytes     what the machine could give now; None where it does not say.
    steps, seconds at most: early stopping may end it sooner. `measured` says whether the seconds
                   come from its own first steps, or from how fast the machine multiplies.
    cost           in `currency`; None without a price per hour.
    """

    settings: tuple[Setting, ...]
    fitted: TuneSettings
    changed: tuple[str, ...]
    taken: Footprint
    libraries_bytes: int
    free_bytes: int | None
    steps: int
    seconds: float
    measured: bool
    cost: float | None
    currency: str
    examples: int
    cut_examples: int
    cut_answers: int

    @property
    def peak_bytes(self) -> int:
        """All memory at the fullest moment."""
        return self.taken.peak_bytes + self.libraries_bytes

    @property
    def fits(self) -> bool:
        """Whether the machine has as much to give now."""
        return self.free_bytes is None or self.peak_bytes <= self.free_bytes

    def to_json(self) -> dict[str, Any]:
        """This estimate as plain JSON values."""
        plain = dataclasses.asdict(self)
        return plain | {"peak_bytes": self.peak_bytes, "fits": self.fits}


def estimate(job: Job, settings: Sequence[Setting], domain: Domain) -> Estimate:
    """What `job` will take, from the shapes of its base and, where the weights are here and fit,
    from its own first steps. On a GPU, or where the job has a limit, settings are made lighter
    until it fits, and the estimate is of those.

    Raises TuningError for examples that teach nothing, as the tuning itself would.
    """
    import torch
    from transformers.utils import logging

    from sadari.tuning.course import Plan
    from sadari.tuning.examples import prepare
    from sadari.tuning.fitting import changes, fit
    from sadari.tuning.kernels import keep_few_kernels
    from sadari.tuning.memory import footprint
    from sadari.tuning.model import choose_dtype, longest_example
    from sadari.tuning.pace import computed_pace, measured_pace, row_tokens
    from sadari.tuning.preference import objective_of
    from sadari.tuning.watermark import free_bytes, resident_bytes

    keep_few_kernels()
    logging.disable_progress_bar()
    device = torch.device("cuda" if has_gpu() else "cpu")
    wanted = job.settings
    objective, longest = objective_of(wanted), longest_example(job.base, wanted)
    train = prepare(objective.units(job.train), longest, "the training examples")
    checks = prepare(objective.units(job.validation), longest, "the validation examples")

    def need(tried: TuneSettings) -> Footprint:
        dtype = tried.dtype or choose_dtype(job.base, device, tried.method)
        return footprint(job.base, train.units, tried, dtype=dtype, device=device.type)

    taken = need(wanted)
    give_memory_back()  # what an estimate before this one used is no part of the libraries
    libraries = 0 if device.type == "cuda" else resident_bytes() + KERNELS_BYTES
    free = free_bytes(device)
    if job.memory_limit is not None:
        free = job.memory_limit
    elif free is not None and device.type == "cpu":
        free += resident_bytes()  # what this process holds is in `libraries` too
    fitted = wanted
    if free is not None and (job.memory_limit is not None or device.type == "cuda"):
        fitted, taken = fit(wanted, free - libraries, need, four_bits=device.type == "cuda")
    dtype = fitted.dtype or choose_dtype(job.base, device, fitted.method)
    fits = free is None or taken.peak_bytes + libraries <= free
    # Two steps cannot be taken of what is not there yet: weights, or the tuning it starts from.
    there = any(job.base.glob("*.safetensors")) and (
        job.start_from is None or job.start_from.is_dir()
    )
    if fits and there:
        with enough_memory(job.base):
            pace = measured_pace(
                job.base,
                job.train,
                train.units,
                replace(fitted, threads=threads_for(job.base, 1)),
                shares=taken.shares,
                start_from=job.start_from,
            )
    else:
        pace = computed_pace(taken, dtype, device)
    held_out = row_tokens(checks.units, fitted, taken.shares) if checks.units else 0
    seconds = pace.seconds(taken, fitted.epochs, held_out)
    per_hour = domain.settings.tuning.per_hour
    price = domain.settings.models.price
    return Estimate(
        settings=tuple(settings),
        changed=tuple(changes(wanted, fitted)),
        fitted=fitted,
        taken=taken,
        libraries_bytes=libraries,
        free_bytes=free,
        steps=Plan(len(train.units), fitted).steps,
        seconds=seconds,
        measured=pace.measured,
        cost=None if per_hour is None else per_hour * seconds / 3600,
        currency=price.currency if price else "KRW",
        examples=len(train.units),
        cut_examples=train.cut,
        cut_answers=train.cut_answers,
    )


def resolved(job: Job, domain: Domain, read: Domain) -> list[Setting]:
    """Every setting of `job` with where it came from: `read` is the domain as its folder says,
    `domain` the same with what was given on the command line."""
    import torch

    from sadari.tuning.model import choose_dtype

    device = torch.device("cuda" if has_gpu() else "cpu")
    wanted, tuning = read.settings.tuning, domain.settings.tuning
    opinions = {"beta": "default", "epochs": "default", "learning_rate": "method"}  # [preference]'s
    found = []
    for name, value in job.settings.to_json().items():
        source = "default"
        if name == "dtype" and value is None:
            value = choose_dtype(job.base, device, job.settings.method)
            source = "machine"
        elif name == "threads":
            value, source = threads_for(job.base, 1), "machine"
        elif name == "learning_rate" and value is None:
            value, source = job.settings.peak_rate, "method"
        elif name == "dtype":
            source = "domain.toml"
        elif name in opinions and job.settings.preference:
            given = name in domain.settings.preference.model_fields_set
            source = "domain.toml" if given else opinions[name]
        elif name in ("seed", "preference"):
            source = "default" if value in (1, None) else "flag"
        elif name in type(tuning).model_fields:
            if getattr(tuning, name) != getattr(wanted, name):
                source = "flag"
            elif name in wanted.model_fields_set:
                source = "domain.toml"
        found.append(Setting(name, value, source))
    return found


def begun(job: Job, said: Estimate) -> Job:
    """`job` with the settings that fit, to be held against what was said; other settings make
    another adapter."""
    prediction = Prediction(said.peak_bytes, said.seconds, said.steps)
    if not said.changed:
        return replace(job, predicted=prediction)
    name = hashlib.sha256(repr((job.folder.name, said.changed)).encode()).hexdigest()[:32]
    folder = job.folder.with_name(name)
    return replace(job, settings=said.fitted, folder=folder, predicted=prediction)
