"""Asking the person at the terminal."""

from __future__ import annotations

import re

import typer

from sadari.cli.common import say


def ask_letter(choices: str, default: str) -> str:
    """One of the letters in brackets in `choices`, "[a]pprove, [d]rop" say, as a small one; its
    whole word counts too. Asks again for anything else, for a slip must decide nothing."""
    words: dict[str, str] = {
        f"{letter}{rest}": letter for letter, rest in re.findall(r"\[(\w)\](\w*)", choices)
    }
    while True:
        answer = str(typer.prompt(choices, default=default)).strip().lower()
        if answer in words.values():
            return answer
        if answer in words:
            return words[answer]
        say(f"[yellow]Type one of {', '.join(words.values())}.[/]")
