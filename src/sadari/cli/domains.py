"""`new`, `check`, `examples`: making a domain folder and reading one critically."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say


def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make.", show_default=False)],
    source: Annotated[
        str, typer.Option("--from", help="A bundled example to copy instead of a bare skeleton.")
    ] = "",
) -> None:
    """Make a domain folder.

    Example: sadari new my-fab --from ald
    """
    from sadari.domain import DomainError
    from sadari.domain.skeleton import bundled_examples, write_skeleton

    if folder.exists():
        raise DomainError("exists already.", where=str(folder), todo="Choose another name.")
    if not source:
        write_skeleton(folder)
    else:
        found = bundled_examples()
        if source not in found:
            todo = f"There are: {', '.join(sorted(found))}."
            raise DomainError(f"there is no bundled example {source!r}.", todo=todo)
        shutil.copytree(found[source], folder, ignore=shutil.ignore_patterns("__pycache__"))
    say(f"Made {folder}. Next: write its documents and questions, then `sadari check {folder}`.")


def check(domain: DomainArgument, json: JsonOption = False) -> None:
    """Read a domain folder and report everything that is wrong with it.

    Example: sadari check examples/ald
    """
    from sadari.assistant import TOOLS_FILE
    from sadari.data.leakage import leaks
    from sadari.data.prepare import told_by_people
    from sadari.domain import check_domain
    from sadari.tools import ToolError, declared_tools

    found, problems = check_domain(domain)
    file = domain / TOOLS_FILE
    try:
        tools = declared_tools(file) if file.is_file() else ()
    except ToolError as error:
        tools = ()
        problems.error(error.where or str(file), error.what, error.todo)
    counts = {}
    if found is not None:
        for leak in leaks(told_by_people(found), found.questions):
            problems.error(leak.where, leak.what, leak.todo)
        counts = {
            "documents": len(found.documents),
            "terms": len(found.glossary),
            "dialogues": len(found.dialogues),
            "feedback": len(found.feedback),
            "dev questions": len(found.exam("dev")),
            "test questions": len(found.exam("test")),
            "tools": len(tools),
        }
    if json:
        print_json({"counts": counts, "problems": [asdict(p) for p in problems]})
    else:
        for problem in problems:
            mark = "[red]error[/]" if problem.severity == "error" else "[yellow]warning[/]"
            output.print(f"{mark} ", end="")
            output.print(str(problem), markup=False, soft_wrap=True)
        output.print(", ".join(f"{count} {name}" for name, count in counts.items()))
        output.print("no problems" if not problems else f"{len(problems.errors)} errors")
    if problems.errors:
        raise typer.Exit(1)


def examples(json: JsonOption = False) -> None:
    """List the bundled example domains.

    Example: sadari examples
    """
    from sadari.domain.skeleton import bundled_examples

    found = bundled_examples()
    if json:
        print_json({name: str(path) for name, path in found.items()})
        return
    for name in sorted(found):
        output.print(f"{name}  (copy it: sadari new my-{name} --from {name})", markup=False)
