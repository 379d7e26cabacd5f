"""How people ask: spoken, polite, and in bare keywords, by what kind of thing a phrase names."""

from __future__ import annotations

import re

from sadari.text.josa import adnominal, final_consonant, with_josa

Questions = tuple[str, ...]

MEANING = ("정의", "뜻", "의미", "개념")
CAUSE = ("원인", "이유", "까닭")
REMEDY = ("조치", "대책", "대처", "해결", "해결책", "복구", "대응")
PREVENTION = ("예방", "방지")
SYMPTOM = ("증상", "징후", "조짐")
EFFECT = ("영향",)
METHOD = ("방법", "방식", "요령")
ORDER = ("순서", "절차")
DIFFERENCE = ("차이", "차이점", "비교")
DISTINCTION = ("구분", "구별", "판정", "판단", "확인", "점검", "측정", "감시", "관리")
PERIOD = ("주기",)
VALUE = ("값", "설정값", "기준", "기준값", "한계", "한도", "범위", "규격", "수치", "목표값")
ROLE = ("역할", "기능", "용도")
STEP = ("단계",)
FAMILIES = (
    MEANING, CAUSE, REMEDY, PREVENTION, SYMPTOM, EFFECT, METHOD, ORDER, DIFFERENCE, DISTINCTION,
    PERIOD, VALUE, ROLE, STEP,
)  # fmt: skip
OF_THINGS = (CAUSE, SYMPTOM, EFFECT)
_ORDINALS = (
    "첫",
    "첫째",
    "둘째",
    "셋째",
    "넷째",
    "다섯째",
    "다음",
    "마지막",
    "주된",
    "가장 큰",
    "또 다른",
)


def about(subject: str, *, amount: bool = False) -> Questions:
    """Questions for a phrase that names what is asked for: `X의 원인`, `X을 줄이는 방법`, `X`.
    `amount` says that the answer is a quantity. The first wording is the plainest."""
    before, _, head = subject.rpartition(" ")
    if amount:
        return amount_of(subject)
    if head == "때":
        return _effect(subject, True)
    if not before or before.endswith(_ORDINALS):
        return _plain(subject, head)
    of = before.removesuffix("의") if not before.endswith("때의") else before[:-1]
    when = of.endswith(("때", "뒤", "후", "전"))
    of_it = of if when else with_josa(of, "은")
    family = next((f for f in FAMILIES if head in f), None)
    if family is MEANING:
        return meaning_of(of)
    if family is None or (before[-1] != "의" and _is_clause(before)):
        return _of_clause(before, head, subject)
    if family is ORDER and of.endswith(CAUSE):
        return (*thing(of)[:2], f"{with_josa(of, '을')} 순서대로 알려 주세요.", f"{of} {head}")
    if not before.endswith("의") and (family in OF_THINGS or final_consonant(of) in (4, 8)):
        return _plain(subject, head)  # 윗면만 두꺼운 증상
    if family is CAUSE:
        more = () if when else (f"{of_it} 왜 생기나요?", f"{of} 왜 생겨?")
        return (*_plain(subject, head), *more)
    if family is REMEDY:
        return (
            f"{of_it} 어떻게 조치하나요?",
            f"{of} 어떻게 해?",
            f"{of} 어떻게 해결해?",
            f"{of} 조치 방법 알려 주세요.",
            f"{of} 조치",
        )
    if family is PREVENTION:
        return (
            f"{with_josa(of, '은')} 어떻게 {head}하나요?",
            f"{of} 안 생기게 하려면 어떻게 해?",
            f"{of} {head} 방법 알려 주세요.",
            f"{of} {head}",
        )
    if family is SYMPTOM:
        then = of if when else f"{of}일 때"
        return (
            f"{with_josa(subject, '은')} 무엇인가요?",
            f"{then} 어떤 {with_josa(head, '이')} 나타나?",
            f"{then} 어떤 {with_josa(head, '이')} 보이나요?",
            f"{of} {head}",
        )
    if family is EFFECT:
        return _effect(of, when)
    if family is ORDER:
        return _order(of, head)
    if family is DIFFERENCE and re.search(r"[와과] ", of):
        return (
            f"{with_josa(of, '은')} 어떻게 다른가요?",
            f"{with_josa(of, '은')} 뭐가 달라?",
            f"{of} {head} 알려줘",
            f"{of} {head}",
        )
    if family is DISTINCTION:
        how = "무엇을" if when else "어떻게"
        return (
            f"{of_it} {how} {head}하나요?",
            f"{of} {'뭘' if when else how} {head}해?",
            f"{of} {head} 방법 알려 주세요.",
            f"{of} {head}",
        )
    if family is PERIOD:
        return (
            f"{with_josa(subject, '이')} 어떻게 되나요?",
            f"{with_josa(of, '은')} 얼마나 자주 해?",
            f"{with_josa(of, '은')} 언제 하면 되나요?",
            f"{of} {head}",
        )
    if family is ROLE:
        return (
            f"{with_josa(of, '은')} 어떤 {with_josa(head, '을')} 하나요?",
            f"{with_josa(of, '은')} 뭐 하는 거야?",
            f"{with_josa(of, '이')} 왜 필요해요?",
            f"{of} {head}",
        )
    return _plain(subject, head)


def meaning_of(name: str) -> Questions:
    """Questions for what a thing is."""
    return (
        f"{with_josa(name, '이란')} 무엇인가요?",
        f"{with_josa(name, '이')} 뭐야?",
        f"{name} 뜻이 뭐예요?",
        f"{with_josa(name, '이')} 무슨 말이야?",
        f"{name} 정의",
    )


def thing(name: str) -> Questions:
    """Questions for what something of a thing is: its aim, its advantage."""
    return (
        f"{with_josa(name, '은')} 무엇인가요?",
        f"{with_josa(name, '이')} 뭐야?",
        f"{name} 알려줘",
        f"{name} 알려 주세요.",
    )


def amount_of(name: str) -> Questions:
    """Questions for how much or how many."""
    return (
        f"{with_josa(name, '은')} 얼마인가요?",
        f"{name} 얼마야?",
        f"{with_josa(name, '은')} 얼마나 되나요?",
        f"{with_josa(name, '이')} 몇이야?",
        f"{name} 값 알려줘",
    )


def why(effect: str) -> Questions:
    """Questions for the cause of a plain clause (`두께가 늘어난다`); none when it is not one."""
    before_noun = adnominal(effect)
    if before_noun is None:
        return ()
    asks = f"{before_noun[:-1]}나요" if before_noun.endswith("는") else f"{before_noun}가요"
    return (
        f"{before_noun} 이유는 무엇인가요?",
        f"왜 {asks}?",
        f"왜 {before_noun} 거야?",
        f"{before_noun} 이유가 뭐야?",
    )


def what_happens(clause: str, keyed: str) -> Questions:
    """Questions for what follows from a condition (`압력이 낮으면`)."""
    return (
        f"{clause} 어떻게 되나요?",
        f"{clause} 어떻게 돼?",
        f"{clause} 어떤 일이 생기나요?",
        f"{clause} 무슨 문제가 있어?" if re.search(r"않|못|없|부족|모자", clause) else
        f"{clause} 뭐가 달라져?",
        *((f"{keyed} 영향",) if keyed else ()),
    )  # fmt: skip


def what_to_do(clause: str, keyed: str) -> Questions:
    """Questions for the action that a condition calls for."""
    return (
        f"{clause} 어떻게 해야 하나요?",
        f"{clause} 어떻게 해?",
        f"{clause} 뭐부터 해야 돼?",
        f"{clause} 어떤 조치가 필요한가요?",
        *((f"{keyed} 조치",) if keyed else ()),
    )


def what_it_means(clause: str) -> Questions:
    """Questions for what a condition is a sign of."""
    return (
        f"{clause} 무엇을 뜻하나요?",
        f"{clause} 무슨 뜻이야?",
        f"{clause} 왜 그런 건가요?",
        f"{clause} 원인이 뭐야?",
    )


def what_to_suspect(clause: str) -> Questions:
    """Questions for the suspicion that a condition raises."""
    return (
        f"{clause} 무엇을 의심해야 하나요?",
        f"{clause} 뭘 의심해야 돼?",
        f"{clause} 어디가 문제인가요?",
        f"{clause} 원인이 뭐야?",
    )


def what_it_takes(goal: str) -> Questions:
    """Questions for what a goal needs."""
    return (f"{goal} 무엇이 필요한가요?", f"{goal} 뭐가 필요해?", f"{goal} 얼마나 필요해?")


def how_to(goal: str, keyed: str) -> Questions:
    """Questions for the way to a goal (`시간을 줄이려면`)."""
    return (
        f"{goal} 어떻게 해야 하나요?",
        f"{goal} 어떻게 해?",
        f"{goal} 뭘 하면 되나요?",
        *((f"{keyed} 방법",) if keyed else ()),
    )


def _plain(subject: str, head: str) -> Questions:
    if head in VALUE:
        return (
            f"{with_josa(subject, '은')} 어떻게 되나요?",
            f"{subject} 어떻게 돼?",
            f"{subject} 알려 주세요.",
            subject,
        )
    if any(head in family for family in FAMILIES) or head in ("목표", "목적", "조건", "장점"):
        return thing(subject)
    return (
        f"{subject}에 대해 알려 주세요.",
        f"{subject} 설명해 줘",
        f"{subject} 알려줘",
        subject,
    )


def _of_clause(before: str, head: str, subject: str) -> Questions:
    """`체류 시간을 줄이는 방법`, `밸브가 하는 일`, `영점이 결과에 주는 영향`."""
    if head in METHOD and (goal := re.search(r"^(.*[이리히기우추하키])는$", before)):
        return (*_plain(subject, head), *how_to(f"{goal[1]}려면", ""))
    if head in EFFECT and before.endswith(" 주는"):
        who = before.removesuffix(" 주는")
        return (f"{who} 어떤 영향을 주나요?", f"{who} 어떤 영향을 줘?", subject)
    if head in CAUSE:
        asks = f"{before[:-1]}나요" if before.endswith("는") else f"{before}가요"
        return (
            f"{with_josa(subject, '은')} 무엇인가요?",
            f"왜 {asks}?",
            f"왜 {before} 거야?",
            f"{with_josa(subject, '이')} 뭐야?",
        )
    return _plain(subject, head)


def _effect(of: str, when: bool) -> Questions:
    if when:
        return (
            f"{of} 어떤 영향이 있나요?",
            f"{of} 어떻게 돼?",
            f"{of} 무슨 일이 생기나요?",
            f"{of} 영향",
        )
    return (
        f"{with_josa(of, '은')} 어떤 영향을 주나요?",
        f"{with_josa(of, '은')} 무슨 영향이 있어?",
        f"{of} 영향 알려줘",
        f"{of} 영향",
    )


def _order(of: str, head: str) -> Questions:
    return (
        f"{of} {with_josa(head, '이')} 어떻게 되나요?",
        f"{of} {with_josa(head, '이')} 어떻게 돼?",
        f"{of} {head} 알려줘",
        f"{of} {head}",
    )


def _is_clause(before: str) -> bool:
    """Whether the words before a head noun are a clause: 막히는, 높은, 긴, 주는."""
    last = before.split()[-1]
    return final_consonant(last) == 4 and bool(re.search(r"[이가을를] ", before))
