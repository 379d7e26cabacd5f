"""The one render of a chat template: preview, training and serving all read what is made here.

The tokens that carry loss are found by rendering prefixes of the conversation, so any template
works and none needs a `{% generation %}` block: an assistant turn is whatever the template adds
between "the turns before, and the header that asks for an answer" and "the turns up to it".
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sadari.domain.message import Message
from sadari.llm.types import ModelError, Rendered

NOTHING: Mapping[str, Any] = MappingProxyType({})


class RewrittenTurnError(ModelError):
    """The template writes an assistant turn differently once more turns follow it."""


def render(
    tokenizer: Any,
    messages: Sequence[Message],
    tools: Sequence[Mapping[str, Any]] = (),
    add_generation_prompt: bool = True,
    template_kwargs: Mapping[str, Any] = NOTHING,
) -> Rendered:
    """Token ids of a conversation, through the tokenizer's own chat template, tokenised once.

    With `add_generation_prompt` it is a prompt: nothing in it carries loss. Without, it is a
    training example: the assistant turns whose `train` is not False carry loss, end-of-turn token
    included. Control tokens that a system, user or tool message spells out (`<|im_end|>`) are read
    as plain text, so nobody can forge a turn.

    Raises `ModelError` where there is no template, the template refuses the conversation, no token
    would carry loss, or a trained turn is not what the model would be asked to continue
    (`RewrittenTurnError`; `render_examples` splits such conversations).
    """
    ids = _ids(tokenizer, messages, tools, add_generation_prompt, template_kwargs)
    trained = [False] * len(ids)
    if add_generation_prompt:
        return Rendered(tuple(ids), tuple(trained))
    for index, message in enumerate(messages):
        if message.role != "assistant" or message.train is False:
            continue
        before = _ids(tokenizer, messages[:index], tools, True, template_kwargs)
        upto = ids
        if index + 1 < len(messages):
            upto = _ids(tokenizer, messages[: index + 1], tools, False, template_kwargs)
        start = _shared(tokenizer, ids, before, index)
        end = _shared(tokenizer, ids, upto, index)
        for position in range(start, _end_of_turn(tokenizer, ids, start, end)):
            trained[position] = True
    if not any(trained):
        raise ModelError(
            "no token of this conversation carries loss.",
            todo="Give it an assistant turn whose train is not false.",
        )
    return Rendered(tuple(ids), tuple(trained))


def render_examples(
    tokenizer: Any,
    messages: Sequence[Message],
    tools: Sequence[Mapping[str, Any]] = (),
    template_kwargs: Mapping[str, Any] = NOTHING,
) -> tuple[Rendered, ...]:
    """The conversation as training examples: one, or one per trained turn where the template
    rewrites earlier turns (drops their thinking, say), so that each answer is learned in the very
    context in which it will be asked for."""
    try:
        return (render(tokenizer, messages, tools, False, template_kwargs),)
    except RewrittenTurnError:
        examples = []
        for index, message in enumerate(messages):
            if message.role == "assistant" and message.train is not False:
                earlier = tuple(replace(turn, train=False) for turn in messages[:index])
                turns = (*earlier, message)
                examples.append(render(tokenizer, turns, tools, False, template_kwargs))
        return tuple(examples)


def render_text(tokenizer: Any, rendered: Rendered) -> list[tuple[str, bool]]:
    """(text, carries loss) piece by piece, for a preview; the texts joined are what the model
    reads. Tokens that are parts of one character share a piece."""
    from sadari.llm.detokenise import Detokeniser

    pieces: list[tuple[str, bool]] = []
    stream = Detokeniser(tokenizer, keep_special=True)
    for token, trained in zip(rendered.ids, rendered.trained, strict=True):
        if text := stream.add(token):
            pieces.append((text, trained))
    if rest := stream.finish():
        pieces.append((rest, rendered.trained[-1]))
    return pieces


def ids_digest(ids: Sequence[int]) -> str:
    """SHA-256 of token ids, four bytes each: the name of a rendered prompt."""
    return hashlib.sha256(array("i", ids).tobytes()).hexdigest()


def end_of_turn(tokenizer: Any) -> int | None:
    """The id of the special token with which this template closes an answer, if it does."""
    turns = (Message("user", "?"), Message("assistant", "."))
    asked = _ids(tokenizer, turns[:1], (), False, NOTHING)
    answered = _ids(tokenizer, turns, (), False, NOTHING)
    special = _special(tokenizer)
    return next((i for i in reversed(answered[len(asked) :]) if i in special), None)


def _ids(
    tokenizer: Any,
    messages: Sequence[Message],
    tools: Sequence[Mapping[str, Any]],
    add_generation_prompt: bool,
    template_kwargs: Mapping[str, Any],
) -> list[int]:
    if not messages:
        raise ModelError("the conversation has no messages.", todo="Give at least a user's turn.")
    if not tokenizer.chat_template:
        raise ModelError(
            f"the tokenizer of {tokenizer.name_or_path} has no chat template.",
            todo="Use an instruct model, or put a chat_template.jinja beside its tokenizer.json.",
        )
    control = [str(t) for t in tokenizer.added_tokens_decoder.values() if t.special]
    spelt = any(
        token in message.content
        for message in messages
        if message.role != "assistant"
        for token in control
    )
    try:
        ids: list[int] = tokenizer.apply_chat_template(
            [message.as_openai() for message in messages],
            tools=[dict(tool) for tool in tools] or None,
            add_generation_prompt=add_generation_prompt,
            return_dict=False,
            sanitize_control_tokens=spelt,
            **template_kwargs,
        )
    except Exception as error:  # a template may raise anything of Jinja's or its own
        roles = " → ".join(message.role for message in messages)
        raise ModelError(
            f"the chat template of {tokenizer.name_or_path} refuses a conversation of {roles}: "
            f"{error}"
        ) from error
    if len(ids) > 1 and ids[0] == ids[1] == tokenizer.bos_token_id:
        return ids[1:]
    return ids


def _shared(tokenizer: Any, ids: list[int], prefix: list[int], turn: int) -> int:
    """How many tokens `ids` and `prefix` share. The last token of the prefix may have grown
    together with what follows it (two newlines as one token); any other difference is a rewrite."""
    count = next(
        (i for i, (a, b) in enumerate(zip(ids, prefix, strict=False)) if a != b),
        min(len(ids), len(prefix)),
    )
    if count == len(prefix):
        return count
    if count == len(prefix) - 1 and count < len(ids):
        grown, short = tokenizer.decode([ids[count]]), tokenizer.decode([prefix[count]])
        if grown.startswith(short):
            return count
    raise RewrittenTurnError(
        f"the chat template of {tokenizer.name_or_path} writes turn {turn + 1} differently in the "
        "whole conversation than when it is asked for (it drops or adds thinking, say).",
        todo="Train on the last answer only (train=false on earlier assistant turns), or set "
        "`[models] template_kwargs`, such as { enable_thinking = false }.",
    )


def _end_of_turn(tokenizer: Any, ids: list[int], start: int, end: int) -> int:
    """One past the token that closes the turn: white space that the template adds after it is
    never generated, and so never learned."""
    special = _special(tokenizer)
    for position in range(end - 1, start - 1, -1):
        if ids[position] in special:
            return position + 1
    raise ModelError(
        f"the chat template of {tokenizer.name_or_path} does not close an assistant turn with a "
        "special token, so a model tuned with it would never learn to stop.",
        todo="Add the end-of-text token after the answer in its chat template.",
    )


def _special(tokenizer: Any) -> set[int]:
    return {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
