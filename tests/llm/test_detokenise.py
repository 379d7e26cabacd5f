"""Tokens to text, never half a character."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sadari.llm.detokenise import Detokeniser
from tests.tiny import tiny_tokenizer

TOKENIZER = tiny_tokenizer()


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_the_pieces_are_the_text(text: str) -> None:
    ids = TOKENIZER(text, add_special_tokens=False, split_special_tokens=True).input_ids
    stream = Detokeniser(TOKENIZER)
    pieces = [stream.add(token) for token in ids]
    assert all("�" not in piece for piece in pieces if "�" not in text)
    assert "".join(pieces) + stream.finish() == text == stream.text


def test_a_syllable_waits_for_its_bytes() -> None:
    ids = TOKENIZER("뷁", add_special_tokens=False).input_ids
    stream = Detokeniser(TOKENIZER)
    assert [stream.add(token) for token in ids] == ["", "", "뷁"]


@given(st.lists(st.integers(3, len(TOKENIZER) - 1), max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_tokens_at_once_or_one_by_one(ids: list[int]) -> None:
    """Also bytes that are no character: they show as �, and what follows them is not lost."""
    slow, fast = Detokeniser(TOKENIZER), Detokeniser(TOKENIZER)
    for token in ids:
        slow.add(token)
    slow.finish()
    fast.add_all(ids)
    assert slow.text == fast.text


def test_a_broken_byte_does_not_swallow_its_neighbours() -> None:
    names = ["<0xFF>", "가", "<0xEA>", "나", "<0xEC>", "<0xEC>", "<0x84>", "<0xA0>"]
    stream = Detokeniser(TOKENIZER)
    for name in names:
        stream.add(TOKENIZER.convert_tokens_to_ids(name))
    stream.finish()
    assert stream.text == "�가�나�선"


def test_special_tokens_are_hidden_unless_asked_for() -> None:
    ids = TOKENIZER("<|im_start|>가<|im_end|>", add_special_tokens=False).input_ids
    assert Detokeniser(TOKENIZER).add_all(ids) == "가"
    assert Detokeniser(TOKENIZER, keep_special=True).add_all(ids) == "<|im_start|>가<|im_end|>"
