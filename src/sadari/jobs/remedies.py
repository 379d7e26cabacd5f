"""What to try when a tuning gained nothing, or took too long or too much memory: in the order in
which it usually helps, each with what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any, Literal

from sadari.tuning import TuneSettings

Language = Literal["en", "ko"]

FEW_EXAMPLES = 100
FELL = 0.05  # share of the first loss by which a training loss must fall to have fallen
CAREFUL_RATE = 1e-4
SLOW_SECONDS = 3600.0
FULL = 0.8  # of the machine's memory


@dataclass(frozen=True)
class Remedy:
    """One thing to try. `id` is fixed; `why` is what was measured, `todo` what to do."""

    id: str
    why: str
    todo: str

    def __str__(self) -> str:
        return f"{self.why} {self.todo}"


def remedies(
    result: Mapping[str, Any], language: Language = "en", memory_bytes: int | None = None
) -> list[Remedy]:
    """For a finished tuning's result (`tuning.json`), the remedies in order: data, rate, epochs,
    another base where it is no better than its base; then speed and memory. Empty if all is well.

    `memory_bytes` is what the machine has."""
    found = []
    if not gained(result):
        found += [*_data(result), *_rate(result), *_epochs(result), ("base", ())]
    found += _speed(result)
    if memory_bytes and result["peak_memory_bytes"] > FULL * memory_bytes:
        found.append(("memory", (result["peak_memory_bytes"] / memory_bytes,)))
    return [_said(name, figures, language) for name, figures in found]


def gained(result: Mapping[str, Any]) -> bool:
    """Whether the kept weights predict the validation answers better than the base."""
    best, losses = result["best_validation_loss"], result["validation_losses"]
    return best is None or not losses or bool(best < losses[0])


_Found = tuple[str, tuple[Any, ...]]


def _data(result: Mapping[str, Any]) -> list[_Found]:
    found: list[_Found] = []
    if result["cut_answers"]:
        found.append(("cut", (result["cut_answers"], result["settings"]["max_length"])))
    if result["examples"] < FEW_EXAMPLES:
        found.append(("few", (result["examples"],)))
    return found or [("records", ())]


def _rate(result: Mapping[str, Any]) -> list[_Found]:
    first, last = _ends(result["train_losses"])
    rate = TuneSettings.from_json(result["settings"]).peak_rate
    if last > first and rate > CAREFUL_RATE:
        return [("rose", (first, last, CAREFUL_RATE))]
    if _learnt(result) and rate > CAREFUL_RATE:
        return [("overfitted", (first, last, CAREFUL_RATE))]
    if not _learnt(result) and rate <= CAREFUL_RATE:
        return [("still", (first, last, 2 * CAREFUL_RATE))]
    return []


def _epochs(result: Mapping[str, Any]) -> list[_Found]:
    epochs, losses = result["settings"]["epochs"], result["validation_losses"]
    if not _learnt(result):
        return [("more_epochs", (epochs, 2 * epochs))]
    best = losses.index(min(losses[1:]), 1) if len(losses) > 1 else 1
    return [("fewer_epochs", (best, epochs))] if best < epochs else []


def _speed(result: Mapping[str, Any]) -> list[_Found]:
    if result["seconds"] < SLOW_SECONDS:
        return []
    found: list[_Found] = [("slow", (result["seconds"] / 3600, result["tokens_per_second"]))]
    if result["device"] == "cpu":
        found.append(("gpu", ()))
    return found


def _learnt(result: Mapping[str, Any]) -> bool:
    first, last = _ends(result["train_losses"])
    return last < (1 - FELL) * first


def _ends(losses: Sequence[float]) -> tuple[float, float]:
    """The mean of the first and of the last tenth of the steps."""
    tenth = max(1, len(losses) // 10)
    return mean(losses[:tenth]), mean(losses[-tenth:])


_WORDS: dict[str, dict[Language, tuple[str, str]]] = {
    "cut": {
        "en": (
            "{0} answers were cut at {1} tokens.",
            "Raise max_length, or shorten prompts and passages.",
        ),
        "ko": (
            "답 {0}개가 {1}토큰에서 잘렸습니다.",
            "max_length를 올리거나 지시문과 구절을 줄이십시오.",
        ),
    },
    "few": {
        "en": (
            "There were {0} examples.",
            "Write documents or collect feedback; `sadari data report` says where it is thin.",
        ),
        "ko": (
            "학습 예가 {0}개뿐입니다.",
            "문서를 더 쓰거나 피드백을 모으십시오. 얇은 곳은 `sadari data report`가 알려 줍니다.",
        ),
    },
    "records": {
        "en": (
            "There were enough examples and no answer was cut.",
            "Read what the model reads: `sadari data preview`. Answers that contradict each other, "
            "or that the prompt does not ask for, teach nothing.",
        ),
        "ko": (
            "학습 예의 수는 충분하고 잘린 답은 없습니다.",
            "모델이 읽는 것을 `sadari data preview`로 읽어 보십시오. 서로 어긋나거나 묻지 않은 "
            "답에서는 배울 것이 없습니다.",
        ),
    },
    "rose": {
        "en": (
            "The training loss rose from {0:.2f} to {1:.2f}.",
            "Lower learning_rate to {2:g}.",
        ),
        "ko": (
            "학습 손실이 {0:.2f}에서 {1:.2f}로 올랐습니다.",
            "learning_rate를 {2:g}로 낮추십시오.",
        ),
    },
    "overfitted": {
        "en": (
            "The training loss fell from {0:.2f} to {1:.2f}; the validation loss did not follow.",
            "Lower learning_rate to {2:g}.",
        ),
        "ko": (
            "학습 손실은 {0:.2f}에서 {1:.2f}로 내렸지만 검증 손실은 따라오지 않았습니다.",
            "learning_rate를 {2:g}로 낮추십시오.",
        ),
    },
    "still": {
        "en": (
            "The training loss hardly moved ({0:.2f} to {1:.2f}).",
            "Raise learning_rate to {2:g}.",
        ),
        "ko": (
            "학습 손실이 거의 움직이지 않았습니다({0:.2f}에서 {1:.2f}).",
            "learning_rate를 {2:g}로 올리십시오.",
        ),
    },
    "more_epochs": {
        "en": ("{0} epochs were too few to learn the examples.", "Try {1}."),
        "ko": ("{0}에포크로는 예를 배우지 못했습니다.", "{1}에포크를 해 보십시오."),
    },
    "fewer_epochs": {
        "en": ("The best epoch was {0} of {1}.", "Set epochs to {0}, or raise dropout."),
        "ko": (
            "가장 나은 것은 {1}에포크 가운데 {0}번째였습니다.",
            "epochs = {0}, 또는 dropout을 올리십시오.",
        ),
    },
    "base": {
        "en": (
            "If none of this helps, the base may not be able to learn it.",
            "Try a larger one, or one that speaks the domain's language, as models.base.",
        ),
        "ko": (
            "그래도 나아지지 않으면 기반 모델이 배울 수 없는 것일 수 있습니다.",
            "models.base를 더 크거나 이 언어를 잘하는 모델로 바꾸어 보십시오.",
        ),
    },
    "slow": {
        "en": (
            "It took {0:.1f} hours at {1:,.0f} tokens per second.",
            "Lower max_length or data.variants, or tune a smaller base first.",
        ),
        "ko": (
            "초당 {1:,.0f}토큰으로 {0:.1f}시간이 걸렸습니다.",
            "max_length나 data.variants를 낮추거나 더 작은 기반 모델부터 튜닝하십시오.",
        ),
    },
    "gpu": {
        "en": ("It ran on the CPU.", "A GPU is worth most here."),
        "ko": ("CPU에서 돌았습니다.", "GPU가 가장 큰 도움이 됩니다."),
    },
    "memory": {
        "en": (
            "It filled {0:.0%} of the machine's memory.",
            "In this order: a shorter max_length, method qlora, a smaller base.",
        ),
        "ko": (
            "이 컴퓨터 메모리의 {0:.0%}를 썼습니다.",
            "차례로 해 보십시오: 더 짧은 max_length, qlora, 더 작은 기반 모델.",
        ),
    },
}


def _said(name: str, figures: tuple[Any, ...], language: Language) -> Remedy:
    why, todo = _WORDS[name][language]
    return Remedy(name, why.format(*figures), todo.format(*figures))
