"""Chat logs in tables: a row is a question with its answer, or one turn of a session."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadari.data.formats.source import Placed, read_lines
from sadari.data.types import DataError, SetAside
from sadari.domain.message import Role

LONGEST_ROW = 500  # lines in one CSV row; a quote that stays open any longer was never closed

# How the columns of logs are called; `--columns` names others.
_CALLED = {
    "question": ("question", "q", "질문", "문의", "문의내용", "prompt", "instruction"),
    "answer": ("answer", "a", "답변", "응답", "답변내용", "completion", "output", "response"),
    "session": ("session", "session_id", "conversation_id", "chat_id", "대화", "대화id", "상담id"),
    "role": ("role", "speaker", "sender", "author", "from", "화자", "발화자", "구분"),
    "content": ("content", "text", "message", "utterance", "value", "발화", "내용", "메시지"),
    "state": ("state", "order_state"),
}
_ROLES: dict[str, Role] = {
    **dict.fromkeys(("user", "customer", "human", "client", "고객", "사용자", "손님", "q"), "user"),
    **dict.fromkeys(
        ("assistant", "agent", "bot", "gpt", "model", "상담원", "상담사", "직원", "챗봇", "a"),
        "assistant",
    ),
    **dict.fromkeys(("system", "시스템"), "system"),
}


@dataclass(frozen=True)
class Columns:
    """Which column holds what: question and answer, or session, role and content (and state)."""

    question: str = ""
    answer: str = ""
    session: str = ""
    role: str = ""
    content: str = ""
    state: str = ""

    @property
    def are_pairs(self) -> bool:
        """Whether each row is a question with its answer."""
        return bool(self.question and self.answer)


def columns_of(header: Iterable[str], given: Mapping[str, str] | None, where: str) -> Columns:
    """The columns by their usual names, or as `given` (meaning → column). Raises DataError where
    they are not in the header, or say neither of the two things a log can hold."""
    header = list(header)
    unknown = [meaning for meaning in given or {} if meaning not in _CALLED]
    absent = [column for column in (given or {}).values() if column not in header]
    if unknown or absent:
        names = ", ".join(unknown or absent)
        what = f"{names} {'is no meaning of a column' if unknown else 'is no column of it'}."
        known = ", ".join(_CALLED) if unknown else ", ".join(header)
        raise DataError(what, where=where, todo=f"There are: {known}.")
    plain = {name.strip().lower().replace(" ", ""): name for name in reversed(header)}
    found = {
        meaning: next((plain[name] for name in names if name in plain), "")
        for meaning, names in _CALLED.items()
    }
    if given and not given.keys() & {"question", "answer"} and {"role", "content"} <= given.keys():
        found |= {"question": "", "answer": ""}  # a log of turns was asked for
    columns = Columns(**{**found, **(given or {})})
    if not columns.are_pairs and not (columns.session and columns.role and columns.content):
        todo = "Say which is which: --columns question=…,answer=… or session=…,role=…,content=…"
        raise DataError("has no columns that I know.", where=where, todo=todo)
    return columns


def conversations(
    rows: Iterable[Placed | SetAside], columns: Columns
) -> Iterator[tuple[Placed | SetAside, int]]:
    """(row of a JSON format, how many table rows it took). Turns of a session must stand together;
    turns of one speaker in a row are joined."""
    if columns.are_pairs:
        for row in rows:
            if not isinstance(row, SetAside):
                where, cells = row
                row = (where, _rest(cells, columns, "question", "answer"))
            yield row, 1
        return
    session: list[Placed] = []
    unread = torn = ""  # a row that could not be read, and one within the session
    for row in rows:
        if isinstance(row, SetAside):
            unread = row.source
            yield row, 1
            continue
        if session and session[0][1][columns.session] != row[1][columns.session]:
            yield _session(session, columns, torn), len(session)
            session, torn = [], ""
        elif session:
            torn = torn or unread
        unread = ""
        session.append(row)
    if session:
        yield _session(session, columns, torn), len(session)


def _rest(cells: Mapping[str, Any], columns: Columns, *meanings: str) -> dict[str, Any]:
    """The cells under the names of their meanings, the others under their own."""
    named = {getattr(columns, meaning): meaning for meaning in meanings}
    return {named.get(name, name): "" if v is None else v for name, v in cells.items()}


def _session(rows: list[Placed], columns: Columns, torn: str) -> Placed | SetAside:
    if torn:
        return SetAside(rows[0][0], f"the session lacks a turn that cannot be read, {torn}")
    name = str(rows[0][1][columns.session])
    turns: list[dict[str, Any]] = []
    for where, cells in rows:
        said = str(cells[columns.role] or "").strip().lower()
        if said not in _ROLES:
            return SetAside(where, f"the session's speaker {said[:40]!r} is neither user nor agent")
        turn: dict[str, Any] = {"role": _ROLES[said], "content": str(cells[columns.content] or "")}
        if columns.state and (state := cells[columns.state]):
            try:
                turn["order_state"] = json.loads(state) if isinstance(state, str) else state
            except ValueError:
                return SetAside(where, "the session's state is no JSON")
        if turns and turns[-1]["role"] == turn["role"] and "order_state" not in turns[-1]:
            turn["content"] = f"{turns[-1]['content']}\n{turn['content']}"
            turns.pop()
        turns.append(turn)
    return rows[0][0], {"session_id": name, "id": name, "group": name, "messages": turns}


def read_csv_rows(path: Path) -> Iterator[list[str] | Placed | SetAside]:
    """First the header, then (file:line, cells by column). A row with a broken quote or too many
    cells is set aside and the next line is read as a new row."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    header: list[str] = []
    for item in _records(path, delimiter):
        if isinstance(item, SetAside):
            yield item
            continue
        where, cells = item
        if not header:
            header = [name.strip() for name in cells]
            if len(set(header)) < len(header):
                todo = "Rename or drop one."
                raise DataError("names a column twice.", where=where, todo=todo)
            yield header
        elif len(cells) > len(header):
            yield SetAside(where, f"has {len(cells)} fields under {len(header)} columns")
        else:
            yield where, dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))


def csv_line(cells: Iterable[str], delimiter: str = ",") -> str:
    """One row as it stands in a file. Cells with a line end of any kind are quoted."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"


def _records(path: Path, delimiter: str) -> Iterator[tuple[str, list[str]] | SetAside]:
    """Rows of cells. Lines are joined for as long as a quote is open."""
    waiting: list[tuple[str, str]] = []
    lines = read_lines(path)
    while True:
        line = next(lines, None)
        if line is None or isinstance(line, SetAside):
            for where, text in waiting:  # what an open quote had swallowed
                yield _cells(where, text, delimiter)
            waiting = []
            if line is None:
                return
            yield line
            continue
        if not waiting and not line[1].strip():
            continue
        waiting.append(line)
        joined = "\n".join(text for _, text in waiting).removesuffix("\r")
        if joined.count('"') % 2 == 0:
            yield _cells(waiting[0][0], joined, delimiter)
            waiting = []
        elif len(waiting) >= LONGEST_ROW:
            for where, text in waiting:
                yield _cells(where, text, delimiter)
            waiting = []


def _cells(where: str, text: str, delimiter: str) -> tuple[str, list[str]] | SetAside:
    try:
        [cells] = csv.reader([text.removesuffix("\r")], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError) as error:
        return SetAside(where, f"is not CSV: {error}")
    return where, cells
