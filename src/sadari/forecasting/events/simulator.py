"""Running the simulator that a domain brings."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from sadari.forecasting.errors import ForecastError


def run_simulator(
    folder: Path,
    name: str | None,
    out: Path,
    *,
    days: int,
    seed: int,
    settings: Path | None = None,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, int]:
    """Calls `simulate` of the domain's Python file with the folder of its settings (`settings`, or
    its own); it writes logs to `out`. Returns rows per file. Raises ForecastError when the domain
    has no simulator, lacks what it imports, or `settings` is no folder."""
    where = str(folder / "domain.toml")
    if name is None:
        todo = "Name a Python file with a function simulate: [forecast] simulator = …"
        raise ForecastError("names no simulator.", where=where, todo=todo)
    path = folder / name
    spec = importlib.util.spec_from_file_location("domain_simulator", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ForecastError("is no Python file.", where=str(path), todo="Mend `simulator`.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        todo = 'Install what it needs: pip install "sadari[forecast]".'
        raise ForecastError(f"cannot be run: {error}.", where=str(path), todo=todo) from error
    inputs = settings or path.parent
    if not inputs.is_dir():
        todo = "Name a folder with the files that the simulator reads."
        raise ForecastError("is no folder.", where=str(inputs), todo=todo)
    written: dict[str, int] = module.simulate(inputs, out, days=days, seed=seed, watch=watch)
    return written
