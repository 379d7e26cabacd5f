"""Building the messages that a model reads: instruction, glossary, examples, passages, question."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from sadari.assistant.types import AssistantError, Prompt
from sadari.domain.document import Term
from sadari.domain.message import Message, assistant, system, user
from sadari.llm.folders import TUNING
from sadari.retrieval import Passage
from sadari.text import normalise

log = logging.getLogger("sadari.assistant")

MOST_TERMS = 5
LABELS = {"ko": ("질문", "용어"), "en": ("Question", "Terms")}
"""Before a question that stands behind passages, and before the meanings of terms."""


def build_messages(
    prompt: Prompt, conversation: Sequence[Message], passages: Sequence[Passage] = ()
) -> tuple[Message, ...]:
    """The conversation as the model reads it. The last user turn gets the passages in front;
    the system turn names the meanings of the glossary's terms that it speaks of."""
    question = last_question(conversation)
    of_question, of_terms = LABELS[prompt.language]
    terms = [f"{of_terms}: {meanings}" for meanings in _explain(prompt.glossary, question)]
    instruction = "\n".join([prompt.system, *terms])
    examples = [turn for q, a in prompt.examples for turn in (user(q), assistant(a))]
    asked = with_passages(question, passages, label=of_question)
    index = max(i for i, m in enumerate(conversation) if m.role == "user")
    turns = list(conversation)
    turns[index] = user(asked)
    own = [m for m in turns if m.role != "system"]
    foreign = [m.content for m in turns if m.role == "system"]
    return (system("\n".join([instruction, *foreign])), *examples, *own)


def prompt_digest(prompt: Prompt) -> str:
    """Names all that stands around a question but worked examples, which training leaves out."""
    around = asdict(replace(prompt, examples=()))
    if not prompt.template_kwargs:
        around.pop("template_kwargs")
    text = json.dumps(around, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check_learnt_behind(prompt: Prompt, adapter: Path) -> None:
    """Warns where an adapter was trained behind other words than it is now asked behind. One made
    elsewhere says nothing of that."""
    try:
        known = json.loads((adapter / TUNING).read_text(encoding="utf-8"))["prompts"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if prompt_digest(prompt) not in known:
        log.warning(
            "%s was trained behind another persona, rules or glossary than the domain has now, and "
            "may answer worse for it: `sadari tune` makes one that fits.",
            adapter,
        )


def with_passages(question: str, passages: Sequence[Passage], *, label: str) -> str:
    """The question, after its label, behind numbered passages, each under its title and heading."""
    if not passages:
        return question
    blocks = [
        f"[{number}] {heading_line(p.title, p.heading)}\n{p.text}"
        for number, p in enumerate(passages, start=1)
    ]
    return "\n".join(blocks) + f"\n\n{label}: {question}"


def heading_line(title: str, heading: str) -> str:
    """`title > heading`, or the title alone."""
    return f"{title} > {heading}" if heading and heading != title else title


def last_question(conversation: Sequence[Message]) -> str:
    """The last user turn's text. Raises AssistantError when nobody asks anything."""
    for message in reversed(conversation):
        if message.role == "user":
            return message.content
    raise AssistantError("the conversation holds no user turn.", todo="Ask something.")


def _explain(glossary: Sequence[Term], question: str) -> list[str]:
    """One line with the meanings of the glossary terms that the question speaks of, or none."""
    text = normalise(question)
    named = [
        term
        for term in glossary
        if any(_speaks_of(text, normalise(word)) for word in (term.term, *term.aliases))
    ]
    if not named:
        return []
    named.sort(key=lambda term: -len(term.term))
    meanings = "; ".join(f"{term.term} = {term.meaning}" for term in named[:MOST_TERMS])
    return [meanings]


def _speaks_of(text: str, word: str) -> bool:
    """Whether the word stands in the text. Particles and compounds may follow Hangul; a code is a
    whole one (PM is not in RPM), and one syllable begins a word."""
    if not word:
        return False
    before = r"(?<![^\W_])" if len(word) == 1 or word[0].isascii() else ""
    after = r"(?![a-z0-9])" if word[-1].isascii() else ""
    return re.search(f"{before}{re.escape(word)}{after}", text) is not None
