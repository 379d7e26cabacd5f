"""Words that say what the number beside them is."""

from __future__ import annotations

import re
from bisect import bisect, bisect_left
from typing import Literal, cast

from sadari.data.redact.span import Kind

Label = Kind | Literal["other"]

_BANKS = (
    "국민|신한|우리|하나|농협|기업|산업|수협|신협|우체국|새마을|부산|대구|광주|전북|경남|제주|씨티"
    "|외환|제일|카카오|토스|케이"
)
_BANK = rf"(?:{_BANKS})\s?(?:은행|뱅크|금고)|농협|신협|수협|우체국|카뱅|케뱅|은행|뱅크"
_WORDS: dict[Label, str] = {
    "other": (
        r"(?:주문|예약|접수|문의|민원|사건|승인|인증|송장|운송장|등기|추적|상품|제품|품목|자재|부품"
        r"|모델"
        r"|도면|회원|고객|사원|직원|학번|일련|쿠폰|계약|증권|관리|설비|장비|특허|출원|허가|고시"
        r"|전표"
        r"|입고|출고|발주|견적|차량|시리얼|바코드|코드|버전|파트|좌석|선반)\s?(?:번호|넘버|코드|ID)"
        r"|바코드|시리얼|운송장|송장|로트|슬롯|좌표|타임스탬프|특허|ISBN|EAN|SKU|LOT|IMEI|우편번호"
    ),
    "corporate_number": r"법인\s?(?:등록)?\s?번호|법인|등기|본점",
    "business_number": (
        r"사업자\s?(?:등록)?\s?(?:번호|증)?|세금\s?계산서|거래처|매출처|매입처|가맹점|공급자"
        r"|공급받는자|원천징수|\bBRN\b"
    ),
    "foreigner_number": r"외국인\s?(?:등록)?\s?(?:번호|증)?|거소\s?신고|체류|\bARC\b",
    "resident_number": (
        r"주민\s?(?:등록)?\s?(?:번호|증)?|민증|등본|가족관계|피보험자|피부양자|식별|등록번호"
        r"|\bRRN\b"
    ),
    "driver_licence": r"면허|licen[cs]e",
    "card": r"카드|아멕스|amex|visa|비자|마스터|\bcard\b|결제",
    "account": rf"계좌|통장|예금|입금|송금|이체|출금|환급|수취|{_BANK}",
    "phone": r"전화|연락|휴대폰|핸드폰|폰번|팩스|\btel\b|\bfax\b|문자|통화|직통|내선",
}
_LABELS = re.compile(
    "|".join(f"(?P<{kind}>{words})" for kind, words in _WORDS.items()), re.IGNORECASE
)
# Names of banks that are common words too; they label only the number right after them.
_SHORT_BANK = re.compile(rf"(?:{_BANKS})\s*$")
_BANK_AFTER = re.compile(rf"\s*[(,]?\s*(?:{_BANKS})(?:은행|뱅크)?(?![가-힣]{{3}})")

# Members and columns in English, and what they are called in a sentence.
_HEADINGS = (
    (
        r"(?:customer|user|full|client|patient|sender|recipient|contact|owner|holder)[ _-]?name",
        "이름",
    ),
    (r"(?:home|shipping|street|delivery|billing)?[ _-]?addr(?:ess)?", "주소"),
    (r"(?:bank[ _-]?)?account(?:[ _-]?(?:no|number))?", "계좌"),
    (r"(?:credit[ _-]?)?card(?:[ _-]?(?:no|number))?", "카드"),
    (r"passport(?:[ _-]?(?:no|number))?", "여권"),
    (r"(?:driver.?s?[ _-]?)?licen[cs]e(?:[ _-]?(?:no|number))?", "면허"),
    (r"rrn|ssn|resident[ _-]?(?:no|number)", "주민번호"),
    (r"(?:business|brn)[ _-]?(?:no|number)?", "사업자번호"),
)
_IN_KOREAN = tuple((re.compile(english, re.IGNORECASE), korean) for english, korean in _HEADINGS)


def label_of(heading: str) -> str:
    """A heading as a label that the recognisers know, `이름: `, for `customer_name` or `이름`."""
    for english, korean in _IN_KOREAN:
        if english.fullmatch(heading.strip()):
            return f"{korean}: "
    return f"{heading.strip()[:20]}: " if re.search("[가-힣]", heading) else ""


BEFORE = 28  # characters before a number in which its label stands
AFTER = 14  # characters after it


class Labels:
    """The labels of one text, by place."""

    def __init__(self, text: str) -> None:
        self._text = text
        found = list(_LABELS.finditer(text))
        self._starts = [match.start() for match in found]
        self._ends = [match.end() for match in found]
        self._kinds = [cast(Label, match.lastgroup) for match in found]

    def of(self, start: int, end: int) -> Label | None:
        """What the words around the number at `start` to `end` call it: the last label before it,
        else the first one behind it. None when nothing is said."""
        if _SHORT_BANK.search(self._text, max(0, start - 8), start):
            return "account"
        last = bisect(self._ends, start) - 1
        if last >= 0 and start - self._ends[last] <= BEFORE:
            return self._kinds[last]
        if _BANK_AFTER.match(self._text, end):
            return "account"
        first = bisect_left(self._starts, end)
        near = first < len(self._starts) and self._starts[first] <= end + AFTER
        return self._kinds[first] if near else None

    def speaks_of(self, kind: Label, start: int, end: int) -> bool:
        """Whether any label of `kind` stands around the number, near or not so near."""
        first = bisect_left(self._ends, start - BEFORE)
        return kind in self._kinds[first : bisect(self._starts, end + AFTER)]
