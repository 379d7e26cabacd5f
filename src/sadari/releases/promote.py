"""Promotion and rollback: one pointer per domain, moved atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sadari.assistant import bundle, model_spec
from sadari.domain import Domain
from sadari.llm import identify
from sadari.releases.gates import check_gates
from sadari.releases.release import keep, read_manifest, recipe_from_json
from sadari.releases.types import Gate, GateClosedError, ReleaseError
from sadari.store import Store


def current(store: Store, domain: str) -> str | None:
    """The digest of the promoted release, or None."""
    return next(iter(store.promoted(domain)[-1:]), None)


def promote(domain: Domain, store: Store, rung: str = "") -> tuple[str, list[Gate]]:
    """Releases a rung of the domain's last climb (by default the one that the climb chose), if
    every gate is open. Raises GateClosedError naming the gates that are shut, and ReleaseError
    when there is no climb, no such rung, or its files are not those that were measured."""
    found = _last_climb(domain, store)
    name = rung or found["choice"]
    measured = next((r for r in found["rungs"] if r["name"] == name), None)
    if measured is None:
        names = ", ".join(r["name"] for r in found["rungs"])
        raise ReleaseError(f"the last climb measured no rung {name!r}.", todo=f"Choose: {names}.")
    if measured["control"]:
        raise ReleaseError(f"{name} is a control that was trained on shuffled answers.")
    spec = model_spec(domain)
    model = identify(spec, allow_remote=domain.settings.models.remote)
    pinned = bundle(recipe_from_json(measured["recipe"]), model)
    if pinned.digest != measured["bundle"]:
        todo = f"Run `sadari climb {domain.path}` again."
        raise ReleaseError(f"{name} is no longer what the climb measured.", todo=todo)
    before = current(store, domain.id)
    incumbent = read_manifest(store, before)["measured"] if before else None
    gates = check_gates(
        measured["figures"],
        domain.settings.gates,
        incumbent,
        tuned=bool(measured["recipe"]["adapter"]),
    )
    shut = [g for g in gates if not g.passed]
    if shut:
        reasons = "; ".join(f"{g.name}: {g.measured}, wanted {g.wanted}" for g in shut)
        raise GateClosedError(f"{name} is not promoted. {reasons}.")
    digest = keep(store, domain.id, pinned, spec, measured["figures"])
    store.promote(domain.id, digest)
    return digest, gates


def rollback(store: Store, domain: str) -> str:
    """Points back at the release before the current one and returns its digest. Raises
    ReleaseError when there is none before it."""
    standing = store.promoted(domain)
    if len(standing) < 2:
        raise ReleaseError(f"{domain} has no earlier release to go back to.")
    read_manifest(store, standing[-2])
    store.withdraw(domain)
    return standing[-2]


def _last_climb(domain: Domain, store: Store) -> Mapping[str, Any]:
    runs = [r for r in store.runs(domain=domain.id, kind="climb") if r.status == "done"]
    if not runs:
        todo = f"Run `sadari climb {domain.path} --all` first: only what was measured is released."
        raise ReleaseError(f"{domain.id} has not been climbed yet.", todo=todo)
    path = store.run_folder(runs[-1].id) / "climb.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
