"""General records are mixed in and tested; what was tested was never trained on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sadari.data import DataError
from sadari.domain import Domain, read_domain
from sadari.jobs import JobError
from sadari.jobs.forgetting import answer_probabilities, forgetting, read_general, rehearsal
from sadari.llm.local import LocalModel
from sadari.llm.weights import load_tokenizer, resolve
from tests.domains import small_domain
from tests.tiny import TEMPLATE, tiny_adapter, tiny_tokenizer


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Domain:
    return read_domain(small_domain(tmp_path_factory.mktemp("general") / "shop", tiny))


def _with_general(domain: Domain, path: Path) -> Domain:
    tuning = domain.settings.tuning.model_copy(update={"general": str(path)})
    return replace(domain, settings=domain.settings.model_copy(update={"tuning": tuning}))


def test_the_built_in_set_is_whole_and_split_by_kind(domain: Domain) -> None:
    general = read_general(domain)
    assert (len(general.rehearsed), len(general.tested)) == (194, 97)
    kinds = {record.id.split("-")[0] for record in general.tested}
    assert kinds == {record.id.split("-")[0] for record in general.rehearsed}
    asked = {record.messages for record in general.rehearsed}
    assert not asked & {record.messages for record in general.tested}


def test_rehearsal_makes_up_its_share_and_repeats_late(domain: Domain, tiny: Path) -> None:
    general, tokenizer = read_general(domain), load_tokenizer(tiny)
    some = rehearsal(general, tokenizer, examples=60, share=0.25, seed=1)
    assert len(some) == 20
    assert len({example.ids for example in some}) == 20
    assert some == rehearsal(general, tokenizer, examples=60, share=0.25, seed=1)
    assert some != rehearsal(general, tokenizer, examples=60, share=0.25, seed=2)
    many = rehearsal(general, tokenizer, examples=400, share=0.5, seed=1)
    assert len(many) == 400
    assert {many.count(example) for example in many} <= {2, 3}


def test_rehearsed_examples_are_rendered_as_the_domains_own(domain: Domain) -> None:
    tokenizer = tiny_tokenizer("{% if quiet %}[quiet]{% endif %}" + TEMPLATE)
    told = {"quiet": True}
    some = rehearsal(
        read_general(domain), tokenizer, examples=9, share=0.25, seed=1, template_kwargs=told
    )
    assert all("[quiet]" in tokenizer.decode(list(example.ids)) for example in some)


def test_general_conversations_that_ask_a_test_question_are_refused(
    domain: Domain, tmp_path: Path
) -> None:
    asked = next(q for q in domain.questions if q.split == "test").text
    rows = [{"question": f"{n}번은 어디에 있나요?", "answer": "창고"} for n in range(9)]
    path = tmp_path / "general.jsonl"
    lines = [json.dumps(row) for row in [*rows, {"question": f"저기, {asked}", "answer": "7일"}]]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DataError, match=r"general\.jsonl:10: asks the same as the test question"):
        read_general(_with_general(domain, path))


def test_a_file_of_ones_own(domain: Domain, tmp_path: Path) -> None:
    path = tmp_path / "general.jsonl"
    rows = [{"question": f"{n} 더하기 1은?", "answer": f"{n + 1}입니다."} for n in range(12)]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    general = read_general(_with_general(domain, path))
    assert [r.messages[-1].content for r in general.tested] == [
        "3입니다.",
        "6입니다.",
        "9입니다.",
        "12입니다.",
    ]
    path.write_text(json.dumps(rows[0]), encoding="utf-8")
    with pytest.raises(JobError, match="1 general conversations can be read"):
        read_general(_with_general(domain, path))


def test_the_drop_and_its_interval() -> None:
    """Student's interval by hand: mean 0.2, standard error 0.1 / sqrt(3), t(2) = 4.3027."""
    found = forgetting([0.5, 0.6, 0.7], [0.4, 0.4, 0.4], "x")
    assert found.drop == pytest.approx(0.2)
    assert (found.high - found.drop) == pytest.approx(4.3027 * 0.1 / 3**0.5, rel=1e-4)
    assert found.low == pytest.approx(2 * found.drop - found.high)
    same = forgetting([0.5, 0.6], [0.5, 0.6], "x")
    assert (same.drop, same.low, same.high) == (0, 0, 0)


def test_a_model_that_lost_its_mind_is_seen(domain: Domain, tmp_path: Path) -> None:
    """PREVENT 17: a random adapter over the practice model forgets what it could do."""
    base = resolve("practice")
    general = read_general(domain)
    model = LocalModel(base)
    before = answer_probabilities(model, general)
    after = answer_probabilities(model, general, tiny_adapter(tmp_path / "wild", base, scale=4.0))
    model.close()
    assert sum(before) / len(before) > 0.3
    found = forgetting(before, after, general.digest)
    assert found.drop > 0.2
    assert found.low > 0
