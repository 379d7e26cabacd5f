"""Checkpoints that hold everything the next step depends on, or do not exist at all.

A checkpoint is written to a folder of another name, flushed to the disk and renamed, so a process
that is killed at any moment leaves either the whole of it or nothing that counts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from sadari.llm.folders import ADAPTER_CONFIG, MODEL_CONFIG
from sadari.store import file_digest, settle
from sadari.tuning.course import Course
from sadari.tuning.errors import TuningError
from sadari.tuning.identity import Identity

log = logging.getLogger("sadari.tuning")

FOLDER = "checkpoints"
UNFINISHED = ".unfinished-"
FINISHED = (ADAPTER_CONFIG, MODEL_CONFIG)
"""A folder with one of these holds a finished adapter or a finished model."""


@dataclass(frozen=True)
class Checkpoint:
    """A tuning between two steps.

    tensors   "weights", "best" (empty before the first evaluation), "method" (what a method knows
              besides), "optimiser", "random" and "reference" (what a preference is compared with),
              each a mapping of names to CPU tensors.
    chosen    what was settled at the start and must not change half-way: dtype, threads, rows.
    """

    identity: Identity
    course: Course
    chosen: Mapping[str, Any]
    tensors: Mapping[str, Mapping[str, Tensor]]


@contextlib.contextmanager
def writing(output: Path) -> Iterator[None]:
    """Where something is written below `output`: a disk that is full is a TuningError that says
    so. What was whole before stays whole."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TuningError(
            f"The tuning could not be written to the disk: {reason}.",
            where=str(output),
            todo="Make room; the same command goes on from the last whole checkpoint.",
        ) from error


def save(output: Path, checkpoint: Checkpoint, kept: int = 2) -> Path:
    """Write a checkpoint below `output` and drop all but the newest `kept`. Returns its folder.

    Raises TuningError where the disk is full."""
    with writing(output):
        return _save(output, checkpoint, kept)


def _save(output: Path, checkpoint: Checkpoint, kept: int) -> Path:
    home = output / FOLDER
    name = f"step-{checkpoint.course.step:08d}"
    unfinished = home / (UNFINISHED + name)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    digests = {}
    for part, tensors in checkpoint.tensors.items():
        path = unfinished / f"{part}.safetensors"
        save_file({key: value.contiguous() for key, value in tensors.items()}, path)
        digests[path.name] = file_digest(path, anew=True)
    state = {
        "identity": dataclasses.asdict(checkpoint.identity),
        "course": dataclasses.asdict(checkpoint.course),
        "chosen": dict(checkpoint.chosen),
        "files": digests,
    }
    (unfinished / "state.json").write_text(json.dumps(state, indent=1))
    place = home / name
    shutil.rmtree(place, ignore_errors=True)
    settle(unfinished, place)
    for old in _found(output)[:-kept]:
        shutil.rmtree(old)
    return place


def drop(output: Path) -> None:
    """Remove the checkpoints below `output`: what they hold, only training needs."""
    shutil.rmtree(output / FOLDER, ignore_errors=True)


def is_there(output: Path) -> bool:
    """Whether there is a whole checkpoint below `output`; reads every byte, and keeps none."""
    for folder in _found(output):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            _verified(folder)
            return True
    return False


def latest(output: Path) -> Checkpoint | None:
    """The newest whole checkpoint below `output`, or None. What was left half-written, or does not
    hash to what it says, is passed over with a sentence in the log."""
    home = output / FOLDER
    for left in home.glob(f"{UNFINISHED}*"):
        log.warning("%s was being written when its process ended; it is ignored.", left)
    for folder in reversed(_found(output)):
        try:
            return _read(folder)
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            log.warning("%s is damaged (%s); the one before it is used.", folder, error)
    return None


def resumable(output: Path, identity: Identity) -> Checkpoint | None:
    """The checkpoint to go on from, or None to start at the beginning.

    Raises TuningError with the reason if it belongs to another tuning, or if `output` holds only a
    finished adapter, from which nothing can go on.
    """
    if _finished(output):
        raise TuningError(
            "This folder holds a finished tuning. Its optimiser state was dropped when it was "
            "done, so there is nothing to resume.",
            where=str(output),
            todo="Tune into another folder.",
        )
    found = latest(output)
    if found is None:
        log.warning("%s holds no checkpoint; the tuning starts at the beginning.", output)
        return None
    differences = found.identity.differences(identity)
    if differences:
        raise TuningError(
            f"The checkpoint belongs to another tuning: now there is {', '.join(differences)}.",
            where=str(output),
            todo="Resume with what it was started with, or tune into another folder.",
        )
    return found


def claim(output: Path, *, resume: bool) -> None:
    """Make `output` ready. Raises TuningError if it cannot be written, or, for a new tuning, if it
    already holds one that would be lost."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        probe = output / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise TuningError(
            f"The adapter could not be written here: {error.strerror}.",
            where=str(output),
            todo="Choose a folder that you may write.",
        ) from error
    if not resume and (_finished(output) or _found(output)):
        raise TuningError(
            "This folder already holds a tuning.",
            where=str(output),
            todo="Resume it, choose another folder, or remove this one.",
        )


def _finished(output: Path) -> bool:
    return any((output / name).exists() for name in FINISHED)


def _found(output: Path) -> list[Path]:
    return sorted((output / FOLDER).glob("step-*"))


def _verified(folder: Path) -> dict[str, Any]:
    """A checkpoint's state.json, once all files that it names are what was written."""
    state: dict[str, Any] = json.loads((folder / "state.json").read_text())
    for name, digest in state["files"].items():
        if file_digest(folder / name, anew=True) != digest:
            raise ValueError(f"{name} is not what was written")
    return state


def _read(folder: Path) -> Checkpoint:
    state = _verified(folder)
    tensors = {
        name.removesuffix(".safetensors"): load_file(folder / name) for name in state["files"]
    }
    return Checkpoint(
        Identity(**state["identity"]), Course(**state["course"]), state["chosen"], tensors
    )


def random_state() -> dict[str, Tensor]:
    """The state of PyTorch's generators, of the CPU and of every GPU."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states |= {f"cuda{i}": state for i, state in enumerate(torch.cuda.get_rng_state_all())}
    return states


def restore_random(states: Mapping[str, Tensor]) -> None:
    """Set the generators back to what `random_state` returned."""
    torch.set_rng_state(states["cpu"])
    for name, state in states.items():
        if name != "cpu":
            torch.cuda.set_rng_state(state, int(name.removeprefix("cuda")))
