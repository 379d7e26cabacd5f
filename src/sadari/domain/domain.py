"""A domain: the user's folder, read and checked. The folder itself is never written."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from sadari.domain.dialogue import Session
from sadari.domain.dialogues import read_sessions
from sadari.domain.document import Document, Feedback, Term
from sadari.domain.documents import read_documents
from sadari.domain.feedback import read_feedback
from sadari.domain.files import read_csv, read_text
from sadari.domain.problem import DomainError, Problems, quoted
from sadari.domain.question import Question, Split
from sadari.domain.questions import read_questions
from sadari.domain.rows import complaints
from sadari.domain.settings import DomainSettings
from sadari.domain.tasks import check_tasks
from sadari.text import normalise

Entry = TypeVar("Entry", Feedback, Session)

FOLDERS = ("documents", "dialogues", "feedback", "questions", "simulator")
UNREAD = "tools"  # the domain's own programs, for people
FILES = ("domain.toml", "glossary.csv", "rules.toml", "tools.py", "README.md", "README.ko.md")


@dataclass(frozen=True)
class Domain:
    """What a domain folder holds. Everything in it was checked."""

    path: Path
    settings: DomainSettings
    documents: tuple[Document, ...]
    glossary: tuple[Term, ...]
    feedback: tuple[Feedback, ...]
    questions: tuple[Question, ...]
    dialogues: tuple[Session, ...] = ()

    @property
    def id(self) -> str:
        """The name that keys this domain's state."""
        return self.settings.id

    def exam(self, split: Split, task: str = "") -> tuple[Question, ...]:
        """The questions of one split, of one `task` if one is named."""
        return tuple(q for q in self.questions if q.split == split and task in ("", q.task))


def read_domain(path: Path) -> Domain:
    """The domain in `path`. Raises DomainError with the first error and the count of the rest."""
    domain, problems = check_domain(path)
    errors = problems.errors
    if domain is None or errors:
        first = errors[0]
        more = f" ({len(errors) - 1} more: run `sadari check {path}`)" if len(errors) > 1 else ""
        raise DomainError(first.what, where=first.where, todo=first.todo + more)
    return domain


def check_domain(path: Path) -> tuple[Domain | None, Problems]:
    """The domain as far as it can be read, and everything that is wrong with it."""
    problems = Problems()
    if not path.is_dir():
        what = "is not a folder." if path.exists() else "does not exist."
        problems.error(path, what, f"Make one with `sadari new {path.name or 'my-domain'}`.")
        return None, problems
    usable = _look_around(path, problems)
    settings = _read_settings(path / "domain.toml", problems)
    documents = _read_documents(path / "documents", "documents" in usable, problems)
    glossary = _read_glossary(path / "glossary.csv", problems) if "glossary.csv" in usable else ()
    feedback: tuple[Feedback, ...] = ()
    if "feedback" in usable:
        feedback = _read_entries(path / "feedback", "Feedback is", read_feedback, problems)
    dialogues: tuple[Session, ...] = ()
    if "dialogues" in usable:
        dialogues = _read_entries(path / "dialogues", "Dialogues are", read_sessions, problems)
    questions = _read_exam(path / "questions", "questions" in usable, problems)
    _check_evidence([*questions, *feedback, *dialogues], documents, problems)
    _check_exam(questions, documents, problems)
    if settings is None:
        return None, problems
    check_tasks([*questions, *dialogues, *feedback], settings.tasks, problems)
    return Domain(path, settings, documents, glossary, feedback, questions, dialogues), problems


def _look_around(path: Path, problems: Problems) -> set[str]:
    """The names in the folder that can be read; what is something else becomes a problem."""
    usable = set()
    for entry in sorted(path.iterdir()):
        if entry.name.startswith((".", "__")) or entry.name == UNREAD:
            continue
        wanted = "folder" if entry.name in FOLDERS else "file" if entry.name in FILES else None
        if wanted is None:
            todo = f"Known are {', '.join((*FILES, *FOLDERS))}."
            problems.warn(entry, "is not part of a domain folder and is not read.", todo)
        elif _leads_out(entry, path):
            problems.error(entry, "is a link that leads out of the folder.", "Copy it here.")
        elif not (entry.is_dir() if wanted == "folder" else entry.is_file()):
            problems.error(entry, f"is not a {wanted}.", f"Make it a {wanted}.")
        else:
            usable.add(entry.name)
    if "domain.toml" not in usable and not os.path.lexists(path / "domain.toml"):
        todo = f"Every domain has one. `sadari new {path.name}` writes a folder to start from."
        problems.error(path / "domain.toml", "does not exist.", todo)
    return usable


def _leads_out(entry: Path, folder: Path) -> bool:
    try:
        return entry.is_symlink() and not entry.resolve().is_relative_to(folder.resolve())
    except RuntimeError:  # a link in a circle
        return True


def _read_settings(path: Path, problems: Problems) -> DomainSettings | None:
    if not path.is_file() or _leads_out(path, path.parent):
        return None  # said already
    text = read_text(path, problems)
    if text is None:
        return None
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{path}:{line[1]}" if line else path
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        problems.error(where, f"is not TOML: {reason}.", _mend(text, line))
        return None
    try:
        return DomainSettings.model_validate(values)
    except ValidationError as error:
        for names, what in complaints(error, DomainSettings):
            problems.error(f"{path}:{_line_of(text, names)}", what, "Mend the line.")
        return None


def _mend(text: str, line: re.Match[str] | None) -> str:
    """What to do about a line that TOML does not take."""
    wrong = text.split("\n")[int(line[1]) - 1] if line else ""
    key = re.match(r"\s*([\w-]+)\s*=", wrong)
    if key is None or key[1].isascii():
        return "Mend the line."
    return f'TOML wants quotes around such a key: "{key[1]}" = …'


def _read_documents(folder: Path, usable: bool, problems: Problems) -> tuple[Document, ...]:
    documents = read_documents(folder, problems) if usable else ()
    if not documents:
        problems.warn(folder, "holds no document.", "Without documents there is no rag rung.")
    return documents


def _read_glossary(path: Path, problems: Problems) -> tuple[Term, ...]:
    terms: dict[str, Term] = {}
    for where, row in read_csv(path, ("term", "meaning"), problems):
        word, meaning = row["term"].strip(), row["meaning"].strip()
        if not word or not meaning:
            problems.error(where, "lacks a term or a meaning.", "Fill it in or drop the row.")
        elif word in terms:
            problems.error(where, f"explains {quoted(word)} a second time.", "Drop one of them.")
        else:
            aliases = tuple(a.strip() for a in row.get("aliases", "").split("|") if a.strip())
            terms[word] = Term(word, meaning, aliases)
    return tuple(terms.values())


def _read_entries(
    folder: Path,
    what: str,
    read: Callable[[Path, Problems], Iterable[Entry]],
    problems: Problems,
) -> tuple[Entry, ...]:
    """The entries of every JSON file in the folder; an id stands for one of them only."""
    found: dict[str, Entry] = {}
    for path in _visible(folder, problems):
        if path.suffix not in (".json", ".jsonl"):
            problems.warn(path, "is not read.", f"{what} .json or .jsonl.")
            continue
        for entry in read(path, problems):
            taken = found.setdefault(entry.id, entry)
            if taken is not entry:
                said = f"the id {quoted(entry.id)} is taken by {taken.source}."
                problems.error(entry.source, said, "Give it another.")
    return tuple(found.values())


def _read_exam(folder: Path, usable: bool, problems: Problems) -> tuple[Question, ...]:
    questions: list[Question] = []
    for path in _visible(folder, problems) if usable else ():
        if path.suffix == ".jsonl" and path.name.startswith("dev"):
            questions.extend(read_questions(path, "dev", problems))
        elif path.suffix == ".jsonl" and path.name.startswith("test"):
            questions.extend(read_questions(path, "test", problems))
        else:
            problems.warn(path, "is not read.", "Name it dev*.jsonl or test*.jsonl.")
    if not questions:
        problems.warn(folder, "holds no question.", "Nothing can be measured without an exam.")
    return tuple(questions)


def _visible(folder: Path, problems: Problems) -> Iterator[Path]:
    """What lies in the folder, in order, without hidden files and links that lead out."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if _leads_out(path, folder.parent):
            problems.error(path, "is a link that leads out of the folder.", "Copy the file here.")
        else:
            yield path


def _check_evidence(
    rows: Sequence[Question | Feedback | Session],
    documents: Sequence[Document],
    problems: Problems,
) -> None:
    known = {document.id for document in documents}
    for row in rows:
        for name in row.evidence:
            if name not in known:
                what = f"its evidence {quoted(name)} is no document."
                problems.error(row.source, what, "Write a path below documents/, without suffix.")


def _check_exam(
    questions: Sequence[Question], documents: Sequence[Document], problems: Problems
) -> None:
    """Ids are unique over all files; nothing is asked in dev and in test."""
    ids: dict[str, Question] = {}
    asked: dict[str, Question] = {}
    for question in questions:
        where = question.source
        if question.kind == "answer" and documents and not question.evidence:
            problems.warn(where, "names no evidence, so retrieval cannot be judged.")
        taken = ids.setdefault(question.id, question)
        if taken is not question:
            what = f"the id {quoted(question.id)} is taken by {taken.source}."
            problems.error(where, what, "Give it another.")
        words = normalise("\n".join(m.content for m in question.messages))
        same = asked.setdefault("".join(c for c in words if c.isalnum()), question)
        if same.split != question.split:
            what = f"asks the same as {same.source}, of the other split."
            problems.error(where, what, "Drop one: what is tuned on dev is judged on test.")
        elif same is not question:
            problems.warn(where, f"asks the same as {same.source}.", "It counts twice.")


def _line_of(text: str, names: Sequence[str]) -> int:
    """The line of domain.toml on which the setting with this path stands; 1 if it has none."""
    table: list[str] = []
    best, best_depth = 1, 0
    for number, line in enumerate(text.split("\n"), start=1):
        if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line):
            table = [part.strip().strip("\"'") for part in header[1].split(".")]
            here = table
        elif key := re.match(r"\s*([\w.\"'-]+)\s*=", line):
            here = [*table, *(part.strip("\"'") for part in key[1].split("."))]
        else:
            continue
        if len(here) > best_depth and list(names[: len(here)]) == here:
            best, best_depth = number, len(here)
    return best
