"""`index` and `ask`: finding passages, and answering one question."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from sadari.cli.common import DomainArgument, JsonOption, output, print_json, say, stages


def index(domain: DomainArgument, json: JsonOption = False) -> None:
    """Build the retrieval index of the domain's documents and measure what it finds.

    Example: sadari index examples/ald
    """
    from sadari.assistant import index_for
    from sadari.domain import read_domain
    from sadari.retrieval import Index, recall_at_k
    from sadari.store import state_home

    folder = read_domain(domain)
    wanted = folder.settings.retrieval
    with stages() as watch:
        path = index_for(
            folder,
            state_home() / "indexes",
            on_progress=lambda done, total: watch("index", done, total),
        )
    made = Index.open(path)
    facts: dict[str, object] = {"index": str(path), "passages": len(made.passages())}
    dev = [q for q in folder.exam("dev") if q.evidence]
    if dev:
        facts |= {
            f"recall@{k} (dev)": round(recall_at_k(made, dev, k), 3) for k in (1, wanted.k, 10)
        }
    if json:
        print_json(facts)
        return
    for name, value in facts.items():
        output.print(f"{name}: {value}", markup=False, soft_wrap=True)


def ask(
    domain: DomainArgument,
    question: Annotated[str, typer.Argument(help="What to ask.", show_default=False)],
    rung: Annotated[
        str, typer.Option(help="prompt, rag or tools; by default the promoted release.")
    ] = "",
    task: Annotated[str, typer.Option(help="Which task of domain.toml the question is.")] = "",
    json: JsonOption = False,
) -> None:
    """Answer one question, with the passages and tool results that the answer rests on.

    Answers with the promoted release if there is one, else with the domain's tools.py, else with
    its documents.

    Example: sadari ask examples/ald "VG12 영점은 얼마나 자주 확인해?"
    """
    from sadari.assistant import TOOLS_FILE, Assistant, index_for, model_spec, recipe_for
    from sadari.domain import read_domain
    from sadari.domain.message import user
    from sadari.llm import open_model
    from sadari.releases import current, open_release
    from sadari.store import Store

    if rung not in ("", "prompt", "rag", "tools"):
        todo = "choose prompt, rag or tools, or leave it out."
        raise typer.BadParameter(todo, param_hint="--rung")
    folder = read_domain(domain)
    tasks = folder.settings.tasks
    if task and task not in tasks:
        known = ", ".join(tasks) or "no task"
        raise typer.BadParameter(f"[tasks] in domain.toml declares {known}.", param_hint="--task")
    store = Store.open()
    promoted = current(store, folder.id)
    if promoted and not rung:
        assistant = open_release(store, promoted)
    else:
        has_tools = (folder.path / TOOLS_FILE).is_file()
        name = rung or ("tools" if has_tools else "rag" if folder.documents else "prompt")
        path = index_for(folder, store.home / "indexes") if name == "rag" else None
        model = open_model(model_spec(folder), allow_remote=folder.settings.models.remote)
        assistant = Assistant(recipe_for(folder, name, index=path, home=store.home), model)
    asked = assistant.recipe.prompt.of_task((user(question),), task)
    answer = asyncio.run(assistant.answer(asked))
    if json:
        print_json(asdict(answer) | {"rung": assistant.recipe.name, "release": assistant.release})
        return
    output.print(answer.text, markup=False, soft_wrap=True)
    for citation in answer.citations:
        output.print(f"  ← {citation.document} · {citation.heading}", markup=False, style="dim")
    for result in answer.called:
        values = ", ".join(f"{key}={value}" for key, value in result.call.arguments.items())
        line = f"  ← {result.call.name}({values}){'' if result.ok else ': ' + result.text}"
        output.print(line, markup=False, style="dim")
    if answer.plain:
        say("[dim]These are the tools' own words: the model's could not stand.[/]")
    if answer.ungrounded:
        numbers = ", ".join(answer.ungrounded)
        say(f"[yellow]These numbers stand in no document that was read: {numbers}[/]")
    say(f"[dim]{assistant.recipe.name}, {answer.seconds:.2f} s[/]")
