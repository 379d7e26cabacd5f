"""All recognisers over one text, and what to do where they overlap."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable

from sadari.data.redact.addresses import find_addresses
from sadari.data.redact.labels import label_of
from sadari.data.redact.names import find_names
from sadari.data.redact.numbers import find_numbers
from sadari.data.redact.span import Span, composed, fold


def find(text: str, heading: str = "") -> tuple[Span, ...]:
    """Personal data in `text`, in order, none overlapping another. Places count characters of
    `text` as it is, whatever its width and dashes. `heading` is what the text's column or member
    is called (`고객명`, `phone`): it is the context of a value that stands alone."""
    label = label_of(heading) if heading else ""
    seen, places = composed(text)
    folded = label + fold(seen)
    numbers = _apart([*find_numbers(folded), *find_addresses(folded)])
    spans = _apart([*numbers, *find_names(folded, numbers)])
    start = len(label)
    if label:
        spans = tuple(
            Span(max(s.start, start) - start, s.end - start, s.kind) for s in spans if s.end > start
        )
    if places is None:
        return spans
    return tuple(Span(places[s.start][0], places[s.end - 1][1], s.kind) for s in spans)


def _apart(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The first of spans that overlap; sorted."""
    kept: list[Span] = []
    starts: list[int] = []
    for span in spans:
        place = bisect(starts, span.start)
        if (place == 0 or kept[place - 1].end <= span.start) and (
            place == len(kept) or span.end <= kept[place].start
        ):
            kept.insert(place, span)
            starts.insert(place, span.start)
    return tuple(kept)
