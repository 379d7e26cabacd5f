"""After a tuning: what it forgot, what to try, its model card and its page."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sadari.data import Dataset
from sadari.domain import Domain
from sadari.jobs.card import write_card
from sadari.jobs.forgetting import General, answer_probabilities, forgetting, read_general
from sadari.jobs.page import write_page
from sadari.jobs.remedies import remedies
from sadari.jobs.runs import read_run
from sadari.jobs.types import JobError
from sadari.llm.folders import ADAPTER_CONFIG, TUNING
from sadari.store import write_json

if TYPE_CHECKING:
    from sadari.jobs.tune import Job


def conclude(jobs: Sequence[Job], domain: Domain, data: Dataset) -> list[dict[str, Any]]:
    """The results of finished jobs, tested for forgetting where they have not been with the
    domain's present test, each with its card and its page written beside the adapter."""
    from sadari.tuning.checkpoint import drop
    from sadari.tuning.room import ran_out

    general = read_general(domain)
    results = [json.loads((job.folder / TUNING).read_text(encoding="utf-8")) for job in jobs]
    untested = [
        (job, result)
        for job, result in zip(jobs, results, strict=True)
        if result.get("forgetting", {}).get("test") != general.digest
    ]
    if untested:
        try:
            _test(untested, general)
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            raise JobError(
                "The adapter is whole and kept, but memory ran out while it was tested for what it "
                "forgot: the base is opened as it is served, unquantised.",
                where=str(untested[0][0].folder),
                todo="Free memory, or go to a larger machine; the same command only tests it.",
            ) from None
    for job, result in zip(jobs, results, strict=True):
        drop(job.folder)
        write_card(job, domain, data, result)
        if run := read_run(job.folder):
            advice = remedies(result, domain.settings.language, machine_bytes())
            write_page(domain, run, result, advice)
    return results


def machine_bytes() -> int:
    """The machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _test(untested: Sequence[tuple[Job, dict[str, Any]]], general: General) -> None:
    from sadari.llm.local import LocalModel

    base = LocalModel(untested[0][0].base)
    before = answer_probabilities(base, general)
    for job, result in untested:
        after = _after(base, job.folder, general)
        result["forgetting"] = forgetting(before, after, general.digest).to_json()
        write_json(result, job.folder / TUNING)
    base.close()


def _after(base: Any, folder: Path, general: General) -> list[float]:
    if (folder / ADAPTER_CONFIG).is_file():
        return answer_probabilities(base, general, folder)
    from sadari.llm.local import LocalModel

    whole = LocalModel(folder)  # every weight was tuned: a model of its own
    found = answer_probabilities(whole, general)
    whole.close()
    return found


def forgotten(result: Mapping[str, Any], margin: float | Literal["off"]) -> str:
    """One sentence on what a tuning forgot, whether that is within the margin, and what helps."""
    found = result["forgetting"]
    fell = f"{found['before']:.3f} → {found['after']:.3f}, a drop of at most {found['high']:z.3f}"
    if margin == "off":
        return fell
    if found["high"] <= margin:
        return f"{fell} (within the margin {margin:g})"
    return f"{fell} (beyond the margin {margin:g}: try --rehearsal 0.2, or a lower rate)"
