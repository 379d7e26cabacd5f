"""Tokens to text, one at a time, never half a character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Markup of a reply that some tokenizers call special; `reply.parse` needs to see it.
MARKUP = ("<think>", "</think>", "<tool_call>", "</tool_call>")
_BROKEN = "\ufffd"
_LONGEST = 4  # bytes of the longest UTF-8 character


class Detokeniser:
    """Text of a growing list of tokens. A Hangul syllable that is still missing bytes waits for
    them. Special tokens are left out, except the markup of thinking and tool calls, and except all
    of them with `keep_special`.

    Tokenizers' own DecodeStream raises where a model writes bytes that are no character; here such
    a byte becomes � and the text goes on."""

    def __init__(self, tokenizer: Any, keep_special: bool = False) -> None:
        self._decode = tokenizer.backend_tokenizer.decode
        self._hidden = set() if keep_special else hidden_ids(tokenizer)
        self._shown: list[int] = []  # the piece before: a decoder may join it to the next
        self._waiting: list[int] = []
        self.text = ""

    def add(self, token: int) -> str:
        """The text that this token completes; often empty in the middle of a character."""
        if token in self._hidden:
            return ""
        self._waiting.append(token)
        piece = ""
        while self._waiting:
            readable = self._piece()
            if not readable.endswith(_BROKEN):
                piece += self._show(readable, len(self._waiting))
            elif len(self._waiting) < _LONGEST:
                break
            else:  # too long for one character: the first byte belongs to none
                piece += self._show(_BROKEN, 1)
        return piece

    def add_all(self, tokens: Sequence[int]) -> str:
        """Adds the tokens, and the end: the same text as one by one, in one go where possible."""
        whole: str = self._decode(
            [token for token in tokens if token not in self._hidden], skip_special_tokens=False
        )
        if _BROKEN not in whole:
            self.text += whole
            return whole
        return "".join(self.add(token) for token in tokens) + self.finish()

    def finish(self) -> str:
        """What is still waiting when no more tokens come: an incomplete character shows as �."""
        return self._show(self._piece(), len(self._waiting)) if self._waiting else ""

    def _piece(self) -> str:
        before = self._decode(self._shown, skip_special_tokens=False)
        both: str = self._decode([*self._shown, *self._waiting], skip_special_tokens=False)
        if both.startswith(before) and not before.endswith(_BROKEN):
            return both[len(before) :]
        alone: str = self._decode(self._waiting, skip_special_tokens=False)
        return alone

    def _show(self, piece: str, tokens: int) -> str:
        self._shown, self._waiting = self._waiting[:tokens], self._waiting[tokens:]
        self.text += piece
        return piece


def hidden_ids(tokenizer: Any) -> set[int]:
    """Special tokens that are never shown to a user."""
    return {
        number
        for number, token in tokenizer.added_tokens_decoder.items()
        if token.special and token.content not in MARKUP
    }
