"""Answers that are JSON of a given form: after each token, what may come next.

llguidance makes a grammar of the schema and says after each token which ones go on with it; the
others are taken out of the logits before one is chosen. So whatever the weights are, what is
written is the beginning of a right answer, and all of one unless `max_tokens` cuts it off.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sadari.llm.types import FormatError, ModelError

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions

ANY_OBJECT: Mapping[str, Any] = {"type": "object"}

# One way to space an object, and it is json.dumps's: with spaces left free, a model that is unsure
# may write them until the answer is cut off. And no schema may ask to be followed in part.
_OPTIONS: JsonCompileOptions = {
    "lenient": False,
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
}
_UNTHINK = "</think>"
_KEPT = 64  # schemas whose grammar is kept ready


def schema_of(response_format: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The JSON schema that OpenAI's `response_format` asks for; None where text is free. Raises
    FormatError for a form that is not one."""
    if response_format is None:
        return None
    kind = response_format.get("type")
    if kind == "text":
        return None
    if kind == "json_object":
        return ANY_OBJECT
    named = response_format.get("json_schema")
    schema = named.get("schema") if isinstance(named, Mapping) else None
    if kind == "json_schema" and isinstance(schema, Mapping):
        return schema
    raise FormatError(
        f"response_format {json.dumps(dict(response_format), ensure_ascii=False)[:200]} is not "
        "known.",
        todo='Give {"type": "json_object"}, or "json_schema" with a name and a schema.',
    )


class Grammars:
    """Grammars for one tokenizer. `vocabulary` is the number of logits, `stop_ids` what ends an
    answer."""

    def __init__(self, tokenizer: Any, vocabulary: int, stop_ids: frozenset[int]) -> None:
        self._tokenizer = tokenizer
        self._vocabulary = max(vocabulary, len(tokenizer))
        self._stop_ids = sorted(stop_ids)
        self._lexicon: Any = None
        self._made: dict[str, Any] = {}

    def constraint(self, schema: Mapping[str, Any], thinking: bool = False) -> Constraint:
        """A fresh constraint to an answer of this schema; with `thinking`, to what comes after the
        thoughts. Raises FormatError where the schema cannot be followed to the letter, and
        ModelError where llguidance is not installed."""
        try:
            text = json.dumps(schema, ensure_ascii=False)
        except RecursionError as error:
            raise _refused("it is nested too deeply") from error
        matcher = self._made.get(text)
        if matcher is None:
            matcher = self._made[text] = self._matcher(schema)
            if len(self._made) > _KEPT:
                del self._made[next(iter(self._made))]
        return Constraint(matcher.deep_copy(), thinking, self._stop_ids)

    def _matcher(self, schema: Mapping[str, Any]) -> Any:
        try:
            from llguidance import LLMatcher
            from llguidance.hf import from_tokenizer
        except ImportError as error:
            raise ModelError(
                "holding a local model to JSON needs llguidance.",
                todo='Install it: pip install "sadari[json]".',
            ) from error
        if self._lexicon is None:
            self._lexicon = from_tokenizer(
                self._tokenizer, n_vocab=self._vocabulary, eos_token=self._stop_ids
            )
        grammar = LLMatcher.grammar_from_json_schema(dict(schema), overrides=_OPTIONS)
        matcher = LLMatcher(self._lexicon, grammar, log_level=0)
        if matcher.is_error():
            raise _refused(matcher.get_error().split("\n", 1)[0])
        matcher.compute_bitmask()
        if matcher.is_error():  # no first token: a circle of references, say
            raise _refused("nothing can be of it")
        return matcher


def _refused(reason: str) -> FormatError:
    return FormatError(
        f"the JSON schema cannot be followed: {reason.rstrip('.')}.",
        todo="Simplify it; a part that cannot be guaranteed is never left out.",
    )


class Constraint:
    """Where one answer stands in its grammar."""

    def __init__(self, matcher: Any, thinking: bool, stop_ids: Sequence[int]) -> None:
        self._matcher = matcher
        self._stop_ids = list(stop_ids)
        self.waiting = thinking

    @property
    def broken(self) -> bool:
        """Whether the schema was too large for the grammar to go on: what is written ends here,
        and is no whole answer."""
        return bool(self._matcher.is_error())

    def apply(self, logits: Any) -> None:
        """Takes every token that may not come next out of logits of shape (vocabulary,). Thoughts
        may be anything but the end."""
        import numpy as np
        import torch

        if self.waiting:
            logits[self._stop_ids] = float("-inf")
            return
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, count=logits.shape[-1], bitorder="little").view(np.bool_)
        logits.masked_fill_(torch.from_numpy(~allowed).to(logits.device), float("-inf"))

    def take(self, token: int, text: str) -> str | None:
        """Goes on by the token that was chosen; `text` is all up to it. Returns why the answer ends
        with it: "stop" where nothing can follow, "length" where it is `broken`; else None."""
        if self.waiting:
            self.waiting = _UNTHINK not in text
            return None
        self._matcher.consume_token(token)
        if self.broken:
            return "length"
        return "stop" if self._matcher.is_stopped() else None
