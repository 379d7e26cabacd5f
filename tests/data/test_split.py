"""Two sides of the records: groups whole, classes in their shares, near copies together."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.data import Record, prepare
from sadari.data.split import pick_groups, split_by_group
from sadari.domain import Domain, Session
from sadari.domain.message import assistant, user

Shop = Callable[..., Domain]


def plain(name: str, group: str, task: str = "") -> Record:
    return Record(name, (user("왜?"), assistant("그래서.")), group, "s", task)


@given(
    groups=st.lists(st.sampled_from("abcdefgh"), max_size=60),
    tasks=st.lists(st.sampled_from("xyz"), min_size=60, max_size=60),
    share=st.floats(0.01, 0.49),
    seed=st.integers(0, 5),
)
def test_groups_stay_whole(groups: list[str], tasks: list[str], share: float, seed: int) -> None:
    records = [plain(str(n), *pair) for n, pair in enumerate(zip(groups, tasks, strict=False))]
    train, validation = split_by_group(records, share, seed)
    assert sorted([*train, *validation], key=lambda r: int(r.id)) == records
    assert not {r.group for r in train} & {r.group for r in validation}
    if len(set(groups)) > 1:
        assert train
        assert validation
    shuffled = random.Random(seed).sample(records, len(records))
    assert {r.id for r in split_by_group(shuffled, share, seed)[1]} == {r.id for r in validation}


def test_each_class_has_its_share_and_no_class_leaves_training() -> None:
    draw, weights = random.Random(3), (80, 18, 2)
    topics = {f"d{n}": f"topic{n % 7}" for n in range(140)}
    rows = [
        plain(
            f"{n}", f"d{draw.randrange(140)}", draw.choices(("often", "some", "rare"), weights)[0]
        )
        for n in range(3000)
    ]
    train, validation = split_by_group(rows, 0.2, 0, topics=topics)
    for of in (lambda r: r.task, lambda r: topics[r.group]):
        learned, held = Counter(map(of, train)), Counter(map(of, validation))
        for name, count in learned.items():
            assert held[name] / (count + held[name]) == pytest.approx(0.2, abs=0.04), name
    two = [plain("1", "a", "x"), plain("2", "b", "x"), plain("3", "c", "y"), plain("4", "d", "y")]
    assert {r.task for r in split_by_group(two, 0.45, 0)[0]} == {"x", "y"}


def test_most_records_keep_their_side_when_more_come() -> None:
    rows = [plain(f"{n}", f"g{n}", f"t{n % 3}") for n in range(2000)]
    before = {r.id for r in split_by_group(rows[:1900], 0.2, 0)[1]}
    after = {r.id for r in split_by_group(rows, 0.2, 0)[1]}
    assert len(before - after) < 20
    assert before != {r.id for r in split_by_group(rows[:1900], 0.2, 1)[1]}


def test_joined_groups_do_not_part() -> None:
    rows = [plain(f"{n}", f"g{n // 2}") for n in range(40)]
    pairs = [(n, n + 10) for n in range(0, 30, 2)]
    for seed in range(5):
        held = {r.group for r in split_by_group(rows, 0.3, seed, joined=pairs)[1]}
        assert held
        assert all((rows[i].group in held) == (rows[j].group in held) for i, j in pairs)


def order(n: int, more: str) -> Session:
    """A dialogue of two questions; orders with the same `n` are near copies."""
    dish = "".join(random.Random(n).sample("가나다라마바사아자차카타파하고노도로모보", 12))
    turns = (
        user(f"{dish} 세트로 저녁에 보내 주실 수 있을까요"),
        assistant(f"{dish} 세트를 저녁에 보내 드리겠습니다. 더 필요한 것이 있으신가요"),
        user(f"아니요 그렇게 해 주세요{more}"),
        assistant(f"주문을 마쳤습니다{more}"),
    )
    return Session(f"s{n}{more}", turns, source=f"s.jsonl:{n}")


def test_near_copies_of_a_dialogue_stay_on_one_side(shop: Shop) -> None:
    sessions = tuple(order(n, ending) for n in range(20) for ending in ("", "다"))
    for seed in range(4):
        data = prepare(replace(shop(seed=seed), dialogues=sessions))
        held = {r.id for r in data.validation if r.id.startswith("s")}
        assert 2 <= len(held) <= 20
        assert all((f"s{n}" in held) == (f"s{n}다" in held) for n in range(20))


@given(names=st.sets(st.text(max_size=3), max_size=30), share=st.floats(0, 1))
def test_picked_groups_are_the_share(names: set[str], share: float) -> None:
    picked = pick_groups([*names, *names], share, seed=1)
    assert picked <= names
    assert len(picked) == round(share * len(names))
    assert picked == pick_groups(sorted(names, reverse=True), share, seed=1)
