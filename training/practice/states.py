"""Rows for dialogue states: what has been said so far, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from training.practice import names
from training.practice.korean import attach
from training.practice.rows import END, START, Branch, Piece, Row, turn
from training.practice.shapes import held_out
from training.practice.words import COLORS, DAYS, PLACES, THINGS

COUNTS = {
    "한": 1,
    "하나": 1,
    "두": 2,
    "둘": 2,
    "세": 3,
    "셋": 3,
    "네": 4,
    "넷": 4,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
}
# keys ; Korean names ; sort of value ; ways to say it
SLOTS = [
    ("name customer userName guest", "이름 성함 신청자", "person",
     ["{v:이에요}", "{v}입니다", "제 이름은 {v:이에요}", "{v:이라고} 합니다", "이름은 {v}로 적어 주세요", "저는 {v}라고 해요",
      "예약자는 {v}입니다", "{v} 이름으로 부탁드려요", "성함은 {v:이에요}", "{v} 앞으로 해 주세요", "이름에 {v}라고 넣어 주세요"]),
    ("date day visitDate dueDate", "날짜 방문일 희망일", "date",
     ["{v}에 갈게요", "{v:로} 해 주세요", "날짜는 {v}요", "{v}입니다", "{v}에 부탁드려요", "{v:이} 좋겠어요", "{v}까지 되나요",
      "{v} 어떠세요", "{v} 날짜로 잡아 주세요", "{v}에 볼게요", "날짜를 {v:로} 바꿔 주세요"]),
    ("time startTime hour", "시간 시각 시작", "time",
     ["{v}에 와 주세요", "{v:로} 잡아 주세요", "시간은 {v}로요", "{v}쯤이요", "{v}에 시작할게요", "{v}까지 갈 수 있어요", "시각은 {v:로} 할게요", "{v}에 맞춰 주세요", "{v}면 돼요"]),
    ("address place location", "주소 장소 배송지", "place",
     ["주소는 {v}예요", "{v:로} 보내 주세요", "{v}에서 만나요", "{v}까지 부탁해요", "장소는 {v}입니다", "{v:이에요}", "배송지는 {v:로} 적어 주세요", "{v}에 두고 가세요", "{v} 쪽이에요"]),
    ("phone contact tel", "전화번호 연락처", "phone",
     ["번호는 {v}입니다", "{v:로} 연락 주세요", "{v}예요", "전화는 {v}로 주세요", "연락처 {v}입니다", "연락은 {v}로요", "전화번호 {v}예요"]),
    ("item product thing model", "품목 물건 제품", "thing",
     ["{v:을} 주문할게요", "{v:로} 할게요", "{v} 있나요? 그걸로 주세요", "{v:이} 필요해요", "{v} 부탁합니다", "{v:을} 사고 싶어요",
      "이번에는 {v} 주세요", "{v} 하나 보내 주세요", "물건은 {v}요", "{v:을} 담아 주세요"]),
    ("count quantity people seats", "수량 인원 개수", "count",
     ["{v}개요", "{w} 개 주세요", "{v}개 부탁해요", "{w} 명이요", "{v}명입니다", "모두 {v}개로 해 주세요", "{w} 개면 돼요", "수량은 {v}개요", "{w} 개로 할게요", "{v}명 갈 거예요", "총 {v}개예요", "{w} 명 예약이요"]),
    ("color colour", "색 색상", "color",
     ["{v:로} 주세요", "색은 {v}이요", "{v:이} 좋아요", "{v} 있으면 그걸로요", "{v}으로 바꿔 주세요", "색상은 {v:로} 할래요", "{v:을} 골랐어요"]),
    ("option size style grade kind", "종류 크기 방식 등급", "option",
     ["{v:로} 할게요", "{v:이} 좋겠어요", "{v} 주세요", "{v} 쪽으로 해 주세요", "{v}로 바꿀게요", "음, {v}요", "종류는 {v}요", "{v:이} 나아요", "방식은 {v:로} 부탁해요"]),
    ("note memo request", "메모 요청 사항", "note",
     ["메모에 {v}라고 적어 주세요", "{v}라고 전해 주세요", "참고로 {v}라고 남겨 주세요", "{v}, 이렇게 메모해 주세요", "요청 사항은 {v}요", "메모는 {v}로 해 주세요",
      "{v}라고 써 두세요", "메모 남겨요, {v}", "{v}라고 부탁드려요", "요청은 {v:이에요}"]),
    ("code orderId ticket", "번호 주문 번호 접수 번호", "code",
     ["{v:이에요}", "번호는 {v}입니다", "{v} 건이에요", "주문 번호 {v} 확인해 주세요", "{v}로 조회해 주세요", "접수 번호가 {v:이에요}", "{v} 번호로요"]),
]  # fmt: skip
# Training says a slot in more ways than these: by its name, or in phrases put together from parts.
NAMED = (
    "{l:은} {v:이에요}", "{l:은} {v}입니다", "{l:은} {v}요", "{l} {v}요", "{l}: {v}", "{l:이} {v:이에요}", "{l:이} {v}입니다", "{l:은} {v:로} 해 주세요",
    "{l:은} {v:로} 할게요", "{l:은} {v:로} 부탁드려요", "{l:을} {v:로} 바꿔 주세요", "{l:은} {v:로} 정했어요", "{l:은} {v:로} 적어 두세요", "{l:은} {v:로} 갈게요",
    "{l} {v:로} 부탁합니다", "{l:은} {v:이} 맞아요", "{l:은} {v:로} 올려 주세요", "{v:이} {l:이에요}", "제 {l:은} {v:이에요}", "{l:은} 일단 {v:로} 둘게요",
    "{l:에는} {v:을} 넣어 주세요", "{l:은} {v:로} 골랐어요", "{l:은} 그냥 {v:로} 하죠", "{l} 말인데요, {v:로} 해 주세요", "{v} - {l}", "{l:은} {v:로} 기록해 주세요",
)  # fmt: skip
PARTS = {  # beginnings % ends
    "person": "{v} 이름으로 |{v} 앞으로 |{v} 명의로 |예약은 {v} 이름으로 %예약해 주세요|올려 주세요|부탁해요|적어 주세요|할게요|남길게요"
              "#저 |전 |제가 |신청자 |저희 팀 %{v:이에요}|{v}입니다|{v:이라고} 해요|{v:이라고} 합니다|{v:이라고} 불러 주세요|{v:이라고} 적어 주세요",
    "date": "{v}에 |{v}쯤 |가능하면 {v}에 |{v} 중에 |다음은 {v}에 %들를게요|받을게요|찾으러 갈게요|와 주세요|보내 주세요|예약할게요|가능할까요?|하고 싶어요|뵐게요|올게요|방문할게요"
            "#{v:로} |일단 {v:로} |그냥 {v:로} |아마 {v:로} %예약해 주세요|정할게요|잡을게요|옮길게요|부탁해요|맞춰 주세요|하죠|변경해 주세요|미룰게요",
    "time": "{v}에 |{v} 정도에 |{v}쯤 |{v} 전에 |될 수 있으면 {v}에 %들를게요|받을게요|도착해요|와 주실래요?|예약할게요|가능할까요?|하고 싶어요|출발해요|봐요|보내 주세요"
            "#{v:로} |일단 {v:로} |아마 {v:로} |그냥 {v:로} %예약해 주세요|정할게요|옮길게요|부탁해요|하죠|변경해 주세요|미룰게요|당겨 주세요",
    "place": "{v:로} |그냥 {v:로} |지금 {v:로} |이번엔 {v:로} %와 주세요|배달해 주세요|갖다 주세요|부쳐 주세요|오시면 돼요|가져와 주세요|보내 줘요|정할게요"
             "#{v}에서 |{v} 앞에서 |{v} 근처에서 %볼게요|받을게요|기다릴게요|뵐게요|찾을게요|해 주세요#{v}에 |{v} 앞에 |{v} 옆에 %놓아 주세요|맡겨 주세요|살아요|있어요|내려 주세요|둬 주세요",
    "phone": "{v:로} |급하면 {v:로} |나중에 {v:로} |되도록 {v:로} %전화 주세요|문자 주세요|걸어 주세요|알려 주세요|연락해 주세요|전화하세요"
             "#제 번호 |휴대폰 |폰은 |전화기 |핸드폰은 |제 폰 %{v:이에요}|{v}요|{v}입니다|{v:이고}요|{v:로} 해 주세요",
    "thing": "{v} |{v} 하나 |저는 {v} |그럼 {v} |오늘은 {v} |{v:을} %주세요|줘요|살게요|시킬게요|보여 주세요|골랐어요|가져갈게요|주문하고 싶어요|찾고 있어요|보내 줘요|원해요|받고 싶어요|결제할게요",
    "count": "전부 |모두 |다 해서 |합쳐서 |저희 |우리 |딱 |일단 |그럼 | %{w} 개예요|{w} 개 필요해요|{w} 개 부탁드려요|{v}개 살게요|{v}장 주세요|{w} 장이요|{v}병이요|{w} 대 주세요|{v}권이요|"
             "{w} 명이에요|{v}명이 가요|{w} 분이요|{v}인분 주세요|{w} 사람이요|{w} 세트 주세요|{v}세트요|{v}개로 바꿀게요|{v}개 담아 주세요|{w} 명 자리요",
    "color": "{v:로} |그럼 {v:로} |저는 {v:로} |{v} 걸로 |{v} 쪽으로 %부탁해요|할게요|골라 주세요|정했어요|보내 주세요|하고 싶어요|맞춰 주세요|바꿀래요#{v:이} |역시 {v:이} |{v}만 |아무래도 {v:이} %예쁘네요|낫겠어요|마음에 들어요|어울려요|끌려요",
    "option": "{v:로} |그럼 {v:로} |저는 {v:로} |그냥 {v:로} |{v} 걸로 %부탁해요|골라 주세요|정했어요|보내 주세요|하고 싶어요|맞춰 주세요|바꿀래요|진행해 주세요#{v:이} |역시 {v:이} |아무래도 {v:이} |제겐 {v:이} %낫겠어요|마음에 들어요|맞아요|편해요|끌려요",
    "note": "{v}라고 |꼭 {v}라고 |그리고 {v}라고 |기사님께 {v}라고 |담당자에게 {v}라고 %메모해 주세요|적어 둬요|기억해 주세요|알려 주세요|말해 주세요|남겨요|표시해 주세요|덧붙여 주세요",
    "code": "{v} |제 {v} |방금 {v} |{v:로} |어제 {v} |{v} 건 %봐 주세요|확인 부탁해요|찾아 주세요|관련이에요|문의예요|접수했어요|알아봐 주세요|처리해 주세요|조회 부탁해요",
}  # fmt: skip
INVENTED = (
    "{i} {v} {j}해요",
    "{i}하게 {v:로} {j}할게요",
    "{v} {i} {j}해 주세요",
    "{i}에 {v}, {j}예요",
    "{v:로} {j}했어요",
)
TYPED = (
    "date",
    "time",
    "phone",
    "count",
    "color",
)  # values that tell what they are, whatever is said


def composed(sort: str) -> tuple[str, ...]:
    """Ways to say a value of this sort put together from parts, without those held out."""
    groups = [group.split("%") for group in PARTS[sort].split("#")]
    shapes = [
        begun + end
        for first, last in groups
        for begun in first.split("|")
        for end in last.split("|")
    ]
    return tuple(shape.strip() for shape in shapes if not held_out(shape.strip()))


COMPOSED = {sort: composed(sort) for sort in PARTS}
KEYS = {key for keys, labels, *_ in SLOTS for key in (*keys.split(), *labels.split())}
ASKS = (
    "대화에서 알게 된 것을 JSON으로만 적으세요. 모르는 칸은 null로 둡니다.",
    "지금까지의 상태를 JSON 하나로 답하세요.",
    "사용자의 말을 읽고 아래 칸을 채운 JSON만 출력한다. 알 수 없으면 null.",
    "매 차례 대화 상태를 JSON으로 갱신하세요.",
    "Return the dialogue state as JSON only. Use null for unknown slots.",
    "대화를 읽고 상태를 JSON으로 적으세요.",
)
OPENINGS = ("안녕하세요. ", "네, ", "음, ", "그럼 ", "아, ", "저기요. ", "그리고 ", "아니요, ")
CHATTER = (
    "잠깐만요.", "생각 좀 해 볼게요.", "네 고마워요.", "안녕하세요.", "아직 안 정했어요.", "뭐가 좋을까요?", "오늘 날씨가 춥네요.",
    "그건 나중에 말할게요.", "잘 모르겠어요.",
)  # fmt: skip


@dataclass(frozen=True)
class Slot:
    key: str
    label: str
    sort: str
    options: tuple[str, ...]
    shapes: tuple[str, ...]
    wider: bool = False  # whether it is said in the ways put together too


def slots(rng: Random, count: int, unseen: bool | None) -> list[Slot]:
    """Distinct slots of a form, keys in English, in Korean or invented."""
    made: dict[str, Slot] = {}
    for keys, labels, sort, shapes in rng.sample(SLOTS, count):
        label = rng.choice(labels.split())
        kind = rng.random()
        key = (
            rng.choice(keys.split()) if kind < 0.6 else names.latin(rng, 0) if kind < 0.8 else label
        )
        options = tuple(
            rng.sample([names.syllables(rng, 2, 3), names.latin(rng), *rng.sample(THINGS, 3)], 3)
        )
        usable = tuple(s for s in shapes if unseen is None or held_out(s) == unseen) or tuple(
            shapes
        )
        listed = options if sort == "option" else ()
        made[key] = Slot(key, label, sort, listed, usable, wider=unseen is False)
    return list(made.values())


def value(slot: Slot, rng: Random) -> tuple[object, dict[str, str]]:
    """A value and the words it is said with."""
    match slot.sort:
        case "person":
            said: object = names.person(rng) if rng.random() < 0.8 else names.latin(rng, 1)
        case "date":
            said = rng.choice(
                [names.date(rng), rng.choice(DAYS), rng.choice(["내일", "모레", "오늘"])]
            )
        case "time":
            said = rng.choice(
                [
                    f"{rng.choice(['오전', '오후', '저녁'])} {rng.randint(1, 12)}시",
                    f"{rng.randint(0, 23)}:{rng.randint(0, 59):02d}",
                ]
            )
        case "place":
            said = rng.choice(
                [
                    rng.choice(PLACES),
                    f"{names.syllables(rng, 2, 3)}로 {rng.randint(1, 200)}",
                    f"{names.syllables(rng, 2, 2)}동",
                ]
            )
        case "phone":
            said = "-".join(["010"] + [f"{rng.randint(0, 9999):04d}" for _ in range(2)])
        case "thing":
            said = names.noun(rng)
        case "count":
            word = rng.choice(list(COUNTS))
            if rng.random() < 0.5:
                return COUNTS[word], {"v": str(COUNTS[word]), "w": word}
            number = rng.randint(1, 60)
            return number, {"v": str(number), "w": str(number)}
        case "color":
            said = rng.choice(COLORS)
        case "option":
            said = rng.choice(slot.options)
        case "note":
            said = f"{names.noun(rng)} {rng.choice(['조심', '빼기', '추가', '먼저', '따로'])}"
        case _:
            said = names.code(rng)
    return said, {"v": str(said), "w": str(said)}


def shape_of(slot: Slot, rng: Random) -> str:
    """A way to say the slot."""
    kind = rng.random() if slot.wider else 1.0
    if kind < 0.2:
        named = rng.choice(NAMED)
        for ending in ("은", "이", "을", "이에요", "에는"):
            fitted = "이다" if ending == "이에요" else ending
            named = named.replace(f"{{l:{ending}}}", attach(slot.label, fitted, "spoken"))
        named = named.replace("{l}", slot.label)
        return rng.choice(slot.shapes) if held_out(named) else named
    if kind < 0.28 and slot.sort in TYPED:
        shape = rng.choice(INVENTED).replace("{i}", names.syllables(rng, 2, 3))
        return shape.replace("{j}", names.syllables(rng, 2, 2))
    return rng.choice(COMPOSED[slot.sort] if kind < 0.6 else slot.shapes)


def utter(slot: Slot, words: dict[str, str], rng: Random) -> str:
    shape = shape_of(slot, rng)
    if slot.sort == "count" and words["v"] == words["w"]:
        shape = shape.replace("{w}", "{v}")
    text = shape
    for ending in ("은", "이", "을", "로", "이고"):
        text = text.replace(f"{{v:{ending}}}", attach(words["v"], ending))
    text = text.replace("{v:이에요}", attach(words["v"], "이다", "spoken"))
    text = text.replace("{v:이라고}", attach(words["v"], "라") + "고")
    return text.replace("{v}", words["v"]).replace("{w}", words["w"])


def state(rng: Random, *, unseen: bool | None = False) -> Row:
    """A dialogue of one to four turns; after each the whole state is written as JSON."""
    form = slots(rng, rng.randint(2, 6), unseen)
    bare = all(slot.key in KEYS for slot in form)  # then the keys alone say what they mean
    listing = rng.random() * (1.0 if bare else 0.7)
    if listing < 0.4:
        described = "칸: " + ", ".join(
            f"{s.key}({s.label}: {'|'.join(s.options)})" if s.options else f"{s.key}({s.label})"
            for s in form
        )
    elif listing < 0.7:
        described = "\n".join(
            f"- {s.key}: {s.label}" + (f" ({', '.join(s.options)})" if s.options else "")
            for s in form
        )
    else:
        described = "형식: " + json.dumps({s.key: None for s in form}, ensure_ascii=False)
    known: dict[str, object] = {s.key: None for s in form}
    done = (
        rng.choice(["ready", "readyForConfirmation", "complete", "완료"])
        if rng.random() < 0.3
        else None
    )
    if done:
        described += f"\n{done}: 모두 찼으면 true"
    dense = rng.random() < 0.15
    pieces = [Piece(turn("system", f"{rng.choice(ASKS)}\n{described}"))]
    for _ in range(rng.randint(1, 4)):
        said = (
            []
            if rng.random() < 0.1
            else rng.sample(form, min(len(form), rng.choice([1, 1, 2, 2, 3])))
        )
        words = []
        for slot in said:
            known[slot.key], spoken = value(slot, rng)
            words.append(utter(slot, spoken, rng))
        if words and form[0].wider and rng.random() < 0.1:
            words.insert(rng.randrange(len(words) + 1), rng.choice(CHATTER))
        text = rng.choice([". ", " ", ", "]).join(words) or rng.choice(CHATTER)
        if rng.random() < 0.3:
            text = rng.choice(OPENINGS) + text
        if rng.random() < 0.3:
            text += rng.choice([".", "!", " 고마워요."])
        written = dict(known)
        if done:
            written[done] = all(v is not None for v in known.values())
        answer = json.dumps(written, ensure_ascii=False, separators=(",", ":") if dense else None)
        pieces.append(Piece(turn("user", text) + f"{START}assistant\n"))
        pieces.append(Piece(f"{answer}{END}\n", True))
    return Row("", (Branch(tuple(pieces), "state", answer),))
