"""A domain: the user's folder, read and checked. The folder itself is never written."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from sadari.domain.document import Document, Feedback, Term
from sadari.domain.documents import read_documents
from sadari.domain.files import read_csv, read_json_lines, read_json_list, read_text
from sadari.domain.problem import DomainError, Problems
from sadari.domain.question import Question, Split
from sadari.domain.questions import read_questions
from sadari.domain.settings import DomainSettings

KNOWN = {
    "domain.toml", "glossary.csv", "rules.toml", "documents", "dialogues", "feedback",
    "questions", "tools.py", "events", "README.md", "README.ko.md",
}  # fmt: skip


@dataclass(frozen=True)
class Domain:
    """What a domain folder holds. Everything in it was checked."""

    path: Path
    settings: DomainSettings
    documents: tuple[Document, ...]
    glossary: tuple[Term, ...]
    feedback: tuple[Feedback, ...]
    questions: tuple[Question, ...]

    @property
    def id(self) -> str:
        """The name that keys this domain's state."""
        return self.settings.id

    def exam(self, split: Split) -> tuple[Question, ...]:
        """The questions of one split."""
        return tuple(q for q in self.questions if q.split == split)


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
    settings = _read_settings(path / "domain.toml", problems)
    documents = _read_folder_documents(path, problems)
    glossary = _read_glossary(path / "glossary.csv", problems)
    feedback = _read_feedback(path / "feedback", problems)
    questions = _read_exam(path / "questions", problems)
    _check_links(questions, documents, problems)
    for entry in path.iterdir():
        if entry.name not in KNOWN and entry.name[0] not in "._":
            problems.warn(entry, "is not part of a domain folder and is not read.")
    if settings is None:
        return None, problems
    return Domain(path, settings, documents, glossary, feedback, questions), problems


def _read_settings(path: Path, problems: Problems) -> DomainSettings | None:
    if not path.is_file():
        problems.error(path, "does not exist.", "Every domain folder has one; see `sadari new`.")
        return None
    text = read_text(path, problems)
    if text is None:
        return None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.error(path, f"is not TOML: {error}.")
        return None
    try:
        return DomainSettings.model_validate(values)
    except ValidationError as error:
        for item in error.errors():
            name = ".".join(str(part) for part in item["loc"])
            line = _line_of(text, str(item["loc"][-1])) if item["loc"] else 1
            problems.error(f"{path}:{line}", f"{name}: {item['msg']}.")
        return None


def _read_folder_documents(path: Path, problems: Problems) -> tuple[Document, ...]:
    folder = path / "documents"
    documents = read_documents(folder, problems) if folder.is_dir() else ()
    if not documents:
        problems.warn(folder, "holds no document.", "Without documents there is no rag rung.")
    return documents


def _read_glossary(path: Path, problems: Problems) -> tuple[Term, ...]:
    if not path.is_file():
        return ()
    terms = []
    for where, row in read_csv(path, ("term", "meaning"), problems):
        if not row["term"].strip() or not row["meaning"].strip():
            problems.error(where, "lacks a term or a meaning.")
            continue
        aliases = tuple(a.strip() for a in row.get("aliases", "").split("|") if a.strip())
        terms.append(Term(row["term"].strip(), row["meaning"].strip(), aliases))
    return tuple(terms)


def _read_feedback(folder: Path, problems: Problems) -> tuple[Feedback, ...]:
    found: dict[str, Feedback] = {}
    for path in sorted(folder.glob("*.json*")):
        rows = (read_json_lines if path.suffix == ".jsonl" else read_json_list)(path, problems)
        for where, row in rows:
            names = ("id", "question", "answer")
            missing = [n for n in names if not isinstance(row.get(n), str) or not row[n].strip()]
            if missing:
                problems.error(where, f"lacks {', '.join(missing)}.")
            elif row.get("rating") not in ("up", "down"):
                problems.error(where, f'rating is {row.get("rating")!r}; write "up" or "down".')
            elif row["id"] in found:
                problems.error(where, f"the id {row['id']} is taken by {found[row['id']].source}.")
            else:
                found[row["id"]] = Feedback(
                    row["id"], row["question"], row["answer"], row["rating"],
                    row.get("correction") or None, tuple(row.get("evidence", ())), where,
                )  # fmt: skip
    return tuple(found.values())


def _read_exam(folder: Path, problems: Problems) -> tuple[Question, ...]:
    splits: tuple[Split, ...] = ("dev", "test")
    questions: list[Question] = []
    for split in splits:
        for path in sorted(folder.glob(f"{split}*.jsonl")):
            questions.extend(read_questions(path, split, problems))
    if not questions:
        problems.warn(folder, "holds no question.", "Nothing can be measured without an exam.")
    return tuple(questions)


def _check_links(
    questions: tuple[Question, ...], documents: tuple[Document, ...], problems: Problems
) -> None:
    known = {document.id for document in documents}
    ids: dict[str, Question] = {}
    texts: dict[str, Question] = {}
    for question in questions:
        where = question.source
        for document in question.evidence:
            if document not in known:
                problems.error(where, f"its evidence {document} is no document.")
        if question.kind == "answer" and documents and not question.evidence:
            problems.warn(where, "names no evidence, so retrieval cannot be judged.")
        same = ids.setdefault(question.id, question)
        if same.split != question.split:
            problems.error(where, f"the id {question.id} is also in {same.source}.")
        text = "".join(m.content for m in question.messages).strip()
        same = texts.setdefault(text, question)
        if same.split != question.split:
            problems.error(where, f"is the same question as {same.source} of the other split.")


def _line_of(text: str, name: str) -> int:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.split("=")[0].strip() == name or line.strip().strip("[]").endswith(name):
            return number
    return 1
