"""Rows for repeating and for small talk, with the few fixed kinds of replies it has."""

from __future__ import annotations

from random import Random

from training.practice import names
from training.practice.facts import REGISTERS, tell
from training.practice.korean import attach
from training.practice.reading import KINDS, system
from training.practice.rows import START, Branch, Row, reply

ECHOES = (
    "다음 말을 그대로 따라 쓰세요: {t}", "그대로 옮겨 적으세요.\n{t}", "{t}\n\n위 문장을 똑같이 쓰세요.", "따라 하세요: {t}", "'{t}' 이 말을 반복해 줘",
    "Repeat after me: {t}", "아래 글을 복사하세요.\n\n{t}",
)  # fmt: skip
SMALL_TALK = (
    (("안녕하세요", "안녕", "반가워요", "좋은 아침이에요", "처음 뵙겠습니다", "hello", "hi", "여보세요"), "안녕하세요. 무엇을 도와드릴까요?"),
    (("고마워요", "감사합니다", "고마워", "덕분에 해결했어요", "thanks", "큰 도움이 됐어요"), "천만에요. 더 궁금한 것이 있으면 물어보세요."),
    (("잘 가요", "안녕히 계세요", "다음에 또 올게요", "이만 끊을게요", "bye", "수고하세요"), "안녕히 가세요. 좋은 하루 보내세요."),
    (("너는 누구야?", "이름이 뭐예요?", "당신은 누구세요?", "사람이에요?", "who are you?"), "저는 질문에 답하는 작은 조수입니다."),
    (("뭘 할 수 있어?", "무엇을 도와줄 수 있나요?", "어떤 일을 해요?", "사용법 알려 줘"), "주어진 문서에서 답을 찾아 드립니다."),
    (("오늘 힘들었어", "기분이 안 좋아요", "너무 피곤해요", "속상해요", "우울하네"), "힘드셨겠어요. 잠시 쉬어 가셔도 좋습니다."),
    (("심심해", "재미있는 얘기 해 줘", "놀아 줘", "노래 불러 줘"), "저는 문서에 관한 질문을 도와드릴 수 있습니다."),
    (("잘했어", "똑똑하네", "최고예요", "멋져요"), "고맙습니다. 더 도와드릴 것이 있나요?"),
    (("그건 틀렸어", "답이 이상해요", "아닌 것 같은데", "잘못 말했어"), "죄송합니다. 다시 확인하겠습니다."),
)  # fmt: skip


def echo(rng: Random, *, unseen: bool | None = False) -> Row:
    """Text to be said again, from a random string to a few sentences; and terms of a glossary."""
    prefix = (system(rng) if rng.random() < 0.5 else "") + f"{START}user\n"
    branches = []
    for _ in range(3):
        kind = rng.random()
        if kind < 0.3:
            text = " ".join(names.name(rng) for _ in range(rng.randint(2, 10)))
        elif kind < 0.4:
            text = "".join(rng.choice(names.SYLLABLES) for _ in range(rng.randint(5, 40)))
        else:
            register = rng.choice(REGISTERS)
            text = " ".join(
                tell(rng.choice(KINDS), names.noun(rng), register, rng, unseen=unseen).sentence
                for _ in range(rng.randint(1, 2))
            )
        branches.append(reply(rng.choice(ECHOES).format(t=text), text, "echo", text))
    return Row(prefix, tuple(branches))


def short(rng: Random) -> Row:
    """The warm-up: a few names said again, or one of a few pairs looked up; nearly every token is a
    copy, so that copying forms in minutes."""
    kind = rng.random()
    prefix = f"{START}user\n"
    if kind < 0.4:
        words = [names.name(rng) for _ in range(rng.randint(1, 6))]
        text = " ".join(words)
        return Row(prefix, (reply(rng.choice(ECHOES).format(t=text), text, "echo", text),))
    pairs = [(names.name(rng), names.name(rng)) for _ in range(rng.randint(1, 4))]
    told = rng.choice(["{a:은} {b:이다}.", "{a} = {b};", "{a}: {b}.", "{a:의} 값은 {b:이다}."])

    def line(a: str, b: str) -> str:
        text = told.replace("{a}", a).replace("{b}", b)
        for ending in ("은", "의"):
            text = text.replace(f"{{a:{ending}}}", attach(a, ending))
        return text.replace("{b:이다}", attach(b, "이다"))

    body = " ".join(line(a, b) for a, b in pairs)
    asked = [pairs[0]] if len(pairs) == 1 else rng.sample(pairs, 2)
    return Row(
        f"{prefix}{body}\n\n",
        tuple(reply(f"질문: {a}?", line(a, b), "answer", b) for a, b in asked),
    )


def glossary(rng: Random) -> Row:
    """Terms explained in the system turn, asked one by one."""
    terms = {
        names.code(rng) if rng.random() < 0.7 else names.name(rng): names.noun(rng)
        for _ in range(rng.randint(1, 5))
    }
    listed = "; ".join(f"{term} = {meaning}" for term, meaning in terms.items())
    prefix = system(rng).replace("<|im_end|>", f"\n용어: {listed}<|im_end|>", 1) + f"{START}user\n"
    branches = []
    for term, meaning in rng.sample(sorted(terms.items()), min(3, len(terms))):
        question = rng.choice(
            [
                "{t:은} 무엇인가요?",
                "{t:이} 뭐야?",
                "{t} 뜻이 뭐예요?",
                "{t:은} 무슨 뜻인가요?",
                "{t:란}?",
            ]
        )
        for ending in ("은", "이", "란"):
            question = question.replace(f"{{t:{ending}}}", attach(term, ending))
        answer = f"{attach(term, '은')} {attach(meaning, '이다', 'polite')}."
        branches.append(reply(question.replace("{t}", term), answer, "term", meaning))
    return Row(prefix, tuple(branches))


def small_talk(rng: Random) -> Row:
    prefix = (system(rng) if rng.random() < 0.7 else "") + f"{START}user\n"
    branches: list[Branch] = []
    for asked, answer in rng.sample(SMALL_TALK, 4):
        text = rng.choice(asked) + rng.choice(["", ".", "!", "~"])
        branches.append(reply(text, answer, "talk"))
    return Row(prefix, tuple(branches))
