"""A rung measured: its recipe takes the exam, and is timed, priced and asked what it retrieved."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sadari.assistant import Assistant, Recipe, bundle
from sadari.data import Dataset
from sadari.domain import Domain, Question
from sadari.evaluation import PersonVerdict, Score, evaluate, lay_over
from sadari.jobs import Tuned
from sadari.ladder.types import Rung, Training, Watch
from sadari.llm import Failure, LanguageModel
from sadari.retrieval import recall_at_k
from sadari.store import Store
from sadari.text import normalise

TIMED = 8  # questions asked one at a time, for the seconds that a single user waits


@dataclass(frozen=True)
class Measure:
    """What all rungs of a climb are measured with: one model, one exam, and what people said of
    its answers."""

    domain: Domain
    store: Store
    model: LanguageModel
    test: tuple[Question, ...]
    watch: Watch
    verdicts: tuple[PersonVerdict, ...] = ()

    async def exam(
        self, recipe: Recipe, questions: Sequence[Question], stage: str
    ) -> tuple[Score, ...]:
        """One score per question, with progress under the name `stage`."""
        return await self._exam(self._assistant(recipe), questions, stage)

    async def rung(self, recipe: Recipe, repeat: int = 0, *, timed: bool = True) -> Rung:
        """The rung that `recipe` makes; `repeat` numbers the training seed."""
        stage = recipe.name if repeat == 0 else f"{recipe.name}, seed {repeat + 1}"
        assistant = self._assistant(recipe)
        scores = await self._exam(assistant, self.test, stage, repeat)
        seconds = await self._wait_times(assistant) if timed else ()
        recall = None
        if recipe.retrieval is not None:
            assert assistant.index is not None
            recall = recall_at_k(assistant.index, self.test, recipe.retrieval.k)
        price = self.model.info.price
        return Rung(
            name=recipe.name,
            parent=recipe.parent,
            bundle=scores[0].bundle,
            scores=scores,
            seconds=seconds,
            price_per_thousand=_price(scores, self.model),
            currency=price.currency if price else "KRW",
            recall_at_k=recall,
            recipe=recipe.as_dict(),
        )

    async def tuned_rung(
        self, recipe: Recipe, tuned: Sequence[Tuned], learnt: Dataset, *, control: bool = False
    ) -> Rung:
        """Every seed's adapter takes the exam; the first one's bundle and waiting times stand for
        the rung. Nobody will wait for a control."""
        measured = [
            await self.rung(
                replace(recipe, adapter=str(one.adapter)),
                repeat,
                timed=repeat == 0 and not control,
            )
            for repeat, one in enumerate(tuned)
        ]
        return replace(
            measured[0],
            control=control,
            scores=tuple(score for rung in measured for score in rung.scores),
            training=tuple(_training(one) for one in tuned),
            facts={
                "verbatim_training_answers": self._verbatim(measured, learnt),
                "general_ability_drop": tuned[0].result["forgetting"]["drop"],
                "general_ability_drop_at_most": tuned[0].result["forgetting"]["high"],
            },
        )

    def _assistant(self, recipe: Recipe) -> Assistant:
        return Assistant(recipe, self.model, release=bundle(recipe, self.model.info).digest)

    async def _exam(
        self, assistant: Assistant, questions: Sequence[Question], stage: str, repeat: int = 0
    ) -> tuple[Score, ...]:
        scores = await evaluate(
            assistant,
            questions,
            {d.id: d for d in self.domain.documents},
            repeat=repeat,
            kept=self.store.home / "scores",
            on_progress=lambda done, total: self.watch(stage, done, total),
        )
        return lay_over(scores, questions, self.verdicts)

    async def _wait_times(self, assistant: Assistant) -> tuple[float, ...]:
        """Seconds from question to whole answer, one question at a time."""
        loop = asyncio.get_running_loop()
        seconds = []
        for question in self.test[:: max(1, len(self.test) // TIMED)][:TIMED]:
            began = loop.time()
            asked = assistant.recipe.prompt.of_task(question.messages, question.task)
            done = (await assistant.answer_all([asked]))[0]
            if not isinstance(done, Failure):
                seconds.append(loop.time() - began)
        return tuple(seconds)

    def _verbatim(self, measured: Sequence[Rung], learnt: Dataset) -> float:
        """Share of answers that are a training answer word for word, refusals left out."""
        answers = {normalise(record.messages[-1].content) for record in learnt.train}
        answers.discard(normalise(self.domain.settings.refusal))
        given = [normalise(score.answer) for rung in measured for score in rung.scores]
        return sum(answer in answers for answer in given) / max(1, len(given))


def _price(scores: Sequence[Score], model: LanguageModel) -> float | None:
    """Money for 1,000 answers of these lengths; None where the model has no price."""
    price = model.info.price
    if price is None:
        return None
    asked = [s for s in scores if s.right is not None]
    if not asked:
        return None
    read = sum(s.prompt_tokens for s in asked) / len(asked)
    written = sum(s.completion_tokens for s in asked) / len(asked)
    return (read * price.input_per_million + written * price.output_per_million) / 1000


def _training(tuned: Tuned) -> Training:
    result: Any = tuned.result
    return Training(
        seed=tuned.seed,
        adapter=str(tuned.adapter),
        examples=result["examples"],
        seconds=result["seconds"],
        tokens_per_second=result["tokens_per_second"],
        trainable=result["trainable"],
        total=result["total"],
        validation_loss=result["best_validation_loss"],
    )
