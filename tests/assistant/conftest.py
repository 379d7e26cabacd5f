"""A model that is a plain function, and an index over two small documents."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sadari.domain import Document, Message
from sadari.llm.types import Completion, Delta, Failure, ModelInfo, Request
from sadari.retrieval import build_index


@dataclass
class Parrot:
    """Answers with what `say` makes of the request; counts a token for each character."""

    say: Callable[[Request], str]
    context_length: int = 4000
    closed: bool = False
    asked: list[Request] = field(default_factory=list)

    @property
    def info(self) -> ModelInfo:
        return ModelInfo("parrot", self.context_length, digest="0" * 64)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(m.content) for m in messages)

    async def complete(self, request: Request) -> Completion:
        self.asked.append(request)
        return Completion(self.say(request))

    async def complete_all(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        return [
            Failure("too hard") if "어려운" in r.messages[-1].content else await self.complete(r)
            for r in requests
        ]

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        try:
            for word in re.findall(r"\S+\s*", self.say(request)):
                yield Delta(word)
            yield Delta(finish_reason="stop")
        finally:
            self.closed = True


DOCUMENTS = (
    Document(
        "returns", "반품", "## 기간\n\n반품 기간은 7일이다.\n\n## 비용\n\n반품비는 6,000원이다."
    ),
    Document("delivery", "배송", "## 지연\n\n배송이 늦으면 송장 번호를 확인한다."),
)


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index(DOCUMENTS, tmp_path_factory.mktemp("index"))
