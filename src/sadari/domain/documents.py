"""Reading `documents/`: md and txt with front matter, JSON lists, CSV with id, title, text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sadari.domain.document import Document
from sadari.domain.files import read_csv, read_json_list, read_text
from sadari.domain.problem import Problems

SUFFIXES = (".md", ".txt", ".json", ".csv")


def read_documents(folder: Path, problems: Problems) -> tuple[Document, ...]:
    """Every document below `folder`, sorted by id; what cannot be read becomes a problem."""
    seen: dict[str, Document] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name[0] != "."):
        if not path.resolve().is_relative_to(folder.resolve()):
            problems.error(path, "is a link that leads out of the folder.", "Copy the file here.")
            continue
        if path.suffix.lower() not in SUFFIXES:
            problems.warn(path, f"is not read: {path.suffix or 'no suffix'} is none of {SUFFIXES}.")
            continue
        for document in _read_file(path, folder, problems):
            if not document.text.strip():
                problems.error(document.source, "is empty.", "Write it or delete it.")
            elif document.id in seen:
                problems.error(
                    document.source,
                    f"the id {document.id} is taken by {seen[document.id].source}.",
                    "Rename one of them.",
                )
            else:
                seen[document.id] = document
    return tuple(seen[key] for key in sorted(seen))


def _read_file(path: Path, folder: Path, problems: Problems) -> Iterator[Document]:
    stem = path.relative_to(folder).with_suffix("").as_posix()
    match path.suffix.lower():
        case ".json":
            rows = read_json_list(path, problems)
        case ".csv":
            rows = read_csv(path, ("id", "title", "text"), problems)
        case _:
            text = read_text(path, problems)
            if text is not None:
                yield _from_markdown(stem, text, path)
            return
    for where, row in rows:
        missing = [name for name in ("id", "title", "text") if not isinstance(row.get(name), str)]
        if missing:
            problems.error(where, f"lacks {', '.join(missing)}.", "Each needs id, title and text.")
            continue
        topic = str(row.get("topic", ""))
        yield Document(f"{stem}/{row['id']}", row["title"], row["text"], topic, where)


def _from_markdown(stem: str, text: str, path: Path) -> Document:
    head: dict[str, str] = {}
    first_line = 1
    if text.startswith("---\n") and "\n---" in text[3:]:
        front, _, body = text[4:].partition("\n---")
        first_line += front.count("\n") + 3
        text = body.partition("\n")[2]
        for line in front.splitlines():
            name, colon, value = line.partition(":")
            if colon:
                head[name.strip()] = value.strip()
    title = head.get("title", "")
    if not title:
        heading = next((ln[2:].strip() for ln in text.splitlines() if ln.startswith("# ")), "")
        title = heading or path.stem
    topic = head.get("topic") or (stem.split("/")[0] if "/" in stem else "")
    return Document(stem, title, text.strip(), topic, f"{path}:{first_line}")
