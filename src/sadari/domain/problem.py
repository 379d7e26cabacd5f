"""What is wrong with a domain folder, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sadari.text import SadariError


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
        self.append(Problem(str(where), what, todo))

    def warn(self, where: str | Path, what: str, todo: str = "") -> None:
        """Something that is probably not meant."""
        self.append(Problem(str(where), what, todo, "warning"))

    @property
    def errors(self) -> list[Problem]:
        """Only what stops the work."""
        return [problem for problem in self if problem.severity == "error"]
