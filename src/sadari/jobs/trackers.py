"""Runs told to TensorBoard, MLflow or Weights & Biases: their pages, our log as the truth.

All three write below the state's home and touch no network unless the user's own environment
points them elsewhere, and then only where the domain allows what leaves the machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol

from sadari.jobs.runs import Run, Step
from sadari.jobs.types import JobError
from sadari.tuning import Progress

Kind = Literal["tensorboard", "mlflow", "wandb"]


@dataclass(frozen=True)
class Tracking:
    """Where runs are told. `home` is the state's folder; `remote` whether the domain lets anything
    leave this machine."""

    kind: Kind
    home: Path
    remote: bool

    @property
    def place(self) -> str:
        """The folder or URL that the tracker writes to. Raises JobError for a URL that the domain
        does not allow."""
        local = {
            "tensorboard": str(self.home / "tensorboard"),
            "mlflow": f"sqlite:///{self.home.resolve() / 'mlflow.db'}",
            "wandb": str(self.home),
        }[self.kind]
        if self.kind == "mlflow":
            place = os.environ.get("MLFLOW_TRACKING_URI") or local
            leaves = place.startswith("databricks") or (
                "://" in place and not place.startswith(("sqlite:", "file:"))
            )
        elif self.kind == "wandb":
            place = local
            leaves = os.environ.get("WANDB_MODE", "offline") not in ("offline", "disabled")
        else:
            place, leaves = local, False
        if leaves and not self.remote:
            raise JobError(
                f"This domain is closed, and {self.kind} is set up to send runs to a server.",
                todo="Set models.remote = true, or unset MLFLOW_TRACKING_URI and WANDB_MODE.",
            )
        return place

    @property
    def hint(self) -> str:
        """The command that shows what was told."""
        return {
            "tensorboard": f"tensorboard --logdir {self.place}",
            "mlflow": f"mlflow ui --backend-store-uri {self.place}",
            "wandb": f"wandb sync {self.place}/wandb/offline-run-*",
        }[self.kind]


class Tracker(Protocol):
    """One run in a tracker."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Values at a step."""
        ...

    def close(self) -> None:
        """The run is over; everything is on the disk."""
        ...


def open_tracker(
    tracking: Tracking, *, domain: str, name: str, adapter: str, settings: Mapping[str, Any]
) -> Teller:
    """A run called `name` under the domain's id, tagged with the adapter's folder name: a training
    that goes on goes on in the same run. Raises JobError where the tracker is not installed."""
    try:
        return Teller(_OPEN[tracking.kind](tracking, domain, name, adapter, settings))
    except ImportError as error:
        raise JobError(
            f"{tracking.kind} is not installed ({error}).",
            todo=f'Install it: pip install "sadari[{tracking.kind}]"',
        ) from error


class Teller:
    """Tells a tracker of a run, step by step, or all at once from its log."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._checks: int | None = None  # losses that have been told

    def step(self, progress: Progress) -> None:
        """One step, as it is taken."""
        losses = progress.validation_losses
        if self._checks is None:  # those from before a tuning went on were told as they were made
            self._checks = 0 if progress.step == 1 else len(losses)
        check = losses[-1] if len(losses) > self._checks else None
        self._checks = len(losses)
        self._tracker.log(progress.step, _values(progress, check))

    def replay(self, run: Run) -> None:
        """Every step of a run that is over."""
        checks = dict(run.validation)
        for step in run.steps:
            self._tracker.log(step.step, _values(step, checks.get(step.step)))

    def close(self) -> None:
        """The run is over."""
        self._tracker.close()


def _values(step: Progress | Step, check: float | None) -> dict[str, float]:
    values = {
        "loss": step.loss,
        "learning_rate": step.learning_rate,
        "tokens_per_second": step.tokens_per_second,
    }
    return values if check is None else {**values, "validation_loss": check}


class _TensorBoard:
    def __init__(
        self, tracking: Tracking, domain: str, name: str, adapter: str, settings: Mapping[str, Any]
    ) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder = Path(tracking.place) / domain / f"{name}, {adapter[:8]}"
        self._writer: Any = SummaryWriter(str(folder))
        rows = "\n".join(f"| {key} | {value} |" for key, value in settings.items())
        self._writer.add_text("settings", f"| setting | value |\n|---|---|\n{rows}")

    def log(self, step: int, values: Mapping[str, float]) -> None:
        for key, value in values.items():
            self._writer.add_scalar(key, value, step)

    def close(self) -> None:
        self._writer.close()


class _MLflow:
    def __init__(
        self, tracking: Tracking, domain: str, name: str, adapter: str, settings: Mapping[str, Any]
    ) -> None:
        client = import_module("mlflow.tracking").MlflowClient(tracking_uri=tracking.place)
        found = client.get_experiment_by_name(domain)
        experiment = found.experiment_id if found else client.create_experiment(domain)
        same = client.search_runs([experiment], f"tags.`sadari.adapter` = '{adapter}'")
        if same:
            run = same[0]
            client.update_run(run.info.run_id, status="RUNNING")
        else:
            tags = {"sadari.adapter": adapter}
            run = client.create_run(experiment, run_name=name, tags=tags)
            for key, value in settings.items():
                client.log_param(run.info.run_id, key, value)
        self._client, self._run = client, run.info.run_id
        self._metric = import_module("mlflow.entities").Metric

    def log(self, step: int, values: Mapping[str, float]) -> None:
        now = int(time.time() * 1000)
        metrics = [self._metric(key, value, now, step) for key, value in values.items()]
        self._client.log_batch(self._run, metrics=metrics)

    def close(self) -> None:
        self._client.set_terminated(self._run)


class _Wandb:
    def __init__(
        self, tracking: Tracking, domain: str, name: str, adapter: str, settings: Mapping[str, Any]
    ) -> None:
        wandb: Any = import_module("wandb")
        self._wandb = wandb
        self._run = wandb.init(
            project=domain,
            name=name,
            id=adapter,
            dir=tracking.place,
            mode=os.environ.get("WANDB_MODE", "offline"),
            resume="allow",
            config=dict(settings),
            settings=wandb.Settings(silent=True, disable_git=True, x_disable_stats=True),
        )

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        self._run.finish()
        self._wandb.teardown()  # its own process writes the last of it only now


_OPEN: Mapping[Kind, Callable[[Tracking, str, str, str, Mapping[str, Any]], Tracker]] = {
    "tensorboard": _TensorBoard,
    "mlflow": _MLflow,
    "wandb": _Wandb,
}
