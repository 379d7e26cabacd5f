"""Peak memory of a tuning on CPU: sadari's against TRL's, against the floor, and against what
sadari says before.

    python -m benchmarks.memory --shape practice
    python -m benchmarks.memory --shape 0.5b --steps 5

Every contender trains the model and the pairs of `benchmarks.tuning` in a process of its own.
`libraries` is what the process holds once everything is imported, `peak` the most that it held
from then on, `grown` the difference. The floor is what no implementation of this arithmetic can
do without: the frozen weights, and of the adapters the weights, gradients and two moments, and
the activations that the loop's own network keeps between forward and backward. The prediction is
that of `sadari tune --dry-run`. Results go to benchmarks/results/memory.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import trainings, tuning
from benchmarks.contenders import read_options, start
from benchmarks.kept import keep

TRL = ("trl-defaults", "trl-padding-free-eager", "trl-packed-eager")
CONTENDERS = ("sadari", "predicted", *TRL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=trainings.SHAPES, default="practice")
    parser.add_argument("--pairs", choices=trainings.PAIRS, default="long")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=CONTENDERS, default=CONTENDERS)
    options = read_options(parser, "memory")
    if options.run:
        print(json.dumps(run(options)))
        return
    found: dict[str, Any] = {}
    chosen = {key: getattr(options, key) for key in ("shape", "pairs", "steps", "threads")}
    with tempfile.TemporaryDirectory() as home:
        trainings.make_base(options.shape, Path(home) / "base")
        for name in options.only:
            found[name] = start("benchmarks.memory", name, {**chosen, "folder": home})
            print(f"{name:24}", found[name], flush=True)
            weigh(found, options)


def weigh(found: dict[str, Any], options: argparse.Namespace) -> None:
    """Write what there is so far, with the error of the prediction once both are there."""
    if {"sadari", "predicted"} <= set(found):
        said, was = found["predicted"], found["sadari"]
        found["errors"] = {
            key: round(said[key] / was[key] - 1, 3) for key in ("peak", "grown", "seconds")
        }
        found["times the floor"] = round(was["grown"] / said["floor"], 2)
    keep(
        options.out,
        {f"{options.shape} {options.pairs}": found},
        contenders=contenders,
        libraries=trainings.LIBRARIES,
        threads=options.threads,
    )


def contenders(part: Mapping[str, Any]) -> list[str]:
    """Of what is known about a piece of work, whose memory it is."""
    return [name for name in CONTENDERS if name in part]


def run(options: argparse.Namespace) -> dict[str, float]:
    """One contender, in this process."""
    import torch

    torch.set_num_threads(options.threads)
    base, output = options.folder / "base", options.folder / options.run
    examples = tuning.make_pairs(options)
    if options.run == "predicted":
        return predicted(options, base, examples)
    if options.run == "sadari":
        from sadari.tuning.memory import footprint  # and with it all that a tuning imports

        assert footprint
        return measured(lambda: tuning.run_sadari(options, base, examples, output))
    import trl

    assert trl.SFTTrainer
    return measured(lambda: tuning.run_trl(options, base, examples, output))


def measured(work: Callable[[], object]) -> dict[str, float]:
    """The memory and the time that `work` takes."""
    import peft
    import torch
    import transformers

    from sadari.tuning.watermark import Watermark, resident_bytes

    assert peft.PeftModel
    assert transformers.LlamaForCausalLM
    assert transformers.Qwen2ForCausalLM
    libraries = resident_bytes()
    mark, began = Watermark(torch.device("cpu")), time.perf_counter()
    work()
    seconds, peak = time.perf_counter() - began, mark.bytes
    return {"libraries": libraries, "peak": peak, "grown": peak - libraries, "seconds": seconds}


def predicted(options: argparse.Namespace, base: Path, examples: list[Any]) -> dict[str, float]:
    """What is said before, by the parts of a dry run."""
    import torch

    from sadari.jobs.estimate import KERNELS_BYTES
    from sadari.llm.types import Rendered
    from sadari.tuning.memory import footprint
    from sadari.tuning.model import choose_dtype
    from sadari.tuning.pace import measured_pace
    from sadari.tuning.preference import objective_of
    from sadari.tuning.watermark import resident_bytes

    settings = tuning.sadari_settings(options)
    rows = [Rendered(tuple(ids), tuple(mask)) for ids, mask in examples]
    units = objective_of(settings).units(rows)
    dtype = choose_dtype(base, torch.device("cpu"))
    began = time.perf_counter()
    taken = footprint(base, units, settings, dtype=dtype)
    traced = time.perf_counter() - began
    libraries = resident_bytes()
    pace = measured_pace(base, rows, units, settings, shares=taken.shares)
    floor = taken.weights + taken.trained // 2 + taken.gradients + taken.optimiser
    return {
        "libraries": libraries,
        "peak": libraries + KERNELS_BYTES + taken.peak_bytes,
        "grown": KERNELS_BYTES + taken.peak_bytes,
        "floor": floor + taken.activations,
        "activations": taken.activations,
        "seconds": pace.seconds(taken, 1, 0),
        "seconds to say so": traced,
    }


if __name__ == "__main__":
    main()
