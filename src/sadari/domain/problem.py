"""What is wrong with a domain folder, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sadari.text import SadariError

LONGEST_QUOTE = 60  # characters of the user's own text in a sentence


class DomainError(SadariError):
    """A domain folder that cannot be used; `sadari check` lists everything that is wrong."""


@dataclass(frozen=True)
class Problem:
    """One finding of `check`: an error stops the work, a warning does not."""

    where: str
    what: str
    todo: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}{' ' + self.todo if self.todo else ''}"


class Problems(list[Problem]):
    """The findings so far."""

    def error(self, where: str | Path, what: str, todo: str = "") -> None:
        """Something that must be mended before the domain can be used."""
        self.append(Problem(printable(where), printable(what), todo))

    def warn(self, where: str | Path, what: str, todo: str = "") -> None:
        """Something that is probably not meant."""
        self.append(Problem(printable(where), printable(what), todo, "warning"))

    @property
    def errors(self) -> list[Problem]:
        """Only what stops the work."""
        return [problem for problem in self if problem.severity == "error"]


def quoted(value: object) -> str:
    """The value as it is shown in a sentence: cut where it is long."""
    text = str(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def printable(text: str | Path) -> str:
    """The text without what a terminal cannot print, such as half characters in a file's name."""
    whole = str(text).encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in whole)
