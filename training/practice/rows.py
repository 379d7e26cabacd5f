"""What the trainer eats: one shared prefix of a chat and several continuations of it.

Questions on the same passages share them: each branch sees the prefix and itself, so a row costs
its passages once and still trains exactly the one-question prompt.
"""

from __future__ import annotations

from dataclasses import dataclass, field

START, END = "<|im_start|>", "<|im_end|>"
REFUSAL = "문서에서 찾을 수 없습니다."


@dataclass(frozen=True)
class Piece:
    """A stretch of text, and whether the model learns to write it."""

    text: str
    train: bool = False


@dataclass(frozen=True)
class Branch:
    """A continuation: `kind` and `value` are for the judge."""

    pieces: tuple[Piece, ...]
    kind: str
    answer: str
    value: str = ""

    @property
    def prompt(self) -> str:
        """Everything before the last trained piece."""
        return "".join(piece.text for piece in self.pieces[:-1])


@dataclass(frozen=True)
class Row:
    prefix: str
    branches: tuple[Branch, ...] = field(default=())


def turn(role: str, content: str) -> str:
    return f"{START}{role}\n{content}{END}\n"


def reply(question_end: str, answer: str, kind: str, value: str = "") -> Branch:
    """The rest of a user turn, then the answer to learn."""
    ask = Piece(f"{question_end}{END}\n{START}assistant\n")
    return Branch((ask, Piece(f"{answer}{END}\n", True)), kind, answer, value)
