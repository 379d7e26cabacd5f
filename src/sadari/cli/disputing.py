"""`evaluate --dispute`: a person judges answers, where need be against the scorer."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sadari.cli.asking import ask_letter
from sadari.cli.common import output, print_json, say

if TYPE_CHECKING:
    from sadari.evaluation import PersonVerdict, Score
    from sadari.ladder import Dispute


class Said(StrEnum):
    """What a person says of an answer."""

    right = "right"
    wrong = "wrong"


def dispute_answers(
    domain: Path, question: str, verdict: Said | None, reason: str, *, json: bool
) -> None:
    """One answer by its question's id, or a walk through all of them in the terminal."""
    from sadari.domain import read_domain
    from sadari.ladder import judge_answer, open_dispute
    from sadari.store import Store

    if bool(question) != (verdict is not None):
        missing = "--verdict right or wrong" if question else "the question's id after --dispute"
        raise typer.BadParameter(f"needs {missing}.", param_hint="--dispute")
    if json and not question:
        todo = "walks through answers in the terminal; with --json name a question and --verdict."
        raise typer.BadParameter(todo, param_hint="--dispute")
    found = open_dispute(read_domain(domain), Store.open())
    if verdict is None:
        _walk(found, domain)
        return
    score = found.answer_to(question)
    said, path = judge_answer(found, score, verdict is Said.right, reason, drawn=False)
    look = found.count_look()
    if json:
        from dataclasses import asdict

        agreement = found.agreement()
        overrules = said.right != said.by_scorer
        print_json(
            asdict(said)
            | {"overrules": overrules, "look": look or None, "file": str(path)}
            | {"agreement": agreement and asdict(agreement)}
        )
        return
    _finish(found, [said], path, domain, look)


def _walk(found: Dispute, domain: Path) -> None:
    from sadari.evaluation import verdicts_path
    from sadari.ladder import judge_answer

    said: list[PersonVerdict] = []
    waiting = found.waiting
    look = found.count_look() if waiting else 0
    if not waiting:
        say(f"Every answer of {found.run} that a walk shows was judged.")
    for number, score in enumerate(waiting, start=1):
        output.print(f"\n{number} of {len(waiting)}, {found.run}", style="dim")
        _show(found, score)
        answer = ask_letter("[r]ight, [w]rong, [s]kip, [q]uit", default="s")
        if answer == "q":
            break
        if answer == "s":
            continue
        right = answer == "r"
        reason = ""
        if right != score.by_scorer:
            reason = typer.prompt("why (Enter for nothing)", default="", show_default=False)
        said.append(judge_answer(found, score, right, reason, drawn=True)[0])
    _finish(found, said, verdicts_path(found.store, found.domain), domain, look)


def _show(found: Dispute, score: Score) -> None:
    from sadari.ladder.report import key_lines

    question = found.questions[score.question]
    output.print(f"{score.question}  {question.text}", markup=False, style="bold")
    for line in key_lines(question):
        output.print(f"  key: {line}", markup=False, style="green")
    output.print(f"  answer: {score.answer}", markup=False)
    called = "right" if score.by_scorer else "wrong"
    output.print(f"  scorer: {called}. {score.why}", markup=False, style="dim")
    if score.person is not None:
        before = "right" if score.person else "wrong"
        output.print(f"  a person, earlier: {before}. {score.reason}", markup=False, style="dim")


def _finish(found: Dispute, said: list[PersonVerdict], path: Path, domain: Path, look: int) -> None:
    from sadari.ladder.dispute import overruled
    from sadari.ladder.people import agreement_sentence

    if said:
        say(f"{len(said)} judged, {overruled(said)} against the scorer; kept in {path}.")
    agreement = found.agreement()
    if agreement is not None:
        output.print(agreement_sentence(agreement, "en"), markup=False, soft_wrap=True)
    if look:
        say(f"Look {look} at these test questions: mend keys and rules on dev questions.")
    if overruled(said):
        say(f"From now on `sadari evaluate {domain}` and `sadari climb {domain}` apply it.")
