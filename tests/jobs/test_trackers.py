"""TensorBoard, MLflow and Weights & Biases are told what the log says, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sadari.jobs import JobError
from sadari.jobs.runs import Run, Step
from sadari.jobs.trackers import Teller, Tracking, open_tracker
from tests.jobs.test_runs import STEPS, progress

ADAPTER = "0123456789abcdef"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)


def tell(tracking: Tracking, steps: range) -> None:
    teller = opened(tracking)
    for step in steps:
        teller.step(progress(step))
    teller.close()


def opened(tracking: Tracking) -> Teller:
    return open_tracker(
        tracking, domain="shop", name="seed 1", adapter=ADAPTER, settings={"rank": 16}
    )


def test_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tell(Tracking("tensorboard", tmp_path, remote=False), range(1, STEPS + 1))
    (folder,) = (tmp_path / "tensorboard" / "shop").iterdir()
    read: Any = EventAccumulator(str(folder))
    read.Reload()
    assert [(e.step, e.value) for e in read.Scalars("loss")] == [
        (n, pytest.approx(3.0 / n)) for n in range(1, STEPS + 1)
    ]
    # The base's own loss is told with the first step.
    assert [(e.step, e.value) for e in read.Scalars("validation_loss")] == [
        (1, 2.0),
        (4, 1.5),
        (8, 1.75),
    ]


def test_a_tuning_that_went_on_tells_no_loss_twice(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    tracking = Tracking("tensorboard", tmp_path, remote=False)
    tell(tracking, range(1, 6))
    tell(tracking, range(6, STEPS + 1))
    told = []
    for file in sorted(tmp_path.rglob("events.*")):
        read: Any = EventAccumulator(str(file))
        read.Reload()
        if "validation_loss" in read.Tags()["scalars"]:
            told += [(e.step, e.value) for e in read.Scalars("validation_loss")]
    assert sorted(told) == [(1, 2.0), (4, 1.5), (8, 1.75)]


def test_mlflow_goes_on_in_the_same_run(tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    from mlflow.tracking import MlflowClient

    tracking = Tracking("mlflow", tmp_path, remote=False)
    tell(tracking, range(1, 5))
    tell(tracking, range(5, STEPS + 1))
    client = MlflowClient(tracking_uri=tracking.place)
    experiment = client.get_experiment_by_name("shop")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.params == {"rank": "16"}
    assert run.info.status == "FINISHED"
    history = client.get_metric_history(run.info.run_id, "loss")
    assert [metric.step for metric in history] == list(range(1, STEPS + 1))
    assert Path(tracking.place.removeprefix("sqlite:///")).is_file()


def test_wandb_offline(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    tell(Tracking("wandb", tmp_path, remote=False), range(1, STEPS + 1))
    (written,) = (tmp_path / "wandb").glob(f"offline-run-*/run-{ADAPTER}.wandb")
    assert b"validation_loss" in written.read_bytes()


def test_a_finished_run_is_told_from_its_log() -> None:
    told: list[tuple[int, dict[str, float]]] = []

    class List:
        def log(self, step: int, values: Any) -> None:
            told.append((step, dict(values)))

        def close(self) -> None:
            pass

    steps = tuple(Step(n, 3.0 / n, 1e-3, 100.0, 0.0, 0.0) for n in (1, 2))
    run = Run(Path(), "seed 1", "shop", 0.0, 2, steps, ((0, 2.0), (2, 1.0)), "done")
    Teller(List()).replay(run)
    assert told == [
        (1, {"loss": 3.0, "learning_rate": 1e-3, "tokens_per_second": 100.0}),
        (
            2,
            {
                "loss": 1.5,
                "learning_rate": 1e-3,
                "tokens_per_second": 100.0,
                "validation_loss": 1.0,
            },
        ),
    ]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("mlflow", "MLFLOW_TRACKING_URI", "https://mlflow.example.com"),
        ("mlflow", "MLFLOW_TRACKING_URI", "postgresql://db.example.com/mlflow"),
        ("mlflow", "MLFLOW_TRACKING_URI", "HTTPS://mlflow.example.com"),
        ("mlflow", "MLFLOW_TRACKING_URI", "databricks"),
        ("wandb", "WANDB_MODE", "online"),
    ],
)
def test_a_closed_domain_tells_no_server(
    kind: Any, name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(JobError, match="This domain is closed"):
        _ = Tracking(kind, tmp_path, remote=False).place
    assert Tracking(kind, tmp_path, remote=True).place
