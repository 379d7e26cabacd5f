"""Particles and endings of the generator's Korean."""

from __future__ import annotations

import pytest

from training.practice.korean import Predicate, attach

VERBS = {
    verb.stem: verb
    for verb in (
        *(Predicate(stem) for stem in ("늘어나", "막히", "줄", "교체하", "바르", "끄", "바꾸")),
        *(Predicate(stem, True) for stem in ("길", "짧", "끊겨 있")),
        Predicate("두껍", True, "ㅂ"),
    )
}
PLAIN = """
늘어나 나요 늘어나나요, 막히 어서 막혀서, 막히 은 막힌, 줄 면 줄면, 줄 는 주는
교체하 어야 교체해야, 교체하 십시오 교체하십시오, 교체하 려면 교체하려면
두껍 면 두꺼우면, 두껍 어서 두꺼워서, 두껍 는 두꺼운
길 는 긴, 길 다 길다, 길 나요 긴가요
바르 어서 발라서, 끄 어야 꺼야, 짧 면 짧으면, 짧 ㄹ 짧을, 늘어나 다 늘어난다
"""


@pytest.mark.parametrize(
    "case", [c.strip() for c in PLAIN.replace("\n", ",").split(",") if c.strip()]
)
def test_plain_endings(case: str) -> None:
    stem, ending, form = case.split()
    assert VERBS[stem].end(ending) == form


@pytest.mark.parametrize(
    ("stem", "register", "form"),
    [
        ("늘어나", "polite", "늘어납니다"),
        ("막히", "spoken", "막혀요"),
        ("줄", "polite", "줍니다"),
        ("두껍", "polite", "두껍습니다"),
        ("바꾸", "spoken", "바꿔요"),
    ],
)
def test_registers(stem: str, register: str, form: str) -> None:
    assert VERBS[stem].end("다", register) == form


def test_being_is_no_adjective_before_a_noun() -> None:
    assert VERBS["끊겨 있"].end("는") == "끊겨 있는"


PARTICLES = """
펌프 은 펌프는, 밸브 이 밸브가, 시간 을 시간을, 연필 로 연필로, 압력 로 압력으로
VG12 은 VG12는, A-10 이 A-10이, 창문 이다 창문이다, 자 란 자란
"""


@pytest.mark.parametrize("case", [c for c in PARTICLES.replace("\n", ",").split(",") if c.strip()])
def test_particles(case: str) -> None:
    word, particle, form = case.split()
    assert attach(word, particle) == form
