"""What each check found and what to do about it, in English and Korean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sadari.data.quality import Check
from sadari.text.language import Language


@dataclass(frozen=True)
class _Words:
    """`name`, what was `found` (with the check's figures), and what to do (`todo`)."""

    name: str
    found: str
    todo: str


_EN: Mapping[str, _Words] = MappingProxyType(
    {
        "enough": _Words(
            "enough examples",
            "{0:,} training records; {1:,} are what practitioners call enough for this use",
            "Collect feedback, add documents, or raise `variants`. The learning curve decides.",
        ),
        "topics": _Words(
            "topics covered",
            "{0} of {1} topics have fewer than {2} records",
            "Write documents or collect questions for these topics.",
        ),
        "documents": _Words(
            "documents used",
            "{0} documents give no record",
            "Write full sentences under headings that name what they are about.",
        ),
        "exam_topics": _Words(
            "exam's topics taught",
            "{0} of the exam's {1} topics have no record",
            "Add documents on them, or drop the questions.",
        ),
        "lengths": _Words(
            "answer lengths",
            "{0} answers are a stub or longer than a page",
            "Answer in a sentence or a few; cut what nobody reads.",
        ),
        "whole": _Words(
            "whole answers",
            "{0} answers seem to break off",
            "Finish them: a model learns to stop where its examples stop.",
        ),
        "language": _Words(
            "language",
            "{0} answers are mostly in another language",
            "Translate or drop them.",
        ),
        "own_words": _Words(
            "people's own words",
            "{0:,} of {1:,} records are questions that people asked",
            "Collect feedback: users ask otherwise than documents are written.",
        ),
        "variety": _Words(
            "variety",
            "{0} records nearly repeat another",
            "Look whether they are needed; lower `near_duplicates` to merge more.",
        ),
        "agreement": _Words(
            "no contradictions",
            "{0} questions have answers that contradict each other",
            "Decide which answer holds and mend the other's source.",
        ),
        "exam_kept_out": _Words(
            "exam kept out",
            "{0} records repeated an exam question and were set aside",
            "Nothing is trained on them. Ask the exam in words of its own.",
        ),
        "exam_reworded": _Words(
            "exam not reworded",
            "{0} of {1} test questions may be asked in the training data in other words",
            "Look at them: drop the record, or the question, where they ask the same.",
        ),
        "privacy": _Words(
            "no personal data",
            "{0} records hold what looks like personal data",
            "Run `sadari data redact` over their source.",
        ),
        "jargon": _Words(
            "glossary in use",
            "{0} of {1} glossary terms are never used; {2} % of the records use one",
            "Collect questions with these terms, or drop them from the glossary.",
        ),
        "kept": _Words(
            "rows kept",
            "{0} rows were broken and set aside",
            "Mend them at the lines named below.",
        ),
    }
)
_KO: Mapping[str, _Words] = MappingProxyType(
    {
        "enough": _Words(
            "예시의 양",
            "학습 기록 {0:,}건. 이런 용도라면 보통 {1:,}건을 충분하다고 본다",
            "피드백이나 문서를 더하거나 `variants`를 올리세요. 판단은 학습 곡선이 합니다.",
        ),
        "topics": _Words(
            "주제별 기록",
            "주제 {1}개 가운데 {0}개에 기록이 {2}건보다 적다",
            "이 주제의 문서를 쓰거나 질문을 모으세요.",
        ),
        "documents": _Words(
            "쓰인 문서",
            "문서 {0}개에서 기록이 나오지 않았다",
            "무엇에 대한 글인지 알 수 있는 제목 아래에 온전한 문장으로 쓰세요.",
        ),
        "exam_topics": _Words(
            "시험 주제",
            "시험 주제 {1}개 가운데 {0}개에 기록이 없다",
            "이 주제의 문서를 더하거나 질문을 빼세요.",
        ),
        "lengths": _Words(
            "답의 길이",
            "답 {0}개가 토막이거나 한 쪽을 넘는다",
            "한 문장이나 몇 문장으로 답하고 아무도 읽지 않을 것은 줄이세요.",
        ),
        "whole": _Words(
            "끝맺은 답",
            "답 {0}개가 중간에 끊긴 듯하다",
            "끝까지 쓰세요. 모델은 예시가 멈춘 곳에서 멈추도록 배웁니다.",
        ),
        "language": _Words(
            "언어",
            "답 {0}개가 대부분 다른 언어이다",
            "옮기거나 빼세요.",
        ),
        "own_words": _Words(
            "사람의 말",
            "기록 {1:,}건 가운데 {0:,}건이 사람이 실제로 한 질문이다",
            "피드백을 모으세요. 사용자는 문서의 말로 묻지 않습니다.",
        ),
        "variety": _Words(
            "다양함",
            "기록 {0}건이 다른 기록과 거의 같다",
            "필요한지 보고, 더 합치려면 `near_duplicates`를 낮추세요.",
        ),
        "agreement": _Words(
            "모순 없음",
            "질문 {0}개에 서로 어긋나는 답이 있다",
            "어느 답이 맞는지 정하고 다른 쪽의 출처를 고치세요.",
        ),
        "exam_kept_out": _Words(
            "시험과 분리",
            "기록 {0}건이 시험 질문과 같아 빠졌다",
            "이 기록으로는 학습하지 않습니다. 시험은 다른 말로 물으세요.",
        ),
        "exam_reworded": _Words(
            "바꿔 쓴 시험 질문",
            "시험 질문 {1}개 가운데 {0}개를 학습 기록이 다른 말로 묻는 듯하다",
            "살펴보고 같은 질문이면 기록이나 시험 질문 가운데 하나를 빼세요.",
        ),
        "privacy": _Words(
            "개인 정보 없음",
            "기록 {0}건에 개인 정보로 보이는 것이 있다",
            "출처에 `sadari data redact`를 실행하세요.",
        ),
        "jargon": _Words(
            "용어집",
            "용어 {1}개 가운데 {0}개가 쓰이지 않았고, 기록의 {2} %가 용어를 쓴다",
            "이 용어가 든 질문을 모으거나 용어집에서 빼세요.",
        ),
        "kept": _Words(
            "남은 행",
            "깨진 행 {0}개가 빠졌다",
            "아래 줄을 고치세요.",
        ),
    }
)
_LABELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("Data report", "데이터 보고서"),
        "score": ("Quality", "품질"),
        "records": ("training + validation records", "학습 + 검증 기록"),
        "todo": ("What to do, by gain", "할 일, 이득이 큰 순서"),
        "nothing": ("Nothing: every check is good.", "없음: 모든 검사가 좋습니다."),
        "checks": ("Checks", "검사"),
        "ledger": ("Every row accounted for", "모든 행의 행방"),
        "step": ("step", "단계"),
        "in": ("in", "들어옴"),
        "made": ("made", "만듦"),
        "merged": ("merged", "합침"),
        "set_aside": ("set aside", "빠짐"),
        "out": ("out", "나감"),
        "reasons": ("Why rows were set aside", "행이 빠진 까닭"),
        "lengths": ("Answer lengths, characters", "답의 길이, 글자"),
        "topics": ("Records by topic", "주제별 기록"),
        "kinds": ("Records by rule", "규칙별 기록"),
        "gain": ("gain", "이득"),
        "examples": ("examples", "보기"),
    }
)


def name_of(check: Check, language: Language) -> str:
    """The check's name."""
    return _words(check, language).name


def found_by(check: Check, language: Language) -> str:
    """What the check found, as a sentence with its figures."""
    return f"{_words(check, language).found.format(*check.figures)}."


def advice(check: Check, language: Language) -> str:
    """What to do about it."""
    return _words(check, language).todo


def labels(language: Language) -> Mapping[str, str]:
    """The headings of the report."""
    return {key: words[language == "ko"] for key, words in _LABELS.items()}


def _words(check: Check, language: Language) -> _Words:
    return (_KO if language == "ko" else _EN)[check.id]
