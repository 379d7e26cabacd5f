"""What remedies say, in each language: what was measured, and what to do. `IMITATING` holds all of
them; `PREFERRING` those that a preference says in words of its own."""

from __future__ import annotations

from collections.abc import Mapping

from sadari.text.language import Language

Words = Mapping[str, Mapping[Language, tuple[str, str]]]

IMITATING: Words = {
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


PREFERRING: Words = {
    "few": {
        "en": (
            "There were {0} opinions to learn from.",
            "Collect more in feedback/: two answers to a question and which is the better one, or "
            "thumbs up and down for kto.",
        ),
        "ko": (
            "배울 의견이 {0}개뿐입니다.",
            "feedback/에 더 모으십시오. 한 질문의 두 답과 나은 쪽, kto라면 좋아요와 싫어요입니다.",
        ),
    },
    "records": {
        "en": (
            "There were enough opinions and no answer was cut.",
            "Read those in feedback/: where they contradict each other, or the better answer is "
            "only the longer one, there is nothing to learn.",
        ),
        "ko": (
            "의견의 수는 충분하고 잘린 답은 없습니다.",
            "feedback/의 의견을 읽어 보십시오. 서로 어긋나거나 나은 답이 길기만 하다면 배울 것이 "
            "없습니다.",
        ),
    },
    "rose": {
        "en": (
            "The preference loss rose from {0:.3f} to {1:.3f}.",
            "Set learning_rate = {2:g} under [preference].",
        ),
        "ko": (
            "선호 손실이 {0:.3f}에서 {1:.3f}로 올랐습니다.",
            "[preference]에 learning_rate = {2:g}를 적으십시오.",
        ),
    },
    "overfitted": {
        "en": (
            "The preference loss fell from {0:.3f} to {1:.3f}, and that of the held-out opinions "
            "did not follow.",
            "Set learning_rate = {2:g} under [preference], or raise beta there.",
        ),
        "ko": (
            "선호 손실은 {0:.3f}에서 {1:.3f}로 내렸지만 남겨 둔 의견의 손실은 따라오지 않았습니다.",
            "[preference]에 learning_rate = {2:g}를 적거나 beta를 올리십시오.",
        ),
    },
    "still": {
        "en": (
            "The preference loss hardly moved ({0:.3f} to {1:.3f}).",
            "Set learning_rate = {2:g} under [preference].",
        ),
        "ko": (
            "선호 손실이 거의 움직이지 않았습니다({0:.3f}에서 {1:.3f}).",
            "[preference]에 learning_rate = {2:g}를 적으십시오.",
        ),
    },
    "more_epochs": {
        "en": (
            "Going through the opinions {0} times was too little to learn them.",
            "Try epochs = {1} under [preference].",
        ),
        "ko": (
            "의견을 {0}번 보고는 배우지 못했습니다.",
            "[preference]에 epochs = {1}을 해 보십시오.",
        ),
    },
    "fewer_epochs": {
        "en": (
            "The best epoch was {0} of {1}.",
            "Set epochs = {0} under [preference], or raise beta there.",
        ),
        "ko": (
            "가장 나은 것은 {1}에포크 가운데 {0}번째였습니다.",
            "[preference]에 epochs = {0}을 적거나 beta를 올리십시오.",
        ),
    },
    "base": {
        "en": (
            "If none of this helps, the tuning that it starts from may not say such answers yet.",
            "Give that one more epochs in [tuning], or a larger models.base.",
        ),
        "ko": (
            "그래도 나아지지 않으면 그 앞의 튜닝이 아직 그런 답을 하지 못하는 것일 수 있습니다.",
            "[tuning]의 epochs를 늘리거나 models.base를 더 큰 모델로 바꾸어 보십시오.",
        ),
    },
}
