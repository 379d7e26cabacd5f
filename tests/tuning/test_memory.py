"""What a tuning holds and computes, found from shapes, against what it really holds."""

from __future__ import annotations

import dataclasses
import gc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from sadari.tuning import TuneSettings
from sadari.tuning.examples import Example, Unit
from sadari.tuning.fitting import changes, fit
from sadari.tuning.memory import Footprint, footprint
from sadari.tuning.methods import METHODS, adapt
from sadari.tuning.model import open_base

SETTINGS = TuneSettings(rank=4, dropout=0.0, dtype="float32")


def _units(count: int, length: int) -> list[Unit]:
    half = length // 2
    trained = (False,) * half + (True,) * (length - half)
    return [
        (Example(i, tuple(3 + (i + j) % 90 for j in range(length)), trained),) for i in range(count)
    ]


@pytest.mark.parametrize("shape", ["llama", "neox"])
@pytest.mark.parametrize("method", [name for name in METHODS if name != "qlora"])
def test_parameters_are_those_of_the_real_model(
    method: str, shape: str, bases: dict[str, Path]
) -> None:
    settings = replace(SETTINGS, method=method)
    taken = footprint(bases[shape], _units(8, 40), settings, dtype="float32")
    model = open_base(bases[shape], "float32", torch.device("cpu"), method)
    adaptation = adapt(model, settings, steps=6, words=(5, 6))
    assert (taken.trainable, taken.total) == adaptation.parameters
    base_bytes = 4 * (taken.total - taken.trainable)
    assert taken.weights == pytest.approx(base_bytes, rel=0.01, abs=100)  # and a few buffers
    assert taken.trained == 2 * taken.gradients == taken.optimiser
    assert taken.peak_bytes > taken.weights + 5 * taken.gradients


def test_nothing_of_a_prediction_is_left_for_the_tuning(base: Path) -> None:
    """No tensor without contents survives, among the masks that attention keeps for instance."""
    from torch._subclasses.fake_tensor import FakeTensor

    footprint(base, _units(4, 40), SETTINGS, dtype="float32")
    gc.collect()
    assert [thing for thing in gc.get_objects() if type(thing) is FakeTensor] == []


def test_more_is_more(base: Path) -> None:
    def of(count: int = 8, length: int = 40, **changed: Any) -> Footprint:
        settings = replace(SETTINGS, **changed)
        return footprint(base, _units(count, length), settings, dtype="float32")

    plain = of()
    assert of(length=80).activations > plain.activations
    assert of(length=80).tokens == 2 * plain.tokens
    assert of(micro_batch_tokens=40).activations < plain.activations
    assert of(recompute=True).activations < plain.activations
    assert of(recompute=True).flops_per_token > 1.2 * plain.flops_per_token
    assert of(batch_examples=8).activations > plain.activations
    assert 0.3 < plain.forward_share < 0.55  # one product forward, one or two backward
    halved = footprint(base, _units(8, 40), SETTINGS, dtype="bfloat16")
    assert halved.weights == pytest.approx(plain.weights / 2, rel=0.02)


def test_four_bits_shrink_the_linear_layers_alone(base: Path) -> None:
    packed = footprint(base, _units(4, 40), replace(SETTINGS, method="qlora"), dtype="bfloat16")
    whole = footprint(base, _units(4, 40), SETTINGS, dtype="bfloat16")
    linear = 2 * (4 * 32 * 32 + 3 * 32 * 48)
    assert whole.weights - packed.weights == pytest.approx(linear * (2 - 0.516), rel=0.01)


def test_a_token_costs_what_arithmetic_says(base: Path) -> None:
    """Two operations a weight forward, as many back to the input; the adapters and attention add
    to it, and in the last block only answers go through the feed-forward half."""
    taken = footprint(base, _units(4, 200), replace(SETTINGS, rank=1), dtype="float32")
    linear = 2 * (4 * 32 * 32 + 3 * 32 * 48) + 97 * 32 / 2
    assert 4 * linear * 0.8 < taken.flops_per_token < 4 * linear * 3


def _need(settings: TuneSettings) -> Footprint:
    """By hand: a base of 16 GB, or 5 in 4 bits, and 4 MB of activations a token, a tenth of it
    where they are computed again."""
    token = 4_000_000 // (10 if settings.recompute else 1)
    return Footprint(
        weights=5 * 10**9 if settings.method == "qlora" else 16 * 10**9,
        trained=0,
        gradients=0,
        optimiser=0,
        activations=settings.micro_batch_tokens * token,
        slack=0,
        files=0,
        trainable=1,
        total=1,
        flops_per_token=1.0,
        forward_share=0.5,
        tokens=1,
        longest=700,
        shares=False,
    )


@pytest.mark.parametrize(
    ("gigabytes", "expected"),
    [
        (25, []),
        (21, ["micro_batch_tokens 1024 instead of 2048"]),
        (19, ["micro_batch_tokens 700 instead of 2048"]),
        (17, ["micro_batch_tokens 700 instead of 2048", "recompute True instead of False"]),
        (14, ["method qlora instead of lora"]),
        (8, ["method qlora instead of lora", "micro_batch_tokens 700 instead of 2048"]),
        (
            5.5,
            [
                "method qlora instead of lora",
                "micro_batch_tokens 700 instead of 2048",
                "recompute True instead of False",
            ],
        ),
    ],
)
def test_the_cheapest_change_that_fits(gigabytes: float, expected: list[str]) -> None:
    settings = TuneSettings()
    fitted, taken = fit(settings, int(gigabytes * 10**9), _need, four_bits=True)
    assert changes(settings, fitted) == expected
    assert taken == _need(fitted)


def test_without_four_bits_the_lightest_is_given_though_it_does_not_fit() -> None:
    fitted, taken = fit(TuneSettings(), 10**9, _need, four_bits=False)
    assert fitted == dataclasses.replace(TuneSettings(), micro_batch_tokens=700, recompute=True)
    assert taken.peak_bytes > 10**9
