"""The headings and labels of a verdict's table and report, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping

from sadari.text.language import Language

_LABELS: Mapping[str, tuple[str, str]] = {
    "title": ("How far up the ladder?", "사다리를 어디까지 올라야 할까?"),
    "quality": ("Quality", "품질"),
    "cost": ("Cost and time", "비용과 시간"),
    "rung": ("rung", "단"),
    "right": ("right (95% interval)", "정답률 (95% 구간)"),
    "step": ("step over parent, points", "부모 단보다, 포인트"),
    "p": ("p (Holm)", "p (Holm)"),
    "verdict": ("verdict", "판정"),
    "target_met": ("target", "목표"),
    "surely": ("surely met", "확실히 도달"),
    "measured": ("met, not surely", "도달, 불확실"),
    "no": ("not met", "미달"),
    "unseen": ("not in training", "학습에 없던 답"),
    "trained": ("facts in training", "학습에 있던 사실"),
    "control": ("control", "대조군"),
    "choice": ("Verdict", "판정"),
    "steps": ("Each step against its parent rung", "각 단과 부모 단의 비교"),
    "quality_plot": ("Share right, with interval", "정답률과 구간"),
    "cost_plot": ("Quality against cost and time", "비용·시간 대비 품질"),
    "failures": ("Where wrong answers come from", "오답이 생긴 곳"),
    "failures_note": (
        "Questions of the whole exam; means over seeds.",
        "전체 시험의 질문 수, 시드 평균.",
    ),
    "right_short": ("right", "정답"),
    "found_wrong": ("found, answered wrongly", "찾았으나 틀림"),
    "not_found": ("not found", "찾지 못함"),
    "unknown": ("wrong, nothing searched", "오답, 검색 없음"),
    "recall": ("recall@k", "recall@k"),
    "p50": ("p50 s", "p50 초"),
    "p95": ("p95 s", "p95 초"),
    "tokens_in_short": ("tokens in", "입력 토큰"),
    "tokens_out_short": ("out", "출력 토큰"),
    "price": ("price / 1,000", "가격 / 1,000개"),
    "break_even": ("break-even answers", "손익분기 답변 수"),
    "break_even_note": (
        "⇄ answers until the one-time cost is saved against the parent rung.",
        "⇄ 부모 단보다 아낀 돈이 일회성 비용을 넘기는 답변 수.",
    ),
    "per_thousand": ("Tokens and prices are per 1,000 answers.", "토큰과 가격은 답 1,000개당."),
    "tasks": ("By task", "작업별"),
    "topics": ("By topic", "주제별"),
    "levels": ("By level", "수준별"),
    "training": ("Training", "학습"),
    "seed": ("seed", "시드"),
    "seed_share": ("right (95% interval)", "정답률 (95% 구간)"),
    "examples": ("examples", "예제"),
    "seconds": ("seconds", "초"),
    "speed": ("tokens/s", "토큰/초"),
    "weights": ("weights trained", "학습한 가중치"),
    "loss": ("validation loss", "검증 손실"),
    "curves": ("Training curves", "학습 곡선"),
    "wrong": ("Wrong answers", "오답"),
    "answer": ("answer", "답"),
    "key": ("a right answer holds", "정답의 조건"),
    "reference": ("reference", "모범 답"),
    "why": ("why it is wrong", "틀린 까닭"),
    "evidence": ("evidence", "근거 문서"),
    "unasked": ("could not be asked", "물어보지 못함"),
    "none_wrong": ("No wrong answers.", "오답이 없습니다."),
    "cautions": ("Read with care", "유의할 점"),
    "method": ("How this was judged", "판정 방법"),
    "only_parent": ("only parent right", "부모 단만 정답"),
    "only_child": ("only this right", "이 단만 정답"),
    "both": ("both", "둘 다 정답"),
    "neither": ("neither", "둘 다 오답"),
    "visible": ("smallest visible difference", "보이는 최소 차이"),
    "questions": ("{0} questions", "질문 {0}개"),
    "groups": ("{0} groups", "묶음 {0}개"),
    "facts": ("Further measurements", "그 밖의 측정"),
    "points": ("points", "포인트"),
    "seed_word": ("wrong in {0} of {1} seeds", "시드 {1}개 중 {0}개에서 오답"),
}


def labels(language: Language) -> dict[str, str]:
    """All labels in one language."""
    index = 0 if language == "en" else 1
    return {key: pair[index] for key, pair in _LABELS.items()}
