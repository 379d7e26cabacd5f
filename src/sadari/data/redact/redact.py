"""Personal data out of texts and records, and back again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sadari.data.redact.find import find
from sadari.data.redact.span import Kind, Span
from sadari.data.redact.vault import PLACEHOLDER, Vault
from sadari.data.types import Record, Step
from sadari.domain.message import Message

SHORTEST = 3  # characters of a value that is looked for without its context


@dataclass(frozen=True)
class Redacted:
    """A text with placeholders, and where in the text before they stood."""

    text: str
    found: tuple[Span, ...]

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many of each kind were found."""
        return Counter(span.kind for span in self.found)


def redact(text: str, vault: Vault, heading: str = "") -> Redacted:
    """`text` with a placeholder for each piece of personal data. `restore` with the same vault
    gives the same text back, character for character. Placeholders of this vault that stand in
    the text already are left. `heading` is the name of the column or member that held the text."""
    placeholders = list(PLACEHOLDER.finditer(text)) if "[" in text else []
    for match in placeholders:
        if vault.value(match[0]) is None:
            vault.reserve(match)
    found = tuple(
        span
        for span in find(text, heading)
        if all(span.end <= m.start() or m.end() <= span.start for m in placeholders)
    )
    pieces, end = [], 0
    for span in found:
        pieces += [
            text[end : span.start],
            vault.placeholder(span.kind, text[span.start : span.end]),
        ]
        end = span.end
    return Redacted("".join([*pieces, text[end:]]), found)


def restore(text: str, vault: Vault) -> str:
    """`text` with the vault's values in place of its placeholders; others stay as they are."""
    return PLACEHOLDER.sub(lambda match: vault.value(match[0]) or match[0], text)


def redact_records(
    records: Iterable[Record], vault: Vault, heard: Callable[[Span], None] | None = None
) -> tuple[list[Record], Step]:
    """The records without personal data, and the step for the ledger; no record is dropped. Every
    text is looked at: turns, tool calls, rejected answers, ids, groups, what a format kept. What is
    found once in a record is taken out of the whole of it, also where no word gives it away (a
    state's slot, a later turn). `heard` is told of each find. When it returns, the vault is on
    disk."""
    redacted = []
    with vault.batch():
        for record in records:
            known: dict[str, str] = {}

            def clean(value: Any, known: dict[str, str] = known) -> Any:
                if not isinstance(value, str):
                    return _each_text(value, clean)
                done = redact(value, vault)
                for span in done.found:
                    said = value[span.start : span.end]
                    known[said] = vault.placeholder(span.kind, said)
                    if heard is not None:
                        heard(span)
                return done.text

            cleaned = _in_record(record, clean)
            redacted.append(_throughout(cleaned, known))
    return redacted, Step("redact", len(redacted), len(redacted))


def _throughout(record: Record, known: Mapping[str, str]) -> Record:
    """The record without what is known of its people, wherever it stands."""
    longest_first = sorted((said for said in known if len(said) >= SHORTEST), key=len, reverse=True)
    if not longest_first:
        return record
    pattern = re.compile(
        rf"{PLACEHOLDER.pattern}|(?<![가-힣A-Za-z0-9])(?:{'|'.join(map(re.escape, longest_first))})"
    )

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda match: known.get(match[0], match[0]), value)
        return _each_text(value, clean)

    return _in_record(record, clean)


def restore_records(records: Sequence[Record], vault: Vault) -> list[Record]:
    """The records as they were before `redact_records`."""

    def clean(value: Any) -> Any:
        return restore(value, vault) if isinstance(value, str) else _each_text(value, clean)

    return [_in_record(record, clean) for record in records]


def _each_text(value: Any, clean: Callable[[Any], Any]) -> Any:
    if isinstance(value, Mapping):
        return {key: clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(clean(inner) for inner in value)
    return value


def _in_record(record: Record, clean: Callable[[Any], Any]) -> Record:
    return replace(
        record,
        messages=tuple(_in_message(message, clean) for message in record.messages),
        **{
            name: clean(getattr(record, name))
            for name in ("id", "group", "rejected", "parent", "extra")
        },
    )


def _in_message(message: Message, clean: Callable[[Any], Any]) -> Message:
    calls = tuple(replace(call, arguments=clean(call.arguments)) for call in message.tool_calls)
    return replace(message, content=clean(message.content), tool_calls=calls)
