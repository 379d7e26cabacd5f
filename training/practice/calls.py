"""Rows for tools: which function answers the request, with which arguments, and what to say then."""

from __future__ import annotations

import json
from random import Random

from training.practice import names
from training.practice.korean import Predicate, attach
from training.practice.rows import END, START, Branch, Piece, Row, turn
from training.practice.shapes import held_out
from training.practice.words import DAYS, HEADINGS, PROPERTIES, THINGS

VERBS = {
    "get": ("알려 준다", ["{x} {p:을} 알려 줘", "{x} {p} 알려 주세요", "{x:의} {p:은} 얼마야?", "{x} {p} 뭐야", "{x} {p:이} 궁금해요",
                       "지금 {x} {p} 좀 볼 수 있을까요?", "{x:의} {p:을} 보여 주세요", "{x} {p} 조회", "오늘 {x} {p:은} 어때?",
                       "혹시 {x} {p:을} 알 수 있나요?", "{x} {p} 확인 부탁해요", "지금 {x} {p} 값 말해 줘", "{p:이} 얼마인지요, {x}요",
                       "요즘 {x:의} {p} 좀 볼까요?", "{x} {p:을} 읽어 줄래?", "{p} 궁금합니다. {x:로} 봐 주세요"]),
    "find": ("찾는다", ["{x} {p} 찾아 줘", "{x:의} {p:을} 찾아 주세요", "{x} {p} 어디 있어?", "{x} {p:을} 검색해 줘", "{x} {p} 있나요?",
                     "혹시 {x:로} 된 {p} 있어요?", "{x} {p} 남아 있나요?", "{x:의} {p:은} 어디에 있죠?", "{x:로} {p:을} 뒤져 봐",
                     "어제 {x} {p} 어디 뒀지?", "{x} {p:이} 있는지 봐 줘", "{x} 관련 {p} 좀 찾아봐"]),
    "set": ("바꾼다", ["{x} {p:을} 바꿔 줘", "{x:의} {p:을} 고쳐 주세요", "{x} {p} 설정해 줘", "{x} {p:을} 맞춰 줄래요?",
                    "{x} {p} 변경 부탁해요", "이제 {x:의} {p:을} 바꿀게요", "{x} {p} 다시 정해 줘", "{p:을} 고칠래요, {x}요",
                    "{x} {p} 좀 조정해 주세요"]),
    "create": ("만든다", ["{x} {p} 만들어 줘", "{x:로} {p:을} 새로 만들어 주세요", "{x} {p} 등록해 줘", "{x} {p} 하나 열어 주세요",
                       "{x} {p} 새로 하나요", "{x:의} {p:을} 추가해 줘", "{x} {p} 작성 부탁해요", "새 {p} 부탁해요, {x}요",
                       "{x} {p:을} 넣어 주세요", "{x:로} {p} 잡아 줘"]),
    "cancel": ("취소한다", ["{x} {p} 취소해 줘", "{x:의} {p:을} 취소해 주세요", "{x} {p} 없던 걸로 해 줘", "{x} {p} 취소할게요",
                        "{x} {p} 안 할래요", "{x:의} {p:을} 지워 주세요", "아까 {x} {p} 빼 줘", "{x} {p:은} 그만둘게요",
                        "{p} 취소요, {x}요", "{x} {p} 물러 주세요",
                        "{x} {p} 취소 부탁해요", "{x} {p:은} 없애 주세요"]),
    "send": ("보낸다", ["{x} {p} 보내 줘", "{x:로} {p:을} 보내 주세요", "{x} {p} 전송해 줘", "{x:의} {p:을} 전해 주세요",
                     "{x} {p} 좀 넘겨 줘", "{p:을} 부쳐 주세요, {x}요", "{x} {p} 발송 부탁해요", "이따 {x} {p:을} 보낼게요"]),
    "predict": ("예측한다", ["{x} {p:이} 얼마나 될까?", "{x} {p} 예측해 줘", "{x:의} {p:은} 어떻게 될까요?", "{x} {p} 전망은?",
                         "앞으로 {x} {p:은} 어떨까?", "{x:의} {p:이} 오를까요?", "{x} {p} 예상해 봐", "{x} {p:이} 얼마나 걸릴까요?",
                         "다음번 {x} {p} 미리 알 수 있어?"]),
}  # fmt: skip
# Training says a request in more ways than these: a frame, a verb and an ending, put together.
FRAMES = (
    "{x} {p:을} ", "{x:의} {p:을} ", "{x} {p} ", "{x}의 {p} ", "{p:을} %, {x}요", "{x}요, {p} ", "{x:로} {p} ", "{x}에 대한 {p:을} ",
    "{x} 쪽 {p:을} ", "{p} %. {x}입니다", "{x} 거 {p:을} ", "{x:은} {p:을} ", "{p} 말인데요, {x:로} ",
)  # fmt: skip
STEMS = {
    "get": "조회하 확인하 말하 읽 체크하 살펴보 들여다보", "find": "찾 검색하 뒤지 찾아내 물색하 골라내",
    "set": "바꾸 고치 설정하 맞추 변경하 조정하 손보 지정하", "create": "만들 등록하 추가하 작성하 생성하 개설하 신청하",
    "cancel": "취소하 지우 없애 빼 철회하 삭제하 접", "send": "보내 전송하 전하 부치 넘기 발송하 전달하 공유하",
    "predict": "예측하 예상하 내다보 전망하 추정하 점치 가늠하",
}  # fmt: skip
ENDINGS = (
    ("어", " 줘"), ("어", " 주세요"), ("어", " 줄래요?"), ("어", " 주실래요?"), ("어", " 주시겠어요?"), ("ㄹ", " 수 있을까요?"),
    ("ㄹ", " 수 있어?"), ("고", " 싶어요"), ("고", " 싶은데요"), ("려고", " 해요"), ("어야", " 해요"), ("어야", " 하는데요"), ("면", " 좋겠어요"),
    ("어", " 봐"), ("어", " 주면 좋겠어"), ("까", "요?"), ("세요", ""), ("기", " 바랍니다"), ("ㄹ", "래요"),
)  # fmt: skip
# What says nothing of the function's verb: the topic alone tells which one is meant.
VAGUE = (
    "부탁해요", "부탁드립니다", "좀요", "처리해 줘", "진행해 주세요", "건이에요", "건으로 연락했어요", "어떻게 됐어?", "도와주세요", "해결해 줘",
    "때문에요", "관련해서요", "필요해요", "급해요", "맡길게요", "%해 줘", "%해 주세요", "%할게요", "%할까요?", "%하고 싶어요",
)  # fmt: skip
TOPICS = [
    ("order", "주문"), ("ticket", "문의"), ("price", "가격"), ("stock", "재고"), ("weather", "날씨"), ("room", "방 예약"),
    ("route", "경로"), ("score", "점수"), ("level", "수위"), ("status", "상태"), ("report", "보고서"), ("alarm", "알람"),
    ("budget", "예산"), ("delivery", "배송"), ("schedule", "일정"), ("invoice", "청구서"), ("sensor", "센서 값"), ("loan", "대출"),
] + [(p[0], p[1]) for p in (("temperature", "온도"), ("pressure", "압력"), ("speed", "속도"), ("humidity", "습도"), ("noise", "소음"))]  # fmt: skip
PARAMETERS = (
    "id",
    "name",
    "target",
    "code",
    "city",
    "item",
    "room_id",
    "device",
    "query",
    "subject",
    "key",
)
EXTRA = (
    ("date", "string", "날짜", lambda rng: rng.choice([names.date(rng), rng.choice(DAYS), "오늘", "내일"]), ["{v}에", "{v} 기준으로"]),
    ("count", "integer", "개수", lambda rng: rng.randint(1, 99), ["{v}개", "개수 {v}"]),
    ("hours", "integer", "시간 수", lambda rng: rng.randint(1, 48), ["{v}시간 동안", "앞으로 {v}시간"]),
    ("value", "number", "값", lambda rng: rng.choice([rng.randint(1, 900), rng.randint(1, 999) / 10]), ["{v} 값으로", "{v}로"]),
    ("reason", "string", "까닭", lambda rng: f"{rng.choice(THINGS)} {rng.choice(HEADINGS)}", ["'{v}' 때문에", "이유는 {v}"]),
)  # fmt: skip


def composed(verb: str) -> tuple[str, ...]:
    """Shapes of requests put together from parts, without those that are held out."""
    shapes = []
    for stem in STEMS[verb].split():
        for ending, tail in ENDINGS:
            said = Predicate(stem).end(ending) + tail
            shapes += [f.replace("%", said) if "%" in f else f + said for f in FRAMES]
    return tuple(shape for shape in shapes if not held_out(shape))


COMPOSED = {verb: composed(verb) for verb in VERBS}


def shape_of(rng: Random, verb: str, unseen: bool | None, *, alone: bool) -> str:
    """A way to put a request; `alone`: no other function has its topic."""
    written = VERBS[verb][1]
    kind = rng.random()
    if unseen is False and alone and kind < 0.2:
        said = rng.choice(VAGUE).replace("%", names.syllables(rng, 2, 2))
        frame = rng.choice(FRAMES)
        return frame.replace("%", said) if "%" in frame else frame + said
    if unseen is False and kind < 0.6:
        return rng.choice(COMPOSED[verb])
    return rng.choice([s for s in written if unseen is None or held_out(s) == unseen] or written)


def tool(rng: Random, verb: str, topic: tuple[str, str]) -> dict[str, object]:
    """A function's JSON schema in the OpenAI form."""
    parameter = rng.choice(PARAMETERS) if rng.random() < 0.8 else names.latin(rng, 0)
    properties: dict[str, dict[str, str]] = {
        parameter: {
            "type": "string",
            "description": rng.choice(["대상", "이름", "번호", topic[1] + " 대상"]),
        }
    }
    required = [parameter]
    if rng.random() < 0.4:
        extra, sort, described, _, _ = rng.choice(EXTRA)
        properties[extra] = {"type": sort, "description": described}
        if rng.random() < 0.6:
            required.append(extra)
    name = f"{verb}_{topic[0]}" if rng.random() < 0.8 else f"{topic[0]}_{verb}"
    function = {"name": name, "description": f"{attach(topic[1], '을')} {VERBS[verb][0]}.",
                "parameters": {"type": "object", "properties": properties, "required": required}}  # fmt: skip
    return {"type": "function", "function": function}


def request(
    rng: Random, schema: dict[str, object], text: str, label: str
) -> tuple[str, dict[str, object]]:
    """What a user says in the shape `text`, and the arguments that it means."""
    function = schema["function"]
    assert isinstance(function, dict)
    target = rng.choice([names.name(rng), names.code(rng), names.noun(rng)])
    for slot, word in (("x", target), ("p", label)):
        text = text.replace(f"{{{slot}}}", word)
        for ending in ("은", "이", "을", "로", "의"):
            text = text.replace(f"{{{slot}:{ending}}}", attach(word, ending))
    arguments: dict[str, object] = {}
    for key in function["parameters"]["properties"]:
        extra = next((entry for entry in EXTRA if entry[0] == key), None)
        if extra is None or key in PARAMETERS:
            arguments[key] = target
        elif key in function["parameters"]["required"] or rng.random() < 0.5:
            arguments[key] = extra[3](rng)
            phrase = rng.choice(extra[4]).replace("{v}", str(arguments[key]))
            text = f"{phrase} {text}" if rng.random() < 0.6 else f"{text} {phrase}"
    return text, arguments


def tool_block(schemas: list[dict[str, object]]) -> str:
    """The part of the system turn that the chat template writes for tools."""
    lines = "\n".join(json.dumps(schema, ensure_ascii=False) for schema in schemas)
    return (
        f"<tools>\n{lines}\n</tools>\n"
        '도구가 필요하면 <tool_call>\n{"name": 이름, "arguments": 인자}\n</tool_call> 형식으로 부르세요.'
    )


def call(rng: Random, *, unseen: bool | None = False) -> Row:
    """Several tools, several requests as branches; some go on to the tool's answer."""
    kinds = rng.sample([(verb, topic) for verb in VERBS for topic in TOPICS], rng.randint(1, 3))
    if unseen is False and len(kinds) > 1 and rng.random() < 0.3:  # the verb alone tells them apart
        other = rng.choice([verb for verb in VERBS if verb != kinds[0][0]])
        kinds[1] = (other, kinds[0][1])
    schemas = [tool(rng, verb, topic) for verb, topic in kinds]
    persona = rng.choice(
        [
            "당신은 도구를 쓰는 조수입니다.",
            "필요하면 도구를 부르는 도우미입니다.",
            "당신은 담당자를 돕는 조수입니다.",
            "",
        ]
    )
    prefix = turn("system", f"{persona}\n\n{tool_block(schemas)}".strip()) + f"{START}user\n"
    branches = []
    for _ in range(rng.randint(3, 5)):
        index = rng.randrange(len(kinds))
        verb, topic = kinds[index]
        alone = [other for _, other in kinds].count(topic) == 1
        shape = shape_of(rng, verb, unseen, alone=alone)
        text, arguments = request(rng, schemas[index], shape, topic[1])
        function = schemas[index]["function"]
        assert isinstance(function, dict)
        called = json.dumps({"name": function["name"], "arguments": arguments}, ensure_ascii=False)
        answer = f"<tool_call>\n{called}\n</tool_call>"
        pieces = [Piece(f"{text}{END}\n{START}assistant\n"), Piece(f"{answer}{END}\n", True)]
        if rng.random() < 0.35:
            value = rng.choice(
                [
                    names.number(rng) + rng.choice(rng.choice(PROPERTIES)[1]),
                    names.name(rng),
                    names.date(rng),
                ]
            )
            result = rng.choice(
                [
                    json.dumps(
                        {rng.choice(["result", "value", topic[0]]): value}, ensure_ascii=False
                    ),
                    value,
                ]
            )
            pieces += [
                Piece(turn("tool", result) + f"{START}assistant\n"),
                Piece(f"{attach(value, '이다', 'polite')}.{END}\n", True),
            ]
            branches.append(
                Branch(tuple(pieces), "told", attach(value, "이다", "polite") + ".", value)
            )
        else:
            branches.append(Branch(tuple(pieces), "call", answer))
    return Row(prefix, tuple(branches))
