"""Learning what people prefer: DPO, IPO and ORPO from pairs of answers, KTO from thumbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from sadari.tuning.examples import Example, Unit
from sadari.tuning.lessons import Lesson, Pair, Rated, only, split
from sadari.tuning.network import Network
from sadari.tuning.objective import Batch, Evaluation, Imitation, Objective
from sadari.tuning.packing import Row
from sadari.tuning.settings import PreferenceLoss, TuneSettings

RATED, OTHER = slice(0, 1), slice(1, 2)
"""What of a unit of ratings is learnt from, and what measures the drift."""

PairLoss = Callable[[Tensor, Tensor, Tensor, float], Tensor]
"""From log-probabilities of (chosen, rejected) answers, those of the reference, the tokens of the
answers, all of shape (pairs, 2), and beta, to the loss of each pair, shape (pairs,)."""


def dpo(policy: Tensor, reference: Tensor, tokens: Tensor, beta: float) -> Tensor:
    """Direct preference optimisation (Rafailov et al. 2023): -log sigmoid of beta times how much
    more the chosen answer gained on the reference than the rejected one."""
    chosen, rejected = (policy - reference).unbind(1)
    return -functional.logsigmoid(beta * (chosen - rejected))


def ipo(policy: Tensor, reference: Tensor, tokens: Tensor, beta: float) -> Tensor:
    """Identity preference optimisation (Azar et al. 2023): the gap between the gains is drawn to
    1 / (2 beta) instead of to infinity. Gains are means over tokens, so that the length of an
    answer does not decide, as its authors measured it."""
    chosen, rejected = ((policy - reference) / tokens).unbind(1)
    return (chosen - rejected - 1 / (2 * beta)).square()


def orpo(policy: Tensor, reference: Tensor, tokens: Tensor, beta: float) -> Tensor:
    """Odds-ratio preference optimisation (Hong et al. 2024): the chosen answer is imitated while
    its odds are raised over the rejected one's, both by means over tokens. Knows no reference."""
    mean = policy / tokens
    chosen, rejected = (mean - torch.log(-torch.expm1(mean))).unbind(1)
    return -mean[:, 0] - beta * functional.logsigmoid(chosen - rejected)


PAIR_LOSSES: dict[PreferenceLoss, PairLoss] = {"dpo": dpo, "ipo": ipo, "orpo": orpo}


def objective_of(settings: TuneSettings) -> Objective:
    """What these settings learn: answers, or what people prefer."""
    if settings.preference is None:
        return Imitation()
    if settings.preference == "kto":
        return FromRatings(settings.beta)
    return FromPairs(PAIR_LOSSES[settings.preference], settings.beta)


class FromPairs:
    """A loss of pairs. Learnt without dropout: noise in the policy would be compared with a
    reference that has none."""

    dropout = False

    def __init__(self, loss: PairLoss, beta: float) -> None:
        self.loss = loss
        self.beta = beta

    def units(self, lessons: Sequence[Lesson]) -> list[Unit]:
        """The chosen and the rejected answer of each pair, in one row for their prompt's sake."""
        return [
            (
                Example(i, pair.chosen.ids, pair.chosen.trained, 1.0, pair.chosen.source),
                Example(i, pair.rejected.ids, pair.rejected.trained, -1.0, pair.rejected.source),
            )
            for i, pair in enumerate(only(Pair, lessons))
        ]

    def reference(self, network: Network, batches: Iterable[Batch]) -> Tensor:
        """Log-probabilities of both answers, shape (pairs, 2); zeros where they are not used."""
        if self.loss is orpo:
            return torch.zeros(sum(len(batch.units) for batch in batches), 2)
        return all_log_probabilities(network, batches)

    def losses(self, network: Network, batch: Batch) -> Iterator[Tensor]:
        """Each row's share of the mean over pairs."""
        for row in network.pack(batch.units, batch.row_tokens):
            yield self._of(row, log_probabilities(network, row), batch).sum() / len(batch.units)

    def evaluate(self, network: Network, batch: Batch) -> Evaluation:
        """The mean over pairs, and in how many the chosen answer is the likelier one per token:
        by its whole probability the shorter one nearly always is."""
        loss = preferred = 0.0
        for row in network.pack(batch.units, batch.row_tokens):
            policy = log_probabilities(network, row)
            loss += self._of(row, policy, batch).sum().item()
            chosen, rejected = (policy / answer_tokens(row)).unbind(1)
            preferred += int((chosen > rejected).sum())
        return Evaluation(loss / len(batch.units), preferred / len(batch.units))

    def _of(self, row: Row, policy: Tensor, batch: Batch) -> Tensor:
        reference = referred(batch, row.units).to(policy.device)
        return self.loss(policy, reference, answer_tokens(row), self.beta)


class FromRatings:
    """KTO (Ethayarajh et al. 2024): a liked answer is to gain on the reference, a disliked one to
    lose, both measured from how far the policy has drifted for answers at large. That drift is
    estimated, without gradient, on answers that were given to another prompt."""

    dropout = False

    def __init__(self, beta: float) -> None:
        self.beta = beta

    def units(self, lessons: Sequence[Lesson]) -> list[Unit]:
        """Each rated answer, and the one before it that answers another prompt. Both sorts of
        ratings weigh the same in all, however many there are of each."""
        rated = only(Rated, lessons)
        liked = sum(one.liked for one in rated)
        weights = {True: 1.0, False: -1.0}
        if 0 < liked < len(rated):
            half = len(rated) / 2
            weights = {True: half / liked, False: -half / (len(rated) - liked)}
        prompts = [split(one.answer)[0] for one in rated]
        units: list[Unit] = []
        for i, (one, prompt) in enumerate(zip(rated, prompts, strict=True)):
            # Of the answers before it in a ring, the nearest that was given to another prompt.
            others = (i - back for back in range(1, len(rated)))
            other = next((j for j in others if prompts[j] != prompt), i)
            said, start = rated[other].answer, len(prompts[other])
            trained = (False,) * len(prompt) + said.trained[start:]
            units.append(
                (
                    Example(
                        i,
                        one.answer.ids,
                        one.answer.trained,
                        weights[one.liked],
                        one.answer.source,
                    ),
                    Example(i, prompt + said.ids[start:], trained, weight=0.0),
                )
            )
        return units

    def reference(self, network: Network, batches: Iterable[Batch]) -> Tensor:
        """Log-probabilities of the rated and of the other answer, shape (ratings, 2)."""
        kept = list(batches)
        return torch.cat(
            [
                all_log_probabilities(
                    network, [replace(b, units=[unit[part] for unit in b.units]) for b in kept]
                )
                for part in (RATED, OTHER)
            ],
            dim=1,
        )

    def losses(self, network: Network, batch: Batch) -> Iterator[Tensor]:
        """Each row's share of the mean over ratings."""
        drift = self._drift(network, batch)
        for row in self._rated(network, batch):
            yield self._of(row, log_probabilities(network, row), drift, batch)

    def evaluate(self, network: Network, batch: Batch) -> Evaluation:
        """The mean over ratings, and for the prompts that have both liked and disliked answers, in
        how many of these pairs the liked one is likelier per token."""
        drift = self._drift(network, batch)
        loss = 0.0
        found: dict[tuple[int, ...], list[tuple[float, float]]] = {}
        for row in self._rated(network, batch):
            policy = log_probabilities(network, row)
            loss += self._of(row, policy, drift, batch).item()
            means = (policy / answer_tokens(row))[:, 0].tolist()
            for (example,), value in zip(row.units, means, strict=True):
                prompt = example.ids[: example.trained.index(True)]
                found.setdefault(prompt, []).append((example.weight, value))
        pairs = [
            liked > disliked
            for rated in found.values()
            for up, liked in rated
            for down, disliked in rated
            if up > 0 > down
        ]
        return Evaluation(loss, sum(pairs) / len(pairs) if pairs else None)

    def _rated(self, network: Network, batch: Batch) -> list[Row]:
        return network.pack([unit[RATED] for unit in batch.units], batch.row_tokens)

    @torch.no_grad()
    def _drift(self, network: Network, batch: Batch) -> Tensor:
        """An estimate of the divergence from the reference over the batch, never below 0."""
        total = torch.zeros(())
        for row in network.pack([unit[OTHER] for unit in batch.units], batch.row_tokens):
            gained = log_probabilities(network, row)[:, 0].cpu() - referred(batch, row.units)[:, 1]
            total += gained.sum()
        return (total / len(batch.units)).clamp(min=0)

    def _of(self, row: Row, policy: Tensor, drift: Tensor, batch: Batch) -> Tensor:
        """The row's share of the batch's loss."""
        gained = policy[:, 0] - referred(batch, row.units)[:, 0].to(policy.device)
        weights = torch.tensor([unit[0].weight for unit in row.units], device=policy.device)
        towards = self.beta * weights.sign() * (gained - drift.to(policy.device))
        return (weights.abs() * (1 - towards.sigmoid())).sum() / len(batch.units)


def log_probabilities(network: Network, row: Row) -> Tensor:
    """log p of each answer in a row given its prompt, shape (units, examples of a unit)."""
    answers = torch.split(network.losses(row), list(row.lengths))
    return -torch.stack([answer.sum() for answer in answers]).view(len(row.units), -1)


def answer_tokens(row: Row) -> Tensor:
    """Tokens of each of these answers, the end of the turn among them, in the same shape."""
    return torch.tensor(row.lengths, device=row.targets.device).view(len(row.units), -1)


@torch.no_grad()
def all_log_probabilities(network: Network, batches: Iterable[Batch]) -> Tensor:
    """`log_probabilities` of a whole set, by `Example.index`, on the CPU.

    The batches are those that will be trained on, since a row's rounding depends on what else
    stands in it: the first loss is then what it must be in any precision.
    """
    network.model.eval()
    found: dict[int, Tensor] = {}
    for batch in batches:
        for row in network.pack(batch.units, batch.row_tokens):
            values = log_probabilities(network, row).cpu()
            found |= {unit[0].index: value for unit, value in zip(row.units, values, strict=True)}
    return torch.stack([found[index] for index in sorted(found)]) if found else torch.empty(0, 1)


def referred(batch: Batch, units: Sequence[Unit]) -> Tensor:
    """The reference's row of each of these units."""
    return batch.reference[[unit[0].index for unit in units]]
