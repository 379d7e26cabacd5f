"""Words of which names are made and between which they stand: surnames, the syllables of given
names, fields, titles, and what only a person has or does. As parts of regular expressions."""

_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현"
    "함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감음빈동라"
)
# Surnames that are no other word's beginning as often.
USUAL = "김이박최정강조윤장임한오서신권황안송류전홍고문손양배백허유남심노하곽성차구민"
COMMONEST = frozenset("김이박최조윤장임오서신권황송류홍문백")
COMMON_TOO = frozenset(
    "정강한안고손배허유남심노하곽차구민나우주진변엄천함염추석설마길연표왕맹탁봉채옥"
)
_PAIRED = "남궁|황보|제갈|선우|독고|사공|서문|동방|망절|을지"
# Syllables that given names are made of; what none of them is in is no name.
_GIVEN = (
    "가갑강건검결겸경계고곤관광교구국군궁권귀규균근금긍기길꽃나낙난날남녀념노누능늘다단달담당대덕도돈동두득라락란람"
    "랑래량려련렬렴령례로록론룡루류률름릉리린림마만말맑매명모목몽묘무묵문미민밀박반방배백범벼변별병보복본"
    "봄봉부분붕비빈빛사산삼상새샘샛샤서석선설섭성세소손솔솜송수숙순슬승시식신심아안암애야약양억언엄업여연열"
    "염엽영예오옥온완요용우욱운웅원월위유육윤율융은을음응의이익인일임잎자장재전점정제조존종주준중증지진징찬창"
    "채천철첨청초추춘충치칠쾌탁탄태택통파판팔편평포표품풍필하학한함합항해행향허헌혁현협형혜호홍화환활황회"
    "효후훈훤휘휴흔흠흥희힘"
)
# What a given name of one syllable is: few are.
_SINGLE = (
    "준솔별현건혁율결빈진훈찬민산강웅석호철윤원선은영연린란봄샘단담슬한환완용우욱정균겸경권황휘"
)
_WORDS = (
    "하늘|은별|한별|샛별|보람|아름|슬기|새롬|다솜|이슬|빛나|나래|가람|초롱|사랑|한결|하람|소리|바다|슬아"
    "|힘찬|우람|미르|겨울|가을|여름|보름|노을|햇살|으뜸|기쁨|믿음|소망|온유|라온|다온|나린|아라|차니|엘리"
    "|루다|리아|로이|테오"
)
SYLLABLE = f"[{_GIVEN}]"
FIRST = f"(?:{_PAIRED}|[{_SURNAMES}])"
ONE = f"[{_SURNAMES}]"
_GIVEN_NAME = f"(?:{_WORDS}|{SYLLABLE}{{2}})"
WHOLE = f"(?:(?:{_PAIRED})(?:{_GIVEN_NAME}|{SYLLABLE})|{ONE}{_GIVEN_NAME})"
SHORT = rf"(?:(?:{_PAIRED})[가-힣]|{ONE}[가-힣])"
USUAL_SHORT = f"[{USUAL}][{_SINGLE}]"
MASKED = rf"{FIRST}(?:[*○O〇]{{1,2}}[가-힣]?|[가-힣][*○O〇])"
SPACED = rf"{ONE} {SYLLABLE} ?{SYLLABLE}(?![가-힣])"
_ROMAN_SURNAMES = (
    "Kim|Lee|Yi|Rhee|Park|Bak|Choi|Choe|Jung|Jeong|Chung|Kang|Cho|Jo|Yoon|Yun|Jang|Chang|Lim|Im|Rim"
    "|Han|Oh|Seo|Suh|Shin|Sin|Kwon|Gwon|Hwang|Ahn|An|Song|Jeon|Jun|Hong|Yoo|Yu|You|Ryu|Ko|Koh|Go"
    "|Moon|Mun|Yang|Son|Sohn|Bae|Baek|Paik|Heo|Hur|Huh|Nam|Noh|Roh|Ha|Kwak|Sung|Seong|Cha|Joo|Ju|Woo"
    "|Koo|Gu|Min|Na|Jin|Ji|Uhm|Eom|Chae|Won|Bang|Kong|Gong|Hyun|Byun|Gil"
)
_ROMAN_GIVEN = (
    r"(?:[A-Z]{2,12}(?:[ -][A-Z]{2,8})?(?![A-Za-z])|[A-Z][A-Za-z]{1,12}(?:[ -][A-Z]?[a-z]{1,8})?)"
)
ROMAN = (
    rf"(?:(?:{_ROMAN_SURNAMES}|{_ROMAN_SURNAMES.upper()}),? {_ROMAN_GIVEN}"
    rf"|[A-Z][a-z]{{1,8}}(?:[ -]?[A-Z]?[a-z]{{2,8}})? (?:{_ROMAN_SURNAMES})(?![A-Za-z]))"
)
# Names in letters that need no context: a surname that is no English word, two Korean syllables.
_ROMAN_SURE = (
    "Kim|Lee|Choi|Jung|Jeong|Kang|Yoon|Yun|Jang|Lim|Shin|Kwon|Hwang|Ahn|Jeon|Hong|Yoo|Ryu|Moon|Bae"
    "|Baek|Heo|Hur|Noh|Kwak|Koo|Eom|Chae|Hyun|Byun"
)
_ROMAN_SYLLABLE = (
    "min|soo|su|ji|jee|hyun|hyeon|jun|joon|young|yeong|yong|seo|seon|sun|seung|jin|woo|u|ho|hoon|hun"
    "|kyung|gyeong|yeon|yun|yoon|na|ra|mi|hee|hui|eun|ah|a|jae|sang|sung|seong|tae|dong|won|chan|hye"
    "|hae|in|yu|yoo|ki|gi|kyu|gyu|bin|sol|nam|geun|keun|chul|cheol|sik|ja|sook|suk|hwa|hwan|kwang"
    "|gwang|do|da|ye|rin|ri|rim|han|ha|byung|byeong|il|jong|jeong|jung|joo|ju|kil|gil|dan|ryeong"
)
_ROMAN_TWO = rf"(?=[A-Z])(?i:(?:{_ROMAN_SYLLABLE})[- ]?(?:{_ROMAN_SYLLABLE}))(?![A-Za-z])"
ROMAN_SURE = (
    rf"(?<![A-Za-z])(?:(?:{_ROMAN_SURE}|{_ROMAN_SURE.upper()}),? {_ROMAN_TWO}"
    rf"|{_ROMAN_TWO} (?:{_ROMAN_SURE}|{_ROMAN_SURE.upper()})(?![A-Za-z]))"
)
# Half a name behind one mask: no other word is written so (`**` is what makes text bold).
MASKED_SURE = rf"(?<![가-힣*])(?:{_PAIRED}|[{_SURNAMES}])\*[가-힣](?![가-힣*])"
# A name of another country, where a field or a title says that it is one.
FOREIGN = r"[A-Z][a-z]{1,14}(?: [A-Z][a-z]{0,14}\.?){1,3}(?![A-Za-z])"

# Who somebody is, before the name.
FIELDS = (
    r"이름|성함|성명|예금주|입금자명|입금자|예약자명|예약자|신청자명|신청자|신청인|수령인|수령자"
    r"|수취인|송금인|송금자|받는 ?이|보내는 ?이|수신인|수신자|발신인|발신자|발송인|참조"
    r"|받는 ?분|받으실 ?분|받는 ?사람|보내는 ?분|보내는 ?사람|보내시는 ?분"
    r"|고객명|환자명|회원명|업무 ?담당|담당자명|담당자|담당"
    r"|작성자|작성|기안자|검토자|승인자|결재자|등록자|접수자|처리자|책임자|관리자"
    r"|발신|수신|보호자|대표자|대표이사|대표|계약자|피보험자|수익자|가입자|세대주|임차인|임대인"
    r"|매도인|매수인|매도자|매수자|구매자|판매자|주문자|주문인|결제자|요청자|의뢰인|의뢰자|민원인"
    r"|신고자|신고인|제보자|고소인|피고소인|고발인|피고인|피의자|피해자|참고인|진정인|증인|변호인"
    r"|대리인|상속인|피상속인|채무자|채권자|보증인|소유자|소유주|차주|입주자|세입자|거주자|동거인"
    r"|목격자|점검자|검사자|검사원|확인자|작업자|정비사|설치기사|수리기사|배송기사|방문기사"
    r"|인수자|인계자|교육생|수강생|강사|발표자|연사|진행자|사회자|멘토|멘티|면접관"
    r"|면접자|지원자|응시자|수험생|수험자|합격자|당첨자|수상자|우승자|대상자|후보자|추천인"
    r"|청구인|참석자|참석|참가자|운전자|동승자|탑승자|탑승객|승객|투숙객|방문자|방문객|문의자"
    r"|퇴직자|퇴사자|입사자|신입사원|후임자|전임자|명의자|명의|영문명|중개사|보험설계사|설계사"
    r"|상담원|상담사|집배원|간병인|주치의|집도의|담당의|사망자|고인|상주|신랑|신부|저자|지은이|옮긴이"
    r"|역자|감독|글쓴이|기장|부기장|팀원|학부모|원생|학생|비상연락처|긴급 ?연락처"
    r"|배우자|남편|아내|아들|딸|자녀|어머니|아버지|엄마|아빠|부친|모친|장남|장녀|차남|차녀|아이|본인"
    r"|From\.|To\.|Name|Attn\.?|Mr\.|Ms\.|Mrs\.|Dr\.|Dear"
)
# The same, where a colon follows.
CLOSED = (
    "기안|검토|승인|결재|접수|점검|검사|발표|불참|통역|번역|촬영|진행|사회|강연|주연|출연|책임|확인"
)
# Fields that hold a name and nothing else.
NAMING = (
    r"(?:이름|성함|성명|[가-힣]{2}명|[가-힣]{2}[자인]|예금주|담당|받는 ?분|보내는 ?분|영문명|Name"
    r"|Attn\.?|Mr\.|Ms\.|Mrs\.|Dr\.|Dear)$"
)
ROLES = (
    r"고객|회원|직원|사원|환자|상담원|상담사|학생|선수|배우|가수|기사|담당|대표|본인|어르신|팀원|동료"
    r"|신입사원|신입|인턴|승객|교사|교수|강사|코치|감독|작가|기자|의사|변호사|간호사|주민|입주민|위원"
)

# What follows a name: titles, and particles that only people take.
TITLES = (
    r"씨|님|귀하|귀중|드림|올림|배상|고객|회원|환자|학생|어린이|군인"
    r"|어머니|아버지|어머님|아버님|할머니|할아버지|여사|어르신"
    r"|과장|차장|부장|대리|계장|팀장|실장|본부장|이사|상무|전무|부사장|사장|대표|회장|부회장|주임|책임"
    r"|선임|수석|사원|인턴|연구원|연구위원|매니저|엔지니어|디자이너|개발자|컨설턴트|프로님|피디|PD"
    r"|선생|교수|강사|조교|박사|원장|소장|간호사|간호조무사|의사|한의사|수의사|약사|치료사|영양사"
    r"|변호사|세무사|회계사|노무사|법무사|변리사|관세사|건축사|판사|형사|순경|수사관|조사관|감사관"
    r"|주무관|사무관|서기관|비서|보좌관|위원장|위원(?!회)|국회의원|시의원|구의원|도의원|장관|차관"
    r"|기사|기자|작가|배우|화백|작곡가|감독|코치|트레이너|튜터|멘토|멘티|앵커|캐스터|선수"
    r"|이병|일병|병장|상병|하사|중사|소령|중령|대령|중위|대위|소방관|대원|요원"
    r"|파트장|그룹장|센터장|지점장|점장|점주|반장|조장|총장|학장|교장|교감|담임|국장|처장|역장|기관사"
    r"|셰프|바리스타|기장|부기장|승무원|사무장|목사|스님|장로|권사|수녀|가수|아나운서"
)
PEOPLE_ONLY = r"에게|한테|께서|께(?![가-힣])"
YOUNG = r"[군양](?=$|[^가-힣]|[은이을의도과](?![가-힣]))"  # stick to the name: 물의 양 is none
RANKS = (
    r"과장|차장|부장|대리|팀장|주임|선임|책임|사원|교수|선생|박사|선수|작가|기자|환자|회원|고객|학생|사장"
    r"|대표|이사|원장|변호사|간호사|매니저"
)
# How short names are addressed.
CALLED = (
    r"(?:씨|고객님|환자분|환자님|님)(?=$|[^가-힣]|[은는이가을를의께도과와로](?![가-힣])|에게|한테)"
)
# What only a person does, has or is called for.
PERSONAL = (
    r"[이가] (?:대신|직접|처리|전화|방문|신청|접수|서명|작성|받|보냈|왔|갔|다녀|출근|퇴근|입사|퇴사"
    r"|입원|퇴원|담당|근무|참석|결석|탑승|투숙|응시|합격|탈퇴|가입|사망|결혼|출산|항의|말씀|말했|연락)"
    r"|의 (?:배우자|남편|아내|자녀|보호자|휴대폰|핸드폰|휴대전화|연락처|전화번호|계좌|통장|주소|집"
    r"|생일|생년월일|이메일|메일|계정|비밀번호|부모|어머니|아버지|동생|아들|딸|진료|진단|처방|수술|급여|연봉"
    r"|월급|휴가|연차|출장|성적|학번|사번|여권|유족|장례|결혼식|후임|전임|통학|입학|졸업|입사|퇴사|퇴직"
    r"|사망|포트폴리오|이력서|진술|강연)"
    r"| (?:명의|앞(?=$|[^가-힣]|으로)|외 ?[0-9]+[명인]|진술|본인(?=$|[^가-힣]|이|입|의|인))"
    r"| ?\((?:인|서명|남|여|남성|여성|만? ?[0-9]{1,2}세|[0-9]{2,4}년생)[,) ]"
)
