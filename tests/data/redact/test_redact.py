"""Redacting, restoring, and the file that remembers."""

from __future__ import annotations

import multiprocessing
import os
import stat
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.data import DataError, Record
from sadari.data.redact import Vault, redact, redact_records, restore, restore_records
from sadari.domain import Message, ToolCall, split_state, with_state
from tests.data.redact.agreement import labelled

ASK = "이서연입니다. 010-2345-6789로 전화 주세요."


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "vaults" / "shop.sqlite")


def test_the_same_value_has_the_same_placeholder(vault: Vault) -> None:
    first = redact(ASK, vault)
    assert first.text == "[NAME_1]입니다. [PHONE_1]로 전화 주세요."
    assert first.counts == {"name": 1, "phone": 1}
    assert redact("담당자: 이서연", vault).text == "담당자: [NAME_1]"
    assert redact("010-9999-0000", vault).text == "[PHONE_2]"


def test_another_spelling_of_a_value_is_another_form_of_its_placeholder(vault: Vault) -> None:
    text = "010-2345-6789 / 01023456789 / +82 10-2345-6789"
    done = redact(text, vault)
    assert done.text == "[PHONE_1] / [PHONE_1.2] / [PHONE_1.3]"
    assert restore(done.text, vault) == text


def test_every_labelled_sentence_comes_back(vault: Vault) -> None:
    for sentence in labelled():
        assert restore(redact(sentence.text, vault).text, vault) == sentence.text


def test_redacting_twice_changes_nothing_more(vault: Vault) -> None:
    once = redact(ASK, vault).text
    assert redact(once, vault).text == once


PIECES = st.lists(
    st.sampled_from(
        ["[PHONE_1]", "[NAME_1]", "[NAME_2.2]", "[CARD_0]", "[PHONE_99999999999]", "[", "]", "\n",
         "010-1234-5678", "01012345678", "a@b.kr", "김민수 고객님", "담당자: ", "900101-1234567",
         "계좌 110-234-567890", "서울 강남구 테헤란로 12, 3층", " ", "로", "\ud83d"]
    )
    | st.text(max_size=6),
    max_size=12,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_any_text_comes_back(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder, Vault.open(Path(folder) / "v") as vault:
        assert restore(redact(text, vault).text, vault) == text


def test_a_placeholder_that_stood_in_a_text_is_never_given_out(vault: Vault) -> None:
    assert redact("[PHONE_1] 010-2345-6789", vault).text == "[PHONE_1] [PHONE_2]"
    assert restore("[PHONE_1] [PHONE_2]", vault) == "[PHONE_1] 010-2345-6789"


def test_a_form_that_stood_in_a_text_is_never_given_out(vault: Vault) -> None:
    first = redact("010-2345-6789", vault).text
    foreign = f"{first[:-1]}.2] 글"
    redacted = redact(foreign, vault).text
    redact("01023456789", vault)
    assert restore(redacted, vault) == foreign


@pytest.mark.parametrize(
    "text",
    [
        unicodedata.normalize("NFD", "이서연 고객님"),  # as macOS writes it
        "01\u200b0-2345-6789",
        "０１０－２３４５－６７８９",
    ],
)
def test_what_looks_the_same_is_found(vault: Vault, text: str) -> None:
    known = redact("이서연, 010-2345-6789", vault).text.split(", ")
    redacted = redact(text, vault).text
    assert any(redacted.startswith(name[:-1]) for name in known)
    assert restore(redacted, vault) == text


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "vaults" / "shop.sqlite"
    with Vault.open(path) as vault:
        redact(ASK, vault)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with Vault.open(path) as again:
        assert len(again) == 2
        assert restore("[PHONE_1]", again) == "010-2345-6789"
    path.chmod(0o644)
    with pytest.raises(DataError, match=r"is open to others \(mode 644\) and holds personal data"):
        Vault.open(path)


def test_a_file_that_is_no_vault_is_said(tmp_path: Path) -> None:
    path = tmp_path / "v"
    path.write_text("not a database, but long enough to be taken for one" * 20)
    path.chmod(0o600)
    with pytest.raises(DataError, match=r"v: cannot be opened: file is not a database\."):
        Vault.open(path)


def _many(path: Path, start: int) -> None:
    with Vault.open(path) as vault:
        for number in range(start, start + 60):
            redact(f"010-1234-{number:04d}", vault)


def test_processes_share_a_vault(tmp_path: Path) -> None:
    path = tmp_path / "v"
    Vault.open(path).close()
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_many, args=(path, start)) for start in (0, 30)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    with Vault.open(path) as vault:
        assert len(vault) == 90
        restored = {restore(f"[PHONE_{n}]", vault) for n in range(1, 91)}
    assert restored == {f"010-1234-{n:04d}" for n in range(90)}


def test_records_are_redacted_wherever_a_text_stands(vault: Vault) -> None:
    call = ToolCall("send", {"to": ["a@example.com"], "body": {"text": ASK}}, "c1")
    record = Record(
        "010-2345-6789",
        (Message("user", ASK), Message("assistant", "", (call,)), Message("assistant", "네")),
        group="010-2345-6789",
        source="log.csv:2",
        rejected=f"{ASK} 싫어요",
    )
    (clean,), step = redact_records([record], vault)
    assert (step.name, step.rows_in, step.rows_out) == ("redact", 1, 1)
    assert clean.id == clean.group == "[PHONE_1]"
    assert clean.source == record.source
    assert clean.messages[1].tool_calls[0].arguments == {
        "to": ["[EMAIL_1]"],
        "body": {"text": "[NAME_1]입니다. [PHONE_1]로 전화 주세요."},
    }
    assert "이서연" not in repr(clean)
    assert restore_records([clean], vault) == [record]


def test_what_is_found_once_is_taken_out_of_the_whole_record(vault: Vault) -> None:
    asked = ASK.replace("이서연", "어진솔")  # a name that is found by what stands around it alone
    state = with_state("네, 접수했습니다.", {"name": "어진솔", "phone": "010-2345-6789"})
    record = Record(
        "s1", (Message("user", asked), Message("assistant", state)), "s1", "f:1",
        extra={"session": {"members": {"customer_name": "어진솔"}, "absent": []}},
    )  # fmt: skip
    other = Record("s2", (Message("user", "어진솔"), Message("assistant", "네")), "s2", "f:2")
    (clean, untouched), _ = redact_records([record, other], vault)
    assert split_state(clean.messages[1].content)[1] == {"name": "[NAME_1]", "phone": "[PHONE_1]"}
    assert clean.extra["session"]["members"]["customer_name"] == "[NAME_1]"
    assert untouched == other, "what one record says tells nothing of another"
    assert restore_records([clean], vault) == [record]


def test_a_failure_in_the_middle_keeps_nothing_half(vault: Vault) -> None:
    def records() -> object:
        yield Record("a", (Message("user", ASK),), "g", "s")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="disk"):
        redact_records(records(), vault)  # type: ignore[arg-type]
    assert len(vault) == 0
    assert os.path.getsize(vault.path) > 0
    assert redact("010-9999-0000", vault).text == "[PHONE_1]"


def test_a_name_said_in_words_leaves_the_state_too(vault: Vault) -> None:
    words = "고객명: 김서연 님, 2인 맞으신가요?"
    state = {"customer": "김서연", "count": 2, "note": "김서연 님 선물"}
    record = Record("s1", (Message("assistant", with_state(words, state)),), "s1", "s:1")
    (redacted,), _ = redact_records([record], vault)
    _, kept = split_state(redacted.messages[0].content)
    assert kept == {"customer": "[NAME_1]", "count": 2, "note": "[NAME_1] 님 선물"}
    assert restore_records([redacted], vault) == [record]
