"""Preferences are learnt by the losses of their papers, from the model that they start from."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from sadari.llm.types import Rendered
from sadari.tuning import Pair, Progress, Rated, TuneSettings, TuningError, train
from sadari.tuning.objective import Batch, gradients
from sadari.tuning.preference import all_log_probabilities, objective_of
from sadari.tuning.settings import PreferenceLoss
from tests.files import digest
from tests.tuning.test_gradients import adapted, found, plain_adapted

KINDS = get_args(PreferenceLoss)
END = 2
BETA = 0.2
WEIGHTS = "adapter_model.safetensors"
SETTINGS = TuneSettings(
    rank=4,
    learning_rate=1e-2,
    epochs=3,
    beta=BETA,
    batch_examples=8,
    warmup_share=0.0,
    dtype="float32",
    threads=1,
    save_every_steps=0,
    patience=None,
)


def make_pairs(count: int, seed: int = 0, *, apart: bool = False) -> list[Pair]:
    """Random answers to random prompts after a common beginning; `apart`, chosen ones are of other
    ids than rejected ones and of their length."""
    draw = random.Random(seed)
    liked, disliked = (range(3, 30), range(60, 97)) if apart else (range(3, 97), range(3, 97))
    pairs = []
    for _ in range(count):
        prompt = [*range(30, 50), *(draw.randrange(3, 97) for _ in range(draw.randint(20, 30)))]
        chosen = [draw.choice(liked) for _ in range(draw.randint(3, 9))]
        rejected = [
            draw.choice(disliked) for _ in range(len(chosen) if apart else draw.randint(3, 9))
        ]
        pairs.append(Pair(answered(prompt, chosen), answered(prompt, rejected)))
    return pairs


def answered(prompt: Sequence[int], answer: Sequence[int]) -> Rendered:
    trained = (False,) * len(prompt) + (True,) * (len(answer) + 1)
    return Rendered((*prompt, *answer, END), trained)


def make_lessons(kind: str, count: int, seed: int = 0, **rest: Any) -> list[Any]:
    pairs = make_pairs(count, seed, **rest)
    if kind != "kto":
        return pairs
    liked = [Rated(pair.chosen, True) for pair in pairs]
    return [*liked, *(Rated(pair.rejected, False) for pair in pairs[: count // 2])]


def plain_log_probability(model: Any, rendered: Rendered) -> torch.Tensor:
    logits = model(torch.tensor([rendered.ids])).logits[0, :-1].log_softmax(-1)
    said = logits.gather(1, torch.tensor(rendered.ids[1:])[:, None])[:, 0]
    return said[torch.tensor(rendered.trained[1:])].sum()


def of_pairs(formula: Callable[..., Any]) -> Callable[..., torch.Tensor]:
    def loss(model: Any, pairs: list[Pair], reference: torch.Tensor) -> torch.Tensor:
        parts = []
        for pair, (of_chosen, of_rejected) in zip(pairs, reference, strict=True):
            chosen, rejected = (
                plain_log_probability(model, one) for one in (pair.chosen, pair.rejected)
            )
            tokens = (sum(pair.chosen.trained), sum(pair.rejected.trained))
            parts.append(formula(chosen, rejected, of_chosen, of_rejected, *tokens))
        return torch.stack(parts).mean()

    return loss


def plain_kto(model: Any, rated: list[Rated], reference: torch.Tensor) -> torch.Tensor:
    parts, drifts = [], []
    for i, one in enumerate(rated):
        start = one.answer.trained.index(True)
        other = rated[i - 1].answer
        mixed = answered(one.answer.ids[:start], other.ids[other.trained.index(True) : -1])
        with torch.no_grad():
            drifts.append(plain_log_probability(model, mixed) - reference[i, 1])
        parts.append(plain_log_probability(model, one.answer) - reference[i, 0])
    drift = max(torch.tensor(0.0), torch.stack(drifts).mean())
    liked = sum(one.liked for one in rated)
    total = torch.tensor(0.0)
    for one, gained in zip(rated, parts, strict=True):
        share = liked if one.liked else len(rated) - liked
        value = torch.sigmoid(BETA * (gained - drift if one.liked else drift - gained))
        total = total + (1 - value) / (2 * share)
    return total


def odds(mean: torch.Tensor) -> torch.Tensor:
    return mean - torch.log(1 - torch.exp(mean))


PLAIN = {
    "dpo": of_pairs(lambda c, r, rc, rr, m, n: torch.log1p(torch.exp(-BETA * (c - rc - r + rr)))),
    "ipo": of_pairs(lambda c, r, rc, rr, m, n: ((c - rc) / m - (r - rr) / n - 1 / BETA / 2) ** 2),
    "orpo": of_pairs(
        lambda c, r, rc, rr, m, n: -c / m + BETA * torch.log1p(torch.exp(odds(r / n) - odds(c / m)))
    ),
    "kto": plain_kto,
}


@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradients_equal_a_plain_loops(any_base: Path, kind: PreferenceLoss) -> None:
    lessons = make_lessons(kind, 5)
    objective = objective_of(dataclasses.replace(SETTINGS, preference=kind))
    network, peft = adapted(any_base)
    units = objective.units(lessons)
    reference = all_log_probabilities(network, [Batch(units, 90)])
    reference += torch.randn(reference.shape, generator=torch.Generator().manual_seed(3))
    loss = gradients(objective, network, Batch(units, 90, reference))
    plain = plain_adapted(any_base, peft)
    wanted = PLAIN[kind](plain, lessons, reference)
    torch.autograd.backward(wanted)
    assert loss == pytest.approx(wanted.item(), rel=1e-4)
    theirs = found(plain)
    for name, gradient in found(peft).items():
        torch.testing.assert_close(gradient, theirs[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("body", ["llama", "sadari_spans", "sdpa"])
def test_a_prompt_that_answers_share_changes_nothing(base: Path, body: str) -> None:
    network, peft = adapted(base, body)
    pairs = make_pairs(4)
    units = objective_of(dataclasses.replace(SETTINGS, preference="dpo")).units(pairs)
    (row,) = network.pack(units, 10_000)
    tokens = sum(len(example.ids) for unit in units for example in unit)
    assert row.tokens == tokens if body == "sdpa" else row.tokens < 0.55 * tokens
    together = all_log_probabilities(network, [Batch(units, 10_000)])
    plain = plain_adapted(base, peft)
    with torch.no_grad():
        alone = [
            [plain_log_probability(plain, one) for one in (p.chosen, p.rejected)] for p in pairs
        ]
    torch.testing.assert_close(together, torch.tensor(alone), rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module")
def started(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter that supervised tuning left."""
    folder = tmp_path_factory.mktemp("started") / "adapter"
    rows = [pair.chosen for pair in make_pairs(4, seed=5)]
    train(base, rows, [], dataclasses.replace(SETTINGS, epochs=4), folder)
    return folder


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_first_dpo_loss_is_ln_2(base: Path, started: Path, tmp_path: Path, dtype: Any) -> None:
    """The reference is what training starts from; dropout and rounding do not tell them apart."""
    settings = dataclasses.replace(SETTINGS, preference="dpo", dropout=0.5, dtype=dtype, epochs=1)
    checks = make_pairs(3, seed=8)
    result = train(base, make_pairs(9), checks, settings, tmp_path, start_from=started)
    assert result.train_losses[0] == pytest.approx(math.log(2), abs=1e-4)
    assert result.validation_losses[0] == pytest.approx(math.log(2), abs=1e-4)
    assert result.train_losses[1] != result.train_losses[0]


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_preferences_move(base: Path, tmp_path: Path, kind: PreferenceLoss) -> None:
    settings = dataclasses.replace(SETTINGS, preference=kind, batch_examples=4, epochs=4)
    lessons = make_lessons(kind, 32, apart=True)
    checks = make_lessons(kind, 8, seed=1, apart=True)
    result = train(base, lessons, checks, settings, tmp_path)
    assert result.best_validation_loss < result.validation_losses[0]
    assert result.best_validation_loss is not None
    kept = result.validation_losses.index(result.best_validation_loss)
    assert len(result.preferred) == len(result.validation_losses) == 5
    assert result.preferred[0] < 0.7 < result.preferred[kept]


@pytest.mark.parametrize("kind", ["dpo", "kto"])
@pytest.mark.parametrize("step", [1, 3])
def test_resume_is_bit_equal(
    base: Path, started: Path, tmp_path: Path, kind: PreferenceLoss, step: int
) -> None:
    settings = dataclasses.replace(
        SETTINGS, preference=kind, batch_examples=4, epochs=2, save_every_steps=1
    )
    lessons, checks = make_lessons(kind, 7), make_lessons(kind, 3, seed=4)

    class StopError(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.step == step:
            raise StopError

    def run(output: Path, **rest: Any) -> Any:
        return train(base, lessons, checks, settings, output, start_from=started, **rest)

    whole = run(tmp_path / "whole")
    with pytest.raises(StopError):
        run(tmp_path / "killed", on_step=stop)
    again = run(tmp_path / "killed", resume=True)
    assert again.resumed_from == step - 1
    assert again.train_losses == whole.train_losses
    assert again.preferred == whole.preferred
    assert digest(tmp_path / "killed" / WEIGHTS) == digest(tmp_path / "whole" / WEIGHTS)


def test_a_start_from_elsewhere_is_refused(base: Path, started: Path, tmp_path: Path) -> None:
    settings = dataclasses.replace(SETTINGS, preference="dpo", rank=8)
    with pytest.raises(TuningError, match="another base, rank or targets"):
        train(base, make_pairs(4), [], settings, tmp_path / "a", start_from=started)
    with pytest.raises(TuningError, match="no adapter to start from"):
        train(base, make_pairs(4), [], settings, tmp_path / "b", start_from=tmp_path)


def test_pairs_that_say_nothing_are_refused() -> None:
    answer = answered([5, 6], [7])
    with pytest.raises(TuningError, match="are equal"):
        Pair(answer, answer)
    with pytest.raises(TuningError, match="do not follow the same prompt"):
        Pair(answer, answered([5, 9], [8]))
    with pytest.raises(TuningError, match="no prompt"):
        Pair(answered([], [7]), answered([], [8]))


def test_lessons_of_another_kind_are_named(base: Path, tmp_path: Path) -> None:
    lessons = [*make_pairs(2), make_pairs(1)[0].chosen]
    settings = dataclasses.replace(SETTINGS, preference="ipo")
    with pytest.raises(TuningError, match="learns from Pair, but lesson 2 is Rendered"):
        train(base, lessons, [], settings, tmp_path)


def test_answers_that_are_cut_are_counted(base: Path, tmp_path: Path) -> None:
    pairs = make_pairs(6)
    longest = max(len(pair.chosen.ids) for pair in pairs) - 1
    settings = dataclasses.replace(SETTINGS, preference="dpo", epochs=1, max_length=longest)
    result = train(base, pairs, [], settings, tmp_path)
    both = [one for pair in pairs for one in (pair.chosen, pair.rejected)]
    assert result.cut_answers == sum(len(one.ids) > longest for one in both) > 0


def test_ratings_weigh_the_same_in_all_whatever_their_number() -> None:
    units = objective_of(dataclasses.replace(SETTINGS, preference="kto")).units(
        make_lessons("kto", 6)
    )
    weights = [unit[0].weight for unit in units]
    assert sum(w for w in weights if w > 0) == pytest.approx(-sum(w for w in weights if w < 0))
    assert sum(map(abs, weights)) == pytest.approx(len(units))
    for rated, other in units:
        assert rated.ids[:40] == other.ids[:40]
        assert rated.ids != other.ids


def test_what_follows_the_end_of_a_turn_is_never_learnt() -> None:
    """A template's new line after the answer carries no loss, behind another prompt either."""
    lessons = make_lessons("kto", 4)
    lessons = [
        Rated(Rendered((*one.answer.ids, 5), (*one.answer.trained, False)), one.liked)
        for one in lessons
    ]
    units = objective_of(dataclasses.replace(SETTINGS, preference="kto")).units(lessons)
    for example in (example for unit in units for example in unit):
        learnt = [i for i, on in zip(example.ids, example.trained, strict=True) if on]
        assert learnt[-1] == END
        assert not example.trained[-1]
