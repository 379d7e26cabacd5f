"""Files and commands for servers that are not ours: Ollama's Modelfile, vLLM's command."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from sadari.domain import Message
from sadari.jobs.types import JobError
from sadari.llm.render import NOTHING, end_of_turn

log = logging.getLogger("sadari.jobs")

Server = Literal["vllm", "ollama"]

VLLM_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""The values that vLLM takes for --max-lora-rank."""

OLLAMA_BITS = "q4_K_M"

_TALK = (
    Message("system", "Ga"),
    Message("user", "Na"),
    Message("assistant", "Da"),
    Message("user", "Ra"),
)


def vllm_command(
    folder: Path, name: str, *, base: str = "", config: dict[str, Any] | None = None
) -> str:
    """The command that serves a whole model, or with `base` and PEFT's `config` an adapter over it.

    Raises JobError for an adapter that vLLM does not take."""
    if config is None:
        return shlex.join(
            ["vllm", "serve", str(folder), "--served-model-name", name, "--dtype", "bfloat16"]
        )
    if config["peft_type"] != "LORA" or config.get("use_dora"):
        kind = "DoRA" if config.get("use_dora") else config["peft_type"]
        raise JobError(
            f"vLLM serves LoRA adapters, and this one is {kind}.",
            where=str(folder),
            todo="Merge it into its base: add --merge.",
        )
    rank = next((r for r in VLLM_RANKS if r >= config["r"]), None)
    if rank is None:
        raise JobError(
            f"vLLM serves adapters up to rank {VLLM_RANKS[-1]}, and this one has {config['r']}.",
            where=str(folder),
            todo="Merge it into its base: add --merge.",
        )
    words = ["vllm", "serve", base, "--enable-lora", "--max-lora-rank", str(rank)]
    return shlex.join([*words, "--lora-modules", f"{name}={folder}"])


def ollama_command(folder: Path, name: str, *, four_bits: bool = False) -> str:
    """The command that has Ollama take in the Modelfile in `folder`, and quantise its model."""
    small = ["--quantize", OLLAMA_BITS] if four_bits else []
    create = shlex.join(["ollama", "create", name, *small, "-f", "Modelfile"])
    return f"cd {shlex.quote(str(folder))} && {create} && {shlex.join(['ollama', 'run', name])}"


def modelfile(
    tokenizer: Any,
    *,
    start: str,
    adapter: bool,
    context_length: int,
    system: str = "",
    template_kwargs: Mapping[str, Any] = NOTHING,
) -> str:
    """A Modelfile that starts FROM `start`, a folder or name, with the adapter beside it if there
    is one. The TEMPLATE is left out where the chat template is more than turns one after the other:
    Ollama then takes the one that it recognises."""
    lines = [f"FROM {start}"]
    if adapter:
        lines.append("ADAPTER .")
    template = go_template(tokenizer, template_kwargs)
    if template is None:
        log.warning(
            "The chat template is more than turns one after the other, so the Modelfile has no "
            "TEMPLATE and Ollama takes one that it recognises. Look at what it took: "
            "`ollama show --template`."
        )
    else:
        lines.append(f'TEMPLATE """{template}"""')
    if '"""' in system:
        raise JobError(
            'The persona or the rules hold """, with which a Modelfile ends a text.',
            todo="Quote otherwise in domain.toml, and tune again: a prompt is learned with.",
        )
    if system:
        lines.append(f'SYSTEM """{system}"""')
    stop = end_of_turn(tokenizer)
    if stop is not None:
        lines.append(f'PARAMETER stop "{tokenizer.convert_ids_to_tokens(stop)}"')
    lines += ["PARAMETER temperature 0", f"PARAMETER num_ctx {context_length}"]
    return "\n".join(lines) + "\n"


def go_template(tokenizer: Any, told: Mapping[str, Any] = NOTHING) -> str | None:
    """The tokenizer's chat template, `told` so, in Ollama's language, or None where it cannot be
    said as one piece of text before and one after each role's turns."""
    around = turns_of(tokenizer, told)
    if around is None:
        return None
    turns, asks = around
    branches = [
        f'{{{{ {"if" if place == 0 else "else if"} eq .Role "{role}" }}}}'
        f"{_go(before)}{{{{ .Content }}}}{_go(after)}"
        for place, (role, (before, after)) in enumerate(turns.items())
    ]
    # Without "-" anywhere: Go would eat the white space that belongs to the turns.
    body = "".join(branches) + "{{ end }}"
    return "{{ range .Messages }}" + body + "{{ end }}" + _go(asks)


def turns_of(
    tokenizer: Any, told: Mapping[str, Any] = NOTHING
) -> tuple[dict[str, tuple[str, str]], str] | None:
    """What stands before and after each role's content, and what asks for an answer; None where a
    template does more than that (adds a system turn of its own, say, or rewrites earlier turns)."""
    turns: dict[str, tuple[str, str]] = {}
    said = ""
    try:
        for upto, message in enumerate(_TALK, start=1):
            text = _text(tokenizer, _TALK[:upto], told)
            own = text.removeprefix(said) if text.startswith(said) else ""
            before, content, after = own.partition(message.content)
            if not content or turns.setdefault(message.role, (before, after)) != (before, after):
                return None
            said = text
        asks = _text(tokenizer, _TALK, told, asks=True).removeprefix(said)
        alone = _text(tokenizer, _TALK[1:2], told)
    except Exception:  # a template may raise anything of Jinja's or its own
        return None
    before, after = turns["user"]
    return (turns, asks) if alone == before + _TALK[1].content + after else None


def _text(
    tokenizer: Any, messages: Sequence[Message], told: Mapping[str, Any], *, asks: bool = False
) -> str:
    """The conversation as the template writes it, without the token that begins every text: Ollama
    puts that one there itself."""
    turns = [message.as_openai() for message in messages]
    text: str = tokenizer.apply_chat_template(
        turns, tokenize=False, add_generation_prompt=asks, **told
    )
    return text.removeprefix(tokenizer.bos_token or "")


def _go(text: str) -> str:
    return text.replace("{{", '{{ "{{" }}')
