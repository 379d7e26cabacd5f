"""Cleaning: one Unicode form, no control characters, no HTML, no page furniture; rows that are
broken are set aside with the reason."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sadari.data.types import Record, SetAside, Step
from sadari.domain.document import Document

LONGEST_TURN = 8_000  # characters; a longer one is a pasted file, not a turn
FURNITURE_SHARE = 0.3  # of the documents: a line that stands in so many says nothing of any
FURNITURE_LEAST = 4  # documents

# Tags of running text. `a < b`, `<제품명>` and code are no HTML and stay.
_TAGS = re.compile(
    r"</?(?P<name>a|abbr|b|big|blockquote|body|br|center|code|dd|div|dl|dt|em|font|footer|form|"
    r"h[1-6]|head|header|hr|html|i|iframe|img|ins|label|li|link|main|meta|nav|ol|option|p|pre|s|"
    r"section|small|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|u|ul)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCKS = {"br", "p", "div", "li", "tr", "ul", "ol", "table", "hr", "section", "blockquote"}
_UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_ENTITY = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#\d{2,6}|#x[0-9a-f]{2,5});", re.IGNORECASE)
_FENCE = re.compile(r"(```.*?(?:```|\Z))", re.DOTALL)
_MARKUP = re.compile(r"[<&]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u200b\u2060]")
_MANY_LINES = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+\n")
# UTF-8 that was read as Latin-1: lead bytes of Hangul followed by continuation bytes
_MOJIBAKE = re.compile(r"[ê-í][\x80-\xbf€-™][\x80-\xbf€-™]")
_NUMBERS = re.compile(r"\d+")


def clean_text(text: str) -> str:
    """`text` composed (NFC), with `\\n` line ends, without control characters and HTML (outside
    fenced code), without trailing spaces. Idempotent."""
    text = unicodedata.normalize("NFC", text)
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if _MARKUP.search(text):
        # Unescaping may bring forth markup that was escaped once too often.
        for _ in range(3):
            before, text = text, _without_html(text)
            if text == before:
                break
    return _MANY_LINES.sub("\n\n", _TRAILING.sub("\n", text)).strip()


def _without_html(text: str) -> str:
    parts = _FENCE.split(text) if "```" in text else [text]
    return "".join(part if part.startswith("```") else _plain(part) for part in parts)


def _plain(text: str) -> str:
    text = _TAGS.sub(_tag_as_text, _UNSEEN.sub("", text))
    return _CONTROL.sub("", _ENTITY.sub(_unescaped, text))


def _tag_as_text(tag: re.Match[str]) -> str:
    return "\n" if tag["name"].lower() in _BLOCKS else ""


def _unescaped(entity: re.Match[str]) -> str:
    return html.unescape(entity.group()).replace("\xa0", " ")


def clean_record(record: Record) -> Record | str:
    """The record with clean turns, or why it is broken."""
    turns = tuple(
        m if (text := clean_text(m.content)) == m.content else replace(m, content=text)
        for m in record.messages
    )
    if any(not m.content and not m.tool_calls for m in turns):
        return "an empty turn"
    if any(len(m.content) > LONGEST_TURN for m in turns):
        return f"a turn of more than {LONGEST_TURN} characters"
    if any("\ufffd" in m.content for m in turns):
        return "characters that were lost before (\ufffd)"
    if any(_MOJIBAKE.search(m.content) for m in record.messages):
        return "text in a wrong encoding (UTF-8 read as Latin-1)"
    if all(m.role != "user" for m in turns):
        return "nobody asks"
    if record.rejected is None and turns[-1].role != "assistant":
        return "nobody answers"
    return record if turns == record.messages else replace(record, messages=turns)


def clean(records: Iterable[Record]) -> tuple[list[Record], Step]:
    """Every record cleaned alone; broken ones are set aside."""
    return sift("clean", list(records), clean_record)


def sift(
    name: str, records: Sequence[Record], judge: Callable[[Record], Record | str]
) -> tuple[list[Record], Step]:
    """A `map` step: `judge` gives the record as it goes on, or the reason to set it aside."""
    kept: list[Record] = []
    aside: list[SetAside] = []
    for record in records:
        judged = judge(record)
        if isinstance(judged, str):
            aside.append(SetAside(record.place, judged))
        else:
            kept.append(judged)
    return kept, Step(name, len(records), len(kept), set_aside=tuple(aside))


def without_furniture(documents: Sequence[Document]) -> tuple[list[Document], Step]:
    """The documents cleaned, without the lines that stand in many of them: page headers, notices,
    footers; page numbers may differ. Headings, tables, and documents that are copies of each other
    stay. The account is in lines."""
    lines = [clean_text(d.text).split("\n") for d in documents]
    counts = Counter(mold for text in lines for mold in {_mold(line) for line in text} if mold)
    least = max(FURNITURE_LEAST, FURNITURE_SHARE * len(documents))
    kept: list[Document] = []
    aside: list[SetAside] = []
    for document, text in zip(documents, lines, strict=True):
        path, _, start = document.source.rpartition(":")
        first = int(start) if start.isdigit() else 1
        out = []
        repeated = [counts[_mold(line)] >= least for line in text]
        furniture = sum(len(ln) for ln, again in zip(text, repeated, strict=True) if again)
        mostly = furniture * 2 > sum(map(len, text))  # a copy of other documents, not their frame
        for number, (line, again) in enumerate(zip(text, repeated, strict=True)):
            if again and not mostly:
                reason = "a line that repeats over documents"
                aside.append(SetAside(f"{path or document.source}:{first + number}", reason))
            else:
                out.append(line)
        plain = _MANY_LINES.sub("\n\n", "\n".join(out)).strip()
        kept.append(document if plain == document.text else replace(document, text=plain))
    total = sum(map(len, lines))
    step = Step(
        "clean documents",
        total,
        total - len(aside),
        set_aside=tuple(aside),
        kind="over_all",
        unit="lines",
    )
    return kept, step


def _mold(line: str) -> str:
    """A line without what differs between pages; "" for one that may well repeat."""
    line = line.strip()
    if len(line) < 4 or line.startswith(("#", "|", "```")):
        return ""
    return _NUMBERS.sub("0", line)
