"""Saying that the documents do not say, and inventing all the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sadari.evaluation._reading import Reading, read, words

_SOURCE = (
    r"(?:문서|자료|안내문?|매뉴얼|지침|규정|본문|지문|정보|내용|언급|기록|설명|근거|항목|데이터|"
    r"그\s?점)"
)
_STATED = (
    r"(?:나와|나오|적혀|쓰여|포함|다루|언급|보이|명시|기재|안내|설명|제공|수록|규정|확인|찾|들어|"
    r"정해|실려|담겨)"
)
# It is not in the documents; it is not stated; it cannot be found, known or answered
_REFUSAL = re.compile(
    rf"{_SOURCE}(?!\S*\s?(?:따르면|의하면))[^.!?\n]{{0,40}}?"
    rf"(?:없(?!다고|다는|이)|{_STATED}\S{{0,3}}\s?(?:있|되어\s?있|돼\s?있)?\S{{0,2}}지\S?\s?(?:않|못))"
    rf"|{_STATED}\S{{0,3}}\s?(?:있|되어\s?있|돼\s?있)지\S?\s?않"
    rf"|(?:안|못)\s?{_STATED}"
    r"|(?:언급|명시|기재|서술|수록|나오|다루|적히|실리)\S{0,2}지\S?\s?(?:않|못)|바[가는]?\s?없"
    r"|(?:찾|알|확인|답|답변|대답|말씀|판단|확답|안내|파악|제공)\S{0,4}\s?(?:드릴|할|될|을|를|볼)?\s?"
    r"(?:수(?:가|는)?\s?없|지\s?못|기[가는]?\s?(?:어렵|힘들)|되지\s?않)"
    r"|범위를?\s?(?:밖|벗어)|(?:확인|답변|답)\S{0,2}\s?불가|모르겠|모릅니다|알지\s?못"
    r"|(?:not|n't|no)\b[^.]{0,30}\b(?:found|mention\w*|stated|specified|document\w*|information|answer)"
    r"|(?:cannot|can't|unable to|don't)\s(?:find|answer|know|determine)"
)
_GUESS = re.compile(
    r"일반적으로|보통|대개|통상|아마|추정|제\s?생각|것\s?같|상식|경험상|알려져\s?있|usually|typically|probably"
)
_MANNERS = re.compile(
    r"문의|확인해|참고|연락|알려|죄송|미안|주세요|바랍니다|도와|담당|여쭤|물어|질문|sorry|please"
)
_NOT = re.compile(r"없|않|못|어렵|모르|모릅|not|n't|no ")


def refusal(answer: Reading) -> tuple[int, int] | None:
    """The sentence that says that the documents do not answer, or None."""
    for start, end in answer.sentences:
        if _REFUSAL.search(answer.text[start:end]):
            return start, end
    return None


def invention(answer: Reading, question: str, evidence: Sequence[Reading]) -> str:
    """What a refusing answer claims all the same, or "": a guess, a quantity that neither the
    question nor the evidence holds, or a sentence on the asked thing that no evidence makes."""
    asked = read(question)
    known = {(q.dimension, round(q.base, 9)) for r in (asked, *evidence) for q in r.quantities}
    known |= {("", round(q.value, 9)) for r in (asked, *evidence) for q in r.quantities}
    for q in answer.quantities:
        if _REFUSAL.search(answer.text[slice(*answer.clause(q.start))]):
            continue
        if (q.dimension, round(q.base, 9)) not in known and not q.spelled:
            return answer.text[q.start : q.end]
    subject = set(words(asked.text))
    grounded = {w for r in evidence for w in words(r.text)}
    for start, end in answer.clauses:
        claim = answer.text[start:end]
        if _REFUSAL.search(claim) or _MANNERS.search(claim) or _NOT.search(claim):
            continue
        if _GUESS.search(claim):
            return claim.strip()
        said = words(claim)
        if any(start <= q.start < end for q in answer.quantities) and not any(
            w in grounded for w in said
        ):
            return claim.strip()
        new = [w for w in said if w not in subject and w not in grounded]
        on_subject = sum(w in subject for w in said)
        if (on_subject > 1 or (on_subject and new)) and re.search(r"[다요죠][.!~\s]*$", claim):
            return claim.strip()
    return ""
