"""Reading `documents/`: md and txt with front matter, JSON lists, CSV with id, title, text, and
office documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sadari.domain.document import Document
from sadari.domain.files import read_csv, read_json_list, read_text
from sadari.domain.problem import Problems, quoted
from sadari.domain.readers import OFFICE, read_office
from sadari.text.sentences import sections

SUFFIXES = (".md", ".txt", ".json", ".csv", *OFFICE)


def read_documents(folder: Path, problems: Problems) -> tuple[Document, ...]:
    """Every document below `folder`, sorted by id; what cannot be read becomes a problem."""
    seen: dict[str, Document] = {}
    for path in _files(folder, problems):
        if path.suffix.lower() not in SUFFIXES:
            what = f"is not read: {path.suffix or 'no suffix'} is none of {', '.join(SUFFIXES)}."
            problems.warn(path, what, "Convert it, or move it out of the folder.")
            continue
        for document in _read_file(path, folder, problems):
            if not sections(document.text):
                problems.error(document.source, "holds no text.", "Write it or delete it.")
                continue
            taken = seen.setdefault(document.id, document)
            if taken is not document:
                what = f"the id {quoted(document.id)} is taken by {taken.source}."
                problems.error(document.source, what, "Rename one of them.")
    return tuple(seen[key] for key in sorted(seen))


def _files(folder: Path, problems: Problems) -> Iterator[Path]:
    """The files below `folder` in order, without hidden ones and without links that lead out."""
    home = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if path.is_symlink():
            if problem := _wrong_link(path, home):
                problems.error(path, problem, "Copy what it points to here.")
                continue
        elif path.is_dir():
            continue
        if not _is_utf8(path):
            problems.error(path, "has a name that is not UTF-8.", "Rename the file.")
        elif path.is_file():
            yield path
        else:
            problems.warn(path, "is no ordinary file and is not read.", "Remove it.")


def _wrong_link(path: Path, home: Path) -> str | None:
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "is a link that leads nowhere."
    if not target.is_relative_to(home):
        return "is a link that leads out of the folder."
    return "is a link to a folder." if target.is_dir() else None


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _read_file(path: Path, folder: Path, problems: Problems) -> Iterator[Document]:
    stem = path.relative_to(folder).with_suffix("").as_posix()
    rows: Iterator[tuple[str, dict[str, Any]]]
    match path.suffix.lower():
        case ".json":
            rows = read_json_list(path, problems)
        case ".csv":
            rows = iter(read_csv(path, ("id", "title", "text"), problems))
        case _:
            office = path.suffix.lower() in OFFICE
            text = (read_office if office else read_text)(path, problems)
            if text is not None:
                yield _from_markdown(stem, text, path, problems)
            return
    for where, row in rows:
        missing = [name for name in ("id", "title", "text") if not _is_said(row.get(name))]
        if missing:
            problems.error(where, f"lacks {', '.join(missing)}.", "Each needs id, title and text.")
            continue
        topic = row.get("topic") or ""
        if not isinstance(topic, str):
            problems.error(where, "topic is not a string.", 'Write it in quotes: "…".')
            continue
        yield Document(f"{stem}/{row['id']}", row["title"].strip(), row["text"], topic, where)


def _is_said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _from_markdown(stem: str, text: str, path: Path, problems: Problems) -> Document:
    lines = text.split("\n")
    head: dict[str, str] = {}
    start = 0
    if lines[0].rstrip() == "---":
        end = next((i for i, ln in enumerate(lines[1:], start=1) if ln.rstrip() == "---"), None)
        if end is None:
            problems.error(f"{path}:1", "opens front matter and never closes it.", "Write ---.")
        else:
            head = {k.strip(): v.strip() for k, colon, v in map(_field, lines[1:end]) if colon}
            start = end + 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    body = "\n".join(lines[start:]).strip()
    heading = next((ln[2:].strip() for ln in body.split("\n") if ln.startswith("# ")), "")
    topic = head.get("topic") or (stem.split("/")[0] if "/" in stem else "")
    title = head.get("title") or heading or path.stem
    return Document(stem, title, body, topic, f"{path}:{min(start + 1, len(lines))}")


def _field(line: str) -> tuple[str, str, str]:
    return line.partition(":")
