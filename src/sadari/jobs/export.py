"""Results for other programs: an adapter alone or merged into its base, with the files and commands
of the server that is to run it; and folders freed of what only training needs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sadari.data.formats import Source, import_records
from sadari.jobs.forgetting import BUILT_IN
from sadari.jobs.merging import Difference, adapter_config, check_weights, merge
from sadari.jobs.modelfile import Server, modelfile, ollama_command, vllm_command
from sadari.jobs.types import JobError
from sadari.llm import render_examples
from sadari.llm.adapters import AdapterCard
from sadari.llm.folders import ADAPTER_CONFIG, ADAPTER_WEIGHTS, BASE_CARD, MODEL_CONFIG, TUNING
from sadari.llm.weights import (
    TOKENIZER_FILES,
    context_length,
    digest,
    load_tokenizer,
    read_config,
    resolve,
)
from sadari.store import write_json

ADAPTER = (ADAPTER_CONFIG, ADAPTER_WEIGHTS, BASE_CARD, TUNING)
WHOLE = (MODEL_CONFIG, "generation_config.json", "*.safetensors", "*.safetensors.index.json")
CARD = "README.md"
WEIGHTS = ("*.safetensors", "pytorch_model*.bin", "adapter_model.bin")
COMPARED = 24  # conversations on which merged and unmerged answers are compared

AGAINST = {
    "served": "over the base as sadari serves it",
    "rounded": "over the base in bfloat16",
    "trained": "over the 4-bit base that it was trained on",
}
"""What a merged model is compared with; the keys are those of `merge`."""

TRAINING_ONLY = (
    "optimizer*.pt",
    "optimizer*.bin",
    "optimizer*.safetensors",
    "optimizer_*",
    "scheduler*.pt",
    "scheduler*.bin",
    "scaler*.pt",
    "rng_state*.pth",
    "random_states_*.pkl",
    "trainer_state.json",
    "training_args.bin",
    "global_step*",
    "zero_to_fp32.py",
    "latest",
)
"""What Transformers, TRL, Accelerate and DeepSpeed keep to go on with a training."""


@dataclass(frozen=True)
class Export:
    """What was written. `command` serves it; `differences` are those of a merge."""

    folder: Path
    merged: bool
    files: tuple[str, ...]
    command: str
    differences: Mapping[str, Difference]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "folder": str(self.folder),
            "merged": self.merged,
            "files": list(self.files),
            "command": self.command,
            "differences": {name: one.to_json() for name, one in self.differences.items()},
        }


@dataclass(frozen=True)
class Naming:
    """What an export is called and says of itself: `name` is what clients ask for, `base` overrides
    where the adapter says its base lies, `system` is the prompt that it was trained behind,
    `scores` go on its card, and `template_kwargs` are what its chat template was told."""

    name: str = ""
    base: str = ""
    system: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)
    template_kwargs: Mapping[str, Any] = field(default_factory=dict)


def export(
    adapter: Path,
    out: Path,
    naming: Naming | None = None,
    *,
    merged: bool = False,
    four_bits: bool = False,
    server: Server = "vllm",
) -> Export:
    """Copies what inference needs of the tuned folder `adapter` into `out`, which must be new or
    empty, or with `merged` writes base and adapter as one bfloat16 model, with `four_bits`
    quantised (Ollama does that itself, when it takes the model in); and what `server` needs.

    Raises JobError for a folder that is taken, an unfinished tuning, and what a server cannot run.
    """
    out = out.resolve()
    _check_free(out)
    naming = naming or Naming()
    name = naming.name or re.sub(r"[^A-Za-z0-9._-]+", "-", adapter.name).strip("-") or "adapter"
    whole = not (adapter / ADAPTER[0]).is_file() and (adapter / WHOLE[0]).is_file()
    config = None if whole else adapter_config(adapter)
    if config is not None:
        check_weights(adapter)
    source = (
        adapter if config is None else resolve(naming.base or config["base_model_name_or_path"])
    )
    card = AdapterCard.read(adapter)
    if config is not None and card is not None and card.base_digest != digest(source):
        raise JobError(
            f"The adapter was trained on another base than {source.name}.",
            where=str(adapter),
            todo="Name the model that it was trained on as models.base.",
        )
    tokenizer = load_tokenizer(source)
    alone = config is not None and not merged
    if four_bits and (alone or config is None):
        raise JobError(
            "Only base and adapter merged are written in four bits.",
            where=str(adapter),
            todo="Add --merge." if alone else "Quantise a whole model where it is served.",
        )
    command = ""
    if server == "vllm":  # first: what cannot be served is not merged for an hour before it says so
        command = vllm_command(
            out, name, base=str(source) if alone else "", config=config if alone else None
        )
    here = four_bits and server != "ollama"
    if here:
        from sadari.tuning.model import check_four_bits

        check_four_bits()
    with _unfinished(out) as folder:
        differences: Mapping[str, Difference] = {}
        if config is not None and merged:
            records, _ = import_records(Source(BUILT_IN))
            talks = [one for r in records for one in render_examples(tokenizer, r.messages)]
            compared = talks[:: -(-len(talks) // COMPARED)]
            differences = merge(source, adapter, folder, compared, four_bits=here)
        else:
            _copy(adapter, folder, WHOLE if config is None else ADAPTER)
        _copy(source, folder, TOKENIZER_FILES)
        if server == "ollama":
            length = context_length(read_config(source))
            start = str(source) if alone else "."
            text = modelfile(
                tokenizer,
                start=start,
                adapter=alone,
                context_length=length,
                system=naming.system,
                template_kwargs=naming.template_kwargs,
            )
            (folder / "Modelfile").write_text(text, encoding="utf-8")
            command = ollama_command(out, name, four_bits=four_bits)
        bits = "four bits" if here else "bfloat16"
        _card(adapter, folder, command, differences, naming.scores, bits)
        done = Export(
            folder=out,
            merged=bool(differences),
            files=tuple(sorted([*(path.name for path in folder.iterdir()), "export.json"])),
            command=command,
            differences=differences,
        )
        write_json(done.to_json(), folder / "export.json")
    return done


def _check_free(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise JobError("This is a file.", where=str(out), todo="Name a new folder with --to.")
    if out.exists() and any(out.iterdir()):
        raise JobError(
            "This folder is not empty.", where=str(out), todo="Name a new one with --to."
        )


@contextmanager
def _unfinished(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its place when the block ends well, and else goes."""
    folder = out.with_name(f".unfinished-{out.name}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
        if out.exists():
            out.rmdir()
        folder.rename(out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def strip_folder(folder: Path) -> list[tuple[Path, int]]:
    """Removes what only training needs from a folder and from the checkpoints in it, ours and those
    of Transformers, TRL, Accelerate and DeepSpeed; weights, configuration and tokenizer stay. What
    is left cannot be resumed. Returns the paths that went and their bytes.

    Raises JobError where there are no weights to keep: an unfinished tuning would be lost."""
    places = [folder, *sorted(folder.glob("checkpoint-*"))]
    if not any(list(place.glob(kind)) for place in places for kind in WEIGHTS):
        raise JobError(
            "There are no weights here that would be left.",
            where=str(folder),
            todo="Finish the tuning first; the same `sadari tune` goes on with it.",
        )
    found = [path for place in places for kind in TRAINING_ONLY for path in place.glob(kind)]
    if (folder / "checkpoints").is_dir():
        found.append(folder / "checkpoints")
    gone = []
    for path in sorted(set(found)):
        gone.append((path, _bytes(path)))
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return gone


def _copy(source: Path, target: Path, kinds: tuple[str, ...]) -> None:
    for path in sorted({path for kind in kinds for path in source.glob(kind)}):
        shutil.copy2(path, target / path.name)


def _card(
    adapter: Path,
    out: Path,
    command: str,
    differences: Mapping[str, Difference],
    scores: Mapping[str, str],
    bits: str,
) -> None:
    """The adapter's card, if it has one, with its scores, what merging changed, and the command."""
    card = adapter / CARD
    parts = [card.read_text(encoding="utf-8").rstrip()] if card.is_file() else [f"# {adapter.name}"]
    if scores:
        rows = "\n".join(f"| {rung} | {score} |" for rung, score in scores.items())
        parts.append(f"## Scores\n\n| rung | share right |\n|---|---|\n{rows}")
    if differences:
        lines = [
            f"- against the adapter {AGAINST[name]}: {one}" for name, one in differences.items()
        ]
        parts.append(f"## Merged in {bits}\n\n" + "\n".join(lines))
    if command:
        parts.append(f"## Serve\n\n```\n{command}\n```")
    (out / CARD).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
