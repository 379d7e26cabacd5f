"""What leads from a request to its call, as places that attention is told of.

A caller finds the request's words in a function's line, says its name, and copies the keys of that
line and of no other. `aims` says which head is told what.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.practice.rows import Branch

LINE = re.compile(r'\{"type": "function", "function": \{"name": "(\w+)"')
CALL = re.compile(r'<tool_call>\n\{"name": "(\w+)"')
BEFORE_NAME = 5  # tokens of a call before the name: <tool_call>, a new line, {", name and ": "


@dataclass(frozen=True)
class Tool:
    """The tokens of a function's line; `mark`, the one after its name, stands for it: with the
    tokens just before it, it knows the name."""

    line: range
    mark: int


@dataclass(frozen=True)
class Chain:
    """Pairs of a token and the one it should look at; those of `gathered` and `chosen` are tokens
    of the call, looked for from the token before them."""

    found: list[tuple[int, int]]
    gathered: list[tuple[int, int]]
    chosen: list[tuple[int, int]]


def tools(prefix: str, ids: Sequence[int], newline: int, described: int) -> dict[str, Tool]:
    """The functions that a prefix lists, by name; `described` is the token of "description"."""
    breaks = [-1, *(i for i, token in enumerate(ids) if token == newline), len(ids)]
    listed = {}
    for number, text in enumerate(prefix.split("\n")):
        if name := LINE.match(text):
            line = range(breaks[number] + 1, breaks[number + 1])
            listed[name[1]] = Tool(line, next(i for i in line if ids[i] == described))
    return listed


def called(branch: Branch) -> str:
    """The function that a branch calls; empty where it calls none."""
    texts = (piece.text for piece in branch.pieces if piece.train)
    return next((name[1] for text in texts if (name := CALL.match(text))), "")


def chain(
    ids: Sequence[int],
    points: Sequence[int],
    listed: Mapping[str, Tool],
    name: str,
    request: range,
    size: int,
) -> Chain:
    """The chain of a call whose name has `size` tokens and which follows its request; `points` are
    the places that its tokens are copied from."""
    tool = listed[name]
    others = [other.line for key, other in listed.items() if key != name]
    found = [
        (question, place)
        for question, place in runs(ids, request, tool.line, 2).items()
        if not any(_holds(ids, line, ids[place - 1 : place + 1]) for line in others)
    ]
    begun = request.stop + BEFORE_NAME
    named = range(begun, begun + size)
    arguments = begun + size + 1  # the token of "arguments" knows the name from just before it
    keys = [i for i in range(arguments + 1, len(ids)) if points[i] in tool.line]
    return Chain(
        found,
        [(i, question) for i in named for question, _ in found] + [(i, arguments) for i in keys],
        [(i, tool.mark) for i in (*named, *keys)],
    )


def runs(ids: Sequence[int], here: range, there: range, shortest: int) -> dict[int, int]:
    """For tokens of `here` that end a run of `shortest` or more tokens that `there` has too: the
    end of the longest such run there."""
    ends: dict[int, int] = {}
    length = dict.fromkeys(range(there.start - 1, there.stop), 0)
    for i in here:
        grown = {j: length[j - 1] + 1 if ids[i] == ids[j] else 0 for j in there}
        best = max(grown, key=lambda j: grown[j])
        if grown[best] >= shortest:
            ends[i] = best
        length = {there.start - 1: 0, **grown}
    return ends


def _holds(ids: Sequence[int], line: range, part: Sequence[int]) -> bool:
    return any(list(ids[i : i + len(part)]) == list(part) for i in line)
