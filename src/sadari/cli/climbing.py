"""`climb`, `evaluate`, `compare`: measuring rungs and what may be said about them."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say, stages
from sadari.cli.disputing import Said, dispute_answers


class Book(StrEnum):
    """Closed, open, or with tools."""

    prompt = "prompt"
    rag = "rag"
    tools = "tools"


class Split(StrEnum):
    """The two halves of an exam: to choose on, and to judge on."""

    dev = "dev"
    test = "test"


def climb(
    domain: DomainArgument,
    everything: Annotated[
        bool, typer.Option("--all", help="Measure the rungs above the target too, and a control.")
    ] = False,
    until: Annotated[
        str, typer.Option(help="The last rung: prompt, rag, tools, tuned or tuned+rag.")
    ] = "tuned+rag",
    report: Annotated[Path | None, typer.Option(help="Where to write the HTML report.")] = None,
    json: JsonOption = False,
) -> None:
    """Climb from the prompt upwards, measure each rung on the exam, and say which one to use.

    Example: sadari climb examples/ald --all
    """
    from sadari.assistant import PARENTS
    from sadari.domain import read_domain
    from sadari.ladder import as_dict, render_table, write_report
    from sadari.ladder import climb as climb_ladder
    from sadari.ladder.words import foresight
    from sadari.store import Store

    folder = read_domain(domain)
    store = Store.open()
    steps = sum(parent is not None for parent in PARENTS.values())
    language = folder.settings.language
    say(foresight(len(folder.exam("test")), steps, language=language))
    with stages() as watch:
        done = asyncio.run(
            climb_ladder(folder, store, everything=everything, until=until, watch=watch)
        )
    notes = done.notes
    path = report or store.run_folder(done.run) / "report.html"
    write_report(done.judgement, path, title=folder.settings.name, curves=done.curves, notes=notes)
    if json:
        print_json(as_dict(done.judgement) | {"run": done.run, "skipped": done.skipped})
    else:
        render_table(done.judgement, output)
    for note in notes:
        say(f"[dim]· {note}[/]")
    say(f"Report: {path}")


def evaluate(
    domain: DomainArgument,
    question: Annotated[
        str, typer.Argument(help="With --dispute: the question, by id.", show_default=False)
    ] = "",
    rung: Annotated[Book, typer.Option(help="Without or with passages, or with tools.")] = Book.rag,
    adapter: Annotated[
        Path | None, typer.Option(help="What `sadari tune` wrote, to answer with.")
    ] = None,
    split: Annotated[Split, typer.Option(help="Which questions.")] = Split.dev,
    task: Annotated[str, typer.Option(help="Only the questions of this task.")] = "",
    dispute: Annotated[
        bool,
        typer.Option("--dispute", help="Judge the last evaluation's answers yourself."),
    ] = False,
    verdict: Annotated[
        Said | None, typer.Option(help="With --dispute QUESTION: what you say of its answer.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, in your words.")] = "",
    json: JsonOption = False,
) -> None:
    """Ask one rung the exam and print what it got right. With --dispute, walk through the last
    evaluation's answers instead and say which are right: where you overrule the scorer, your
    verdict counts from then on for that answer, and how far it agrees with you is reported.

    Example: sadari evaluate examples/ald --rung rag --split dev

    Example: sadari evaluate examples/ald --dispute
    """
    from sadari.domain import read_domain
    from sadari.ladder.people import agreement_sentence, overruled_sentence
    from sadari.ladder.single import evaluate_one, plain
    from sadari.ladder.tasks import task_line
    from sadari.store import Store

    if dispute:
        dispute_answers(domain, question, verdict, reason, json=json)
        return
    if question or verdict or reason:
        raise typer.BadParameter("belongs to --dispute; add it.", param_hint="QUESTION")

    folder = read_domain(domain)
    with stages() as watch:
        found = asyncio.run(
            evaluate_one(
                folder,
                Store.open(),
                rung=rung.value,
                adapter=adapter,
                split=split.value,
                task=task,
                watch=watch,
            )
        )
    if json:
        print_json(plain(found))
        return
    low, high = found["interval"]
    output.print(
        f"{found['right']:.1%} right ({low:.1%} to {high:.1%}) of {found['asked']} {split.value} "
        f"questions, run {found['run']}"
    )
    if found["recall_at_k"] is not None:
        output.print(f"  recall at k: {found['recall_at_k']:.3f}")
        output.print(f"  wrong, the passage not found: {found['not_found']:g}")
        output.print(f"  wrong, the passage found: {found['found_wrong']:g}")
    if found["unasked"]:
        output.print(f"  not asked: {found['unasked']}")
    for name, share in found["parts"].items():
        output.print(f"  {name.replace('_', ' ')}, mean: {share:.3f}")
    for by in ("kind", "task"):
        for name, part in found[f"{by}s"].items():
            output.print(f"  {by} {task_line(name, part)}", markup=False)
    if found["overruled"]:
        alone = f"{found['right_by_scorer']:.1%}"
        sentence = overruled_sentence(found["overruled"], rung.value, alone, "en")
        output.print(f"  {sentence}", soft_wrap=True)
    if found["agreement"]:
        output.print(f"  {agreement_sentence(found['agreement'], 'en')}", soft_wrap=True)


def compare(
    domain: DomainArgument,
    first: Annotated[str, typer.Argument(help="An evaluation's run.", show_default=False)],
    second: Annotated[str, typer.Argument(help="Another's.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Compare two evaluations of the same questions: difference, interval, test. What a person
    said of an answer since then counts in both.

    Example: sadari compare examples/ald evaluate-1 evaluate-2
    """
    from dataclasses import asdict

    from sadari.domain import read_domain
    from sadari.evaluation import compare as compare_scores
    from sadari.evaluation import lay_over, read_verdicts, verdicts_path
    from sadari.ladder.people import count_overruled
    from sadari.ladder.single import read_scores
    from sadari.ladder.tasks import compare_tasks, difference_line, split_advice
    from sadari.store import Store

    folder = read_domain(domain)
    store = Store.open()
    verdicts = read_verdicts(verdicts_path(store, folder.id))
    one, other = (
        lay_over(read_scores(store, run), folder.questions, verdicts) for run in (first, second)
    )
    settings = store.run(second).settings
    alone = settings.get("task") or store.run(first).settings.get("task")
    only = {q.id for q in folder.questions if q.task == alone} if alone else None
    found = compare_scores(one, other, names=(first, second), only=only)
    tasks = {} if found.void else compare_tasks(one, other, folder.questions, only=only)
    overruled = {first: count_overruled(one), second: count_overruled(other)}
    if json:
        by_task = {name: asdict(part) for name, part in tasks.items()}
        print_json(asdict(found) | {"overruled": overruled, "tasks": by_task})
        return
    low, high = found.interval.low, found.interval.high
    output.print(
        f"{second} minus {first}: {found.difference:+.1%} ({low:+.1%} to {high:+.1%}), "
        f"p = {found.p:.3f} on {found.n} questions ({found.method})"
    )
    output.print(
        f"  right in both {found.both:g}, only {first} {found.parent_only:g}, "
        f"only {second} {found.child_only:g}, neither {found.neither:g}"
    )
    for name, part in tasks.items() if len(tasks) > 1 else ():
        output.print(f"  {difference_line(name, part)}", markup=False)
    advice = split_advice(tasks, str(domain)) if settings.get("adapter") and not alone else ""
    if advice:
        say(f"[yellow]{escape(advice)}[/]")
    if any(overruled.values()):
        counts = ", ".join(f"{run} {count}" for run, count in overruled.items())
        output.print(f"  answers overruled by a person: {counts}")
    if found.void:
        say(f"[yellow]Nothing may be concluded: {found.void}.[/]")
