"""A run that gained nothing says what to try, in order, from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sadari.jobs.remedies import remedies
from sadari.tuning import TuneSettings

FALLS, STAYS, RISES = [3.0, 2.0, 1.0, 0.5], [3.0, 3.01, 2.99, 3.0], [3.0, 3.5, 4.0, 9.0]


def result(train: Sequence[float], checks: Sequence[float], **other: Any) -> dict[str, Any]:
    rest = dict(other)
    settings = TuneSettings(
        epochs=3,
        learning_rate=rest.pop("rate", 2e-4),
        method=rest.pop("method", "lora"),
        preference=rest.pop("preference", None),
    ).to_json()
    return {
        "train_losses": train,
        "validation_losses": checks,
        "best_validation_loss": min(checks[1:]),
        "cut_answers": 0,
        "examples": 500,
        "settings": settings,
        "seconds": 60.0,
        "tokens_per_second": 1000.0,
        "peak_memory_bytes": 10**9,
        "device": "cpu",
        **rest,
    }


def test_a_run_that_gained_needs_none() -> None:
    assert remedies(result(FALLS, (3.0, 2.0, 1.5)), memory_bytes=10**10) == []


@pytest.mark.parametrize(
    ("measured", "wanted"),
    [
        (result(FALLS, (3.0, 3.1, 3.5, 4.0)), ["records", "overfitted", "fewer_epochs", "base"]),
        (result(RISES, (3.0, 5.0, 7.0, 9.0)), ["records", "rose", "more_epochs", "base"]),
        (
            result(STAYS, (3.0, 3.0, 3.0, 3.0), rate=1e-5),
            ["records", "still", "more_epochs", "base"],
        ),
        (
            result(FALLS, (3.0, 4.0, 3.5, 3.2), examples=12, cut_answers=4),
            ["cut", "few", "overfitted", "base"],
        ),
    ],
)
def test_remedies_come_in_order(measured: dict[str, Any], wanted: list[str]) -> None:
    assert [remedy.id for remedy in remedies(measured)] == wanted
    for language in ("en", "ko"):
        for remedy in remedies(measured, language):
            assert remedy.todo
            assert "{" not in str(remedy)


def test_what_was_measured_stands_in_the_sentence() -> None:
    first = remedies(result(FALLS, (3.0, 3.1), examples=12, cut_answers=4))[0]
    assert str(first) == (
        "4 answers were cut at 1024 tokens. Raise max_length, or shorten prompts and passages."
    )


def test_slow_and_large_runs_are_told_so_even_if_they_gained() -> None:
    measured = result(FALLS, (3.0, 2.0), seconds=7200.0, peak_memory_bytes=9 * 10**9)
    assert [r.id for r in remedies(measured, memory_bytes=10**10)] == ["slow", "gpu", "memory"]


@pytest.mark.parametrize(
    ("method", "rate", "train", "said"),
    [
        ("lora", 2e-4, RISES, "Lower learning_rate to 0.0001."),
        ("prompt", 1e-2, RISES, "Lower learning_rate to 0.005."),
        ("full", 1e-5, STAYS, "Raise learning_rate to 2e-05."),
    ],
)
def test_a_rate_is_judged_by_what_its_method_learns_at(
    method: str, rate: float, train: Sequence[float], said: str
) -> None:
    found = remedies(result(train, (3.0, 4.0), rate=rate, method=method))
    assert said in [remedy.todo for remedy in found]


@pytest.mark.parametrize(
    ("measured", "wanted"),
    [
        (
            result(STAYS, (0.69, 0.7), rate=5e-6, preference="dpo", examples=12),
            ["few", "still", "more_epochs", "base"],
        ),
        (
            result(FALLS, (0.69, 0.7, 0.8, 0.9), rate=5e-5, preference="kto"),
            ["records", "overfitted", "fewer_epochs", "base"],
        ),
        (
            result(RISES, (0.69, 0.7), rate=5e-5, preference="orpo", cut_answers=3),
            ["cut", "rose", "more_epochs", "base"],
        ),
    ],
)
def test_a_preference_is_helped_in_its_own_words(
    measured: dict[str, Any], wanted: list[str]
) -> None:
    found = remedies(measured)
    assert [remedy.id for remedy in found] == wanted
    for remedy in (*found, *remedies(measured, "ko")):
        for foreign in ("documents", "data preview", "dropout", "data report", "문서", "학습 예"):
            assert foreign not in str(remedy)
    settings = [r.todo for r in found if r.id in ("still", "overfitted", "rose", "more_epochs")]
    assert all("[preference]" in todo for todo in settings)


def test_a_preference_that_hardly_moved_wants_a_higher_rate() -> None:
    """Few pairs at a fortieth of the tuning's rate do not carry a small model far."""
    (still,) = (
        remedy
        for remedy in remedies(result(STAYS, (0.69, 0.7), rate=5e-5, preference="dpo"))
        if remedy.id == "still"
    )
    assert still.todo == "Set learning_rate = 0.00025 under [preference]."
