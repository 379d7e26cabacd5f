"""Korean addresses by their grammar: province, city or district, road and number or lot, details.

A province and a district alone ("부산 해운대구") name no household and are left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sadari.data.redact.span import Span

_PROVINCES = (
    r"서울(?:특별시|시)?|부산(?:광역시|시)?|대구(?:광역시|시)?|인천(?:광역시|시)?|광주(?:광역시"
    r"|시)?"
    r"|대전(?:광역시|시)?|울산(?:광역시|시)?|세종(?:특별자치시|시)?|경기도?|강원(?:특별자치도|도)?"
    r"|충청북도|충북|충청남도|충남|전라북도|전북(?:특별자치도)?|전라남도|전남|경상북도|경북"
    r"|경상남도|경남|제주(?:특별자치도|도)?"
)
# Cities, counties and districts (Ministry of the Interior and Safety), without the ending.
_CITIES = """
    수원 성남 의정부 안양 부천 광명 평택 동두천 안산 고양 과천 구리 남양주 오산 시흥 군포 의왕
    하남 용인 파주 이천 안성 김포 화성 광주 양주 포천 여주 춘천 원주 강릉 동해 태백 속초 삼척 청주
    충주 제천 천안 공주 보령 아산 서산 논산 계룡 당진 전주 군산 익산 정읍 남원 김제 목포 여수 순천
    나주 광양 포항 경주 김천 안동 구미 영주 영천 상주 문경 경산 창원 진주 통영 사천 김해 밀양 거제
    양산 제주 서귀포
""".split()
_COUNTIES = """
    연천 가평 양평 홍천 횡성 영월 평창 정선 철원 화천 양구 인제 고성 양양 보은 옥천 영동 증평 진천
    괴산 음성 단양 금산 부여 서천 청양 홍성 예산 태안 완주 진안 무주 장수 임실 순창 고창 부안 담양
    곡성 구례 고흥 보성 화순 장흥 강진 해남 영암 무안 함평 영광 장성 완도 진도 신안 의성 청송 영양
    영덕 청도 고령 성주 칠곡 예천 봉화 울진 울릉 의령 함안 창녕 남해 하동 산청 함양 거창 합천 달성
    군위 기장 강화 옹진 울주
""".split()
_DISTRICTS = """
    종로 용산 성동 광진 동대문 중랑 성북 강북 도봉 노원 은평 서대문 마포 양천 강서 구로 금천
    영등포 동작 관악 서초 강남 송파 강동 영도 부산진 동래 해운대 사하 금정 연제 수영 사상 수성
    달서 미추홀 연수 남동 부평 계양 광산 유성 대덕 장안 권선 팔달 영통 수정 중원 분당 만안 동안
    상록 단원 덕양 일산동 일산서 처인 기흥 수지 상당 서원 흥덕 청원 동남 서북 완산 덕진 의창 성산
    마산합포 마산회원 진해 원미 소사 오정 중 동 서 남 북
""".split()


def _any(words: list[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


# Parts of cities that people name without their district.
_QUARTERS = "분당 일산 판교 동탄 광교 평촌 산본 송도 청라 위례 미사 다산 운정 강남 해운대".split()
_PLACE = rf"(?:(?:{_any(_CITIES)})시|(?:{_any(_COUNTIES)})군|(?:{_any(_DISTRICTS)})구)"
# 수원 영통구, 서울 강남 테헤란로: a city or quarter by its bare name before what lies in it.
_BARE = rf"(?:(?:{_any(_CITIES)}) (?={_PLACE})|(?:{_any(_QUARTERS)}|{_any(_CITIES)}) (?=[가-힣]))"
_TOWN = r"[가-힣]{1,5}[읍면]"
_MASK = r"[○O*]"
_NUMBER = r"(?:지하 ?)?[0-9]{1,4}(?:-[0-9]{1,4})?(?![0-9])"
_ROAD = (
    r"[0-9]{0,2}[가-힣][가-힣0-9·.]{0,14}(?:로|길)(?: ?[0-9]{1,4}(?:번|가)?길)?"
    rf" ?{_NUMBER}(?:번지)?"
)
_LOT = rf"[가-힣]{{1,6}}[0-9]{{0,2}}(?:동|리|가) ?(?:산 ?)?{_NUMBER}(?:번지)?"
# A count is no house number: 을지로 3개, 앞으로 12개월.
_NO_COUNT = (
    r"(?!-?[0-9])"
    r"(?! ?(?:(?:개월?|개씩|분|시간?|초|원|명|일|월|년|회|번(?!지)|번째|도|대|만|천)"
    r"(?=$|[^가-힣]|[를을이가은는의만로에])"
    r"|%|[.][0-9]|[a-zA-Z℃㎜㎝]))"
)
_HOUSE = (
    r"(?:(?:[A-Z가-힣]|[0-9]{1,4}|[A-Z][0-9])동(?![가-힣]{2})|(?:[A-Z]"
    r"|B)?[0-9*]{1,5}호(?![가-힣]{2}실)"
    r"|(?:지하 ?)?[0-9]{1,3}층|[0-9]{1,4}-[0-9]{2,5}호?(?![-0-9])|반지하|옥탑(?:방)?)"
)
_BUILDING = r"[가-힣A-Za-z0-9]{2,16}"
_BUILT = (
    r"(?:아파트|빌딩|타워|오피스텔|빌라|맨션|맨숀|센터|상가|주택|연립|빌|원룸|고시원|기숙사|캐슬|자이"
    r"|푸르지오|힐스테이트|래미안|더샵|아이파크|위브|데시앙|하이츠|[0-9]{1,2}(?:단지|차))"
)
_DETAIL = (
    rf"(?:,? ?\([가-힣0-9, ]{{1,20}}(?:동|가|리|{_BUILT})\))?"
    rf"(?:,? ?(?:[가-힣A-Za-z0-9]{{1,12}}{_BUILT}(?=[ ,]|$|[^가-힣])|{_BUILDING}(?= {_HOUSE})))?"
    rf"(?:(?:,? ?){_HOUSE}){{0,3}}"
    r"(?: [가-힣]{2,4}실(?=$|[^가-힣]|이|입|로|에|으))?"
)
_FULL = re.compile(
    rf"(?<![가-힣A-Za-z0-9])(?:(?:{_PROVINCES}) ?)?"
    rf"(?:{_PLACE} ?|{_BARE}|{_MASK}{{2}}[시군구] ?){{0,3}}"
    rf"(?:{_TOWN} ?)?(?:{_LOT}|{_ROAD}|{_MASK}{{2}}(?:로|길|동) ?[0-9*]+){_NO_COUNT}{_DETAIL}"
)
# A household by its building alone: 햇살아파트 103동 1502호, 바다빌라 302호.
_HOME = re.compile(
    rf"(?<![가-힣A-Za-z0-9])(?:(?:{_PROVINCES}) )?(?:{_PLACE} |{_BARE}){{0,2}}"
    r"(?:[가-힣]{1,5}동 )?"
    rf"[가-힣A-Za-z0-9]{{1,12}} ?{_BUILT}(?: [가-힣0-9]{{1,4}}{_BUILT})?"
    r",? ?(?:[0-9]{1,4}|[A-Z가나다라마])동 ?[0-9]{2,5}호(?![가-힣]{2}실)"
    r"|(?<![가-힣A-Za-z0-9])[가-힣A-Za-z]{2,12}(?:빌라|맨션|연립|원룸|오피스텔|주택),? ?"
    r"[0-9]{3,4}호(?![가-힣]{2}실)"
)
# As an envelope from abroad has it: 152, Teheran-ro, Gangnam-gu, Seoul.
_ROMAN = re.compile(
    r"(?<![A-Za-z0-9-])(?:(?:#|Apt\.? |Unit |Rm\.? )?[0-9]{1,5}(?:-[0-9]{1,5})?(?:F|ho)?, ?){0,2}"
    r"[0-9]{1,5}(?:-[0-9]{1,4})?,? [A-Z][A-Za-z]*(?:[0-9]{1,3}beon)?-?(?:daero|ro|gil)"
    r"(?: ?[0-9]{1,4}(?:beon)?-?gil)?(?:, ?[A-Z][a-z]+-(?:dong|ri|eup|myeon|gu|gun|si|do))+"
    r"(?:, ?(?:Seoul|Busan|Daegu|Incheon|Gwangju|Daejeon|Ulsan|Sejong|Jeju))?"
    r"(?:,? ?[0-9]{5})?(?:, ?(?:Republic of |South )?Korea)?"
)
_SAYS_WHERE = re.compile(
    rf"(?:(?:{_PROVINCES}) |{_PROVINCES}(?=[시도] )|{_PLACE} ?|{_BARE}|{_MASK}{{2}}[시군구])"
)
_ASKED = re.compile(
    r"(?:주소지?|배송지|수거지|방문지|거주지|주거지|소재지|본점|본사|자택|도로명|지번|목적지"
    r"|도착지)"
    r"[가-힣]{0,2}(?: 변경| 정보)?\s*(?:은|는|이|가)?\s*[:=]?\s*[\"'(]?$"
)
_LOOK_BACK = 16
_HAS_HOME = re.compile(r"[0-9]호|-(?:gu|gun|si|dong)\b")
_HAS_NUMBER = re.compile(r"[로길동리가](?: ?산)? ?[0-9*]")


def find_addresses(text: str) -> Iterator[Span]:
    """Addresses down to a road and house number or a lot. Without a province or district before
    it, a road counts where a label ("주소", "배송지") or a floor and room say that it is one."""
    for match in _FULL.finditer(text) if _HAS_NUMBER.search(text) else ():
        found = match[0].rstrip(" ,")
        if (
            _SAYS_WHERE.match(found)
            or _ASKED.search(text, max(0, match.start() - _LOOK_BACK), match.start())
            or re.search(r"[0-9], ?\S+ [0-9]{1,3}층| [0-9]{1,4}호$", found)
        ):
            yield Span(match.start(), match.start() + len(found), "address")
    for pattern in (_ROMAN, _HOME) if _HAS_HOME.search(text) else ():
        for match in pattern.finditer(text):
            yield Span(match.start(), match.end(), "address")
