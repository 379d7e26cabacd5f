"""The sentences of a verdict, in English and Korean. Korean ones use only particles that do not
change with the last sound of a rung's name."""

from __future__ import annotations

from collections.abc import Mapping

from sadari.evaluation.compare import Comparison
from sadari.ladder.figures import between, percent, points
from sadari.ladder.judgement import Judgement, Verdict
from sadari.ladder.people import people_sentences
from sadari.ladder.standing import Part, Standing
from sadari.stats import smallest_visible_difference
from sadari.text.language import Bilingual, Language

WORD: Mapping[str, Bilingual] = {
    "better": {"en": "better", "ko": "더 낫다"},
    "worse": {"en": "worse", "ko": "더 못하다"},
    "not worse": {"en": "not worse", "ko": "못하지 않다"},
    "inconclusive": {"en": "inconclusive", "ko": "판단 보류"},
    "void": {"en": "void", "ko": "무효"},
    "gained": {"en": "control gained!", "ko": "대조군이 올랐음!"},
    "gained nothing": {"en": "control clean", "ko": "대조군 정상"},
}

DOUBT: Mapping[str, Bilingual] = {
    "one seed": {
        "en": "it was trained with one seed only, and that may be luck: train one or two more",
        "ko": "학습 시드가 하나뿐이라 운일 수 있습니다. 시드를 한두 개 더 학습하십시오",
    },
    "carried by one seed": {
        "en": "a single training seed carries the difference: train one or two more",
        "ko": "시드 하나가 차이를 만들었습니다. 시드를 한두 개 더 학습하십시오",
    },
    "seeds differ": {
        "en": "the training seeds differ so much that the next one may come out otherwise: train "
        "one or two more",
        "ko": "시드마다 결과가 크게 달라 다음 시드는 다를 수 있습니다. 시드를 한두 개 더 "
        "학습하십시오",
    },
    "control gained": {
        "en": "the control with shuffled answers gained too, so the gain is not knowledge",
        "ko": "답을 섞은 대조군도 올랐으므로 지식을 배운 결과가 아닙니다",
    },
}


def share(part: Part, language: Language) -> str:
    """A share right, never without its interval and its number of questions."""
    if part.n == 0:
        return {"en": "not measured", "ko": "측정하지 않음"}[language]
    words = {"en": "{0} ({1}; {2} questions)", "ko": "{0} ({1}, 질문 {2}개)"}[language]
    return words.format(percent(part.share.estimate), between(part.share), part.n)


def span(comparison: Comparison, language: Language) -> str:
    """A difference with its interval: +18 points (95% interval +6 to +30)."""
    low, high = points(comparison.interval.low), points(comparison.interval.high)
    level = f"{100 * comparison.interval.level:g}%"
    words = {"en": "{0} points ({1} interval {2} to {3})", "ko": "{0}포인트 ({1} 구간 {2}~{3})"}
    return words[language].format(points(comparison.difference), level, low, high)


def foresight(n: int, comparisons: int, *, alpha: float = 0.05, language: Language = "en") -> str:
    """What `n` questions cannot show, said before anything is measured: the smallest difference
    found four times in five, if two rungs disagree on 30% of the questions."""
    visible = smallest_visible_difference(n, alpha=alpha / max(1, comparisons))
    words: Bilingual = {
        "en": "With {n} questions and {c} {steps} to judge, a true difference below about {v:.0f} "
        "points will mostly be missed (80% power, if two rungs disagree on 30% of them).",
        "ko": "질문 {n}개, 비교 {c}번으로는 약 {v:.0f}포인트보다 작은 차이는 대부분 놓칩니다 "
        "(검정력 80%, 두 단이 질문의 30%에서 엇갈린다고 볼 때).",
    }
    return words[language].format(
        n=n, c=comparisons, v=100 * visible, steps="step" if comparisons == 1 else "steps"
    )


def verdict_sentence(verdict: Verdict, margin: float, language: Language) -> str:
    """One step in one sentence: difference, interval, p, and what would decide it."""
    c = verdict.comparison
    p = c.p if c.p_holm is None else c.p_holm
    values = {
        "child": c.child,
        "parent": c.parent,
        "span": span(c, language),
        "n": c.n,
        "p": f"p = {p:.3f}" if p >= 0.001 else "p < 0.001",
        "margin": f"{100 * margin:g}",
        "void": c.void,
        "doubt": DOUBT[verdict.doubt][language] if verdict.doubt else "",
        "on": _where(verdict, language),
        "more": more(verdict, language),
    }
    return _STEP[_key(verdict)][language].format(**values)


def more(verdict: Verdict, language: Language) -> str:
    """How many further questions would decide an open step."""
    if verdict.more is None:
        return {
            "en": "no difference was measured that more questions could confirm",
            "ko": "질문을 늘려도 확인할 차이가 측정되지 않았습니다",
        }[language]
    count = f"{_round(verdict.more):,}"
    return {
        "en": f"about {count} more questions like these would decide it, if the difference is real",
        "ko": f"이 차이가 실제라면 비슷한 질문 약 {count}개가 더 있어야 판단할 수 있습니다",
    }[language]


def explain(judgement: Judgement, language: Language | None = None) -> tuple[str, ...]:
    """The whole verdict in sentences: the choice first, then each step, failures and cautions."""
    tongue = language or judgement.language
    steps = [verdict_sentence(v, judgement.margin, tongue) for v in judgement.verdicts]
    apart = [_memory(s, tongue) for s in judgement.standings if s.tuned and not s.control]
    failing = [_failing(s, tongue) for s in judgement.standings if s.name == judgement.choice]
    cautions = (_unheld(judgement, tongue), _blind(judgement, tongue), _look(judgement, tongue))
    people = people_sentences(judgement, tongue)
    lines = (choice_sentence(judgement, tongue), *steps, *apart, *failing, *people, *cautions)
    return tuple(line for line in lines if line)


def choice_sentence(judgement: Judgement, language: Language) -> str:
    """Which rung to use, and the rule that chose it."""
    standing = judgement.standing(judgement.choice)
    text = _CHOICE[judgement.why][language].format(
        rung=judgement.choice,
        target=percent(judgement.target),
        share=share(standing.deciding, language),
    )
    if judgement.why == "meets" and standing.meets == "measured":
        text += {
            "en": " The interval reaches below the target: met in this measurement, not yet "
            "beyond doubt.",
            "ko": " 구간이 목표 아래까지 걸치므로, 이번에는 넘었지만 아직 확실하지 않습니다.",
        }[language]
    return text


_CHOICE: Mapping[str, Bilingual] = {
    "meets": {
        "en": "Use {rung}: the cheapest rung that meets the target of {target}, with {share} "
        "right.",
        "ko": "{rung} 사용: 목표 {target}에 이른 단 가운데 가장 싸며, 정답률 {share}.",
    },
    "paid": {
        "en": "No rung may be said to meet the target of {target}. Use {rung}: the highest whose "
        "step paid by its test, with {share} right.",
        "ko": "목표 {target}에 이르렀다고 할 수 있는 단이 없습니다. {rung} 사용: 검정에서 효과가 "
        "확인된 가장 높은 단이며, 정답률 {share}.",
    },
    "nothing paid": {
        "en": "No rung may be said to meet the target of {target}, and no step paid by its test. "
        "Stay with {rung}: {share} right.",
        "ko": "목표 {target}에 이르렀다고 할 수 있는 단이 없고, 효과가 확인된 단도 없습니다. "
        "{rung} 유지: 정답률 {share}.",
    },
}

_STEP: Mapping[str, Bilingual] = {
    "better": {
        "en": "{child} is better than {parent}: {span} on {n} questions{on}, {p} (Holm).",
        "ko": "{child}: {parent}보다 낫습니다. {span}, 질문 {n}개{on}, {p} (Holm).",
    },
    "worse": {
        "en": "{child} is worse than {parent}: {span} on {n} questions{on}, {p} (Holm).",
        "ko": "{child}: {parent}보다 못합니다. {span}, 질문 {n}개{on}, {p} (Holm).",
    },
    "not worse": {
        "en": "{child} is not worse than {parent} by {margin} points or more, and not shown to be "
        "better: {span} on {n} questions{on}, {p} (Holm); {more}.",
        "ko": "{child}: {parent}보다 {margin}포인트 이상 못하지는 않지만, 더 낫다고 할 수도 "
        "없습니다. {span}, 질문 {n}개{on}, {p} (Holm). {more}.",
    },
    "inconclusive": {
        "en": "{child} against {parent} is inconclusive: {span} on {n} questions{on}, {p} "
        "(Holm); {more}.",
        "ko": "{child}: {parent}보다 나은지 아직 알 수 없습니다. {span}, 질문 {n}개{on}, "
        "{p} (Holm). {more}.",
    },
    "doubted": {
        "en": "{child} against {parent} is inconclusive: {span} on {n} questions{on}, {p} "
        "(Holm), but {doubt}.",
        "ko": "{child}: {parent}보다 나은지 아직 알 수 없습니다. {span}, 질문 {n}개{on}, "
        "{p} (Holm). 다만 {doubt}.",
    },
    "void": {
        "en": "{child} against {parent} says nothing: {void}. Ask those again.",
        "ko": "{child} ↔ {parent} 비교는 무효입니다 ({void}). 다시 물어보십시오.",
    },
    "gained": {
        "en": "Alarm: the control {child} gained over {parent}: {span} on {n} questions{on}, "
        "{p}. Trained on shuffled answers, it must not.",
        "ko": "경보: 대조군 {child}의 정답률이 {parent}보다 올랐습니다. {span}, 질문 {n}개{on}, "
        "{p}. 답을 섞어 학습했으므로 오르면 안 됩니다.",
    },
    "gained nothing": {
        "en": "The control {child} gained nothing over {parent}, as it must: {span} on {n} "
        "questions{on}.",
        "ko": "대조군 {child}: {parent}보다 오르지 않았습니다(정상). {span}, 질문 {n}개{on}.",
    },
}


def _key(verdict: Verdict) -> str:
    return "doubted" if verdict.doubt else verdict.word


def _where(verdict: Verdict, language: Language) -> str:
    if not verdict.on_unseen:
        return ""
    return {"en": " that tuning cannot have seen", "ko": "(학습에 없던 답)"}[language]


def _round(count: int) -> int:
    """Two leading digits: a forecast of questions is no better than that."""
    scale = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // scale) * scale


def _memory(standing: Standing, language: Language) -> str:
    if standing.trained is None or standing.held_out is None:
        return ""
    if not standing.trained.n and not standing.held_out.n:
        return ""
    words: Bilingual = {
        "en": "{0} on facts that were in its training: {1}; on facts held out: {2}.",
        "ko": "{0}: 학습에 있던 사실에서 {1}, 학습에 없던 사실에서 {2}.",
    }
    trained, held_out = share(standing.trained, language), share(standing.held_out, language)
    return words[language].format(standing.name, trained, held_out)


def _failing(standing: Standing, language: Language) -> str:
    f = standing.failures
    if f.not_found + f.found_wrong == 0:
        return ""
    words: Bilingual = {
        "en": "Wrong answers of {0}{3}: {1:.3g} not found, {2:.3g} found but answered wrongly.",
        "ko": "{0}의 오답{3}: 찾지 못함 {1:.3g}, 찾았으나 틀림 {2:.3g}.",
    }
    mean = {"en": ", as a mean over seeds", "ko": "(시드 평균)"}[language]
    several = mean if len(standing.seeds) > 1 else ""
    return words[language].format(standing.name, f.not_found, f.found_wrong, several)


def _unheld(judgement: Judgement, language: Language) -> str:
    open_steps = [v for v in judgement.verdicts if not v.on_unseen and not v.control]
    if not any(judgement.standing(v.name).tuned for v in open_steps):
        return ""
    return {
        "en": "No question's documents were held out of tuning, so what a tuned rung gained may "
        "be memory rather than skill.",
        "ko": "학습에서 뺀 문서의 질문이 없으므로, 파인튜닝의 향상은 능력이 아니라 암기일 수 "
        "있습니다.",
    }[language]


def _blind(judgement: Judgement, language: Language) -> str:
    comparisons = sum(not verdict.control for verdict in judgement.verdicts)
    if not comparisons:
        return ""
    return foresight(judgement.n, comparisons, alpha=judgement.alpha, language=language)


def _look(judgement: Judgement, language: Language) -> str:
    if judgement.look <= 1:
        return {
            "en": "First look at these test questions.",
            "ko": "이 시험 질문으로 처음 내린 판정입니다.",
        }[language]
    return {
        "en": f"Look {judgement.look} at these test questions: each further look makes a lucky "
        "winner likelier. Bring new questions before the decision is final.",
        "ko": f"이 시험 질문으로 내린 {judgement.look}번째 판정입니다. 볼 때마다 운 좋은 승자가 "
        "나오기 쉬우므로, 최종 결정 전에 새 질문을 준비하십시오.",
    }[language]
