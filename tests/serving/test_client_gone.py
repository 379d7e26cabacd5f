"""PREVENT 24: the client is gone, and so is the generation, within a second."""

from __future__ import annotations

import time

import httpx
import pytest

TALK = [{"role": "user", "content": "?"}]


def seconds_until_free(url: str) -> float:
    """How long the one worker still takes to answer somebody else."""
    begin = time.perf_counter()
    body = {"model": "short", "messages": TALK}
    assert httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60).status_code == 200
    return time.perf_counter() - begin


def test_streaming(url: str) -> None:
    body = {"model": "endless", "messages": TALK, "stream": True}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=30) as answer:
        lines = (line for line in answer.iter_lines() if line)
        for _ in range(4):
            next(lines)
    assert seconds_until_free(url) < 1


def test_whole(url: str) -> None:
    body = {"model": "endless", "messages": TALK}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/v1/chat/completions", json=body, timeout=0.4)
    assert seconds_until_free(url) < 1


def test_it_would_have_taken_long(url: str) -> None:
    """The two tests above mean something only if the answer itself takes seconds."""
    body = {"model": "endless", "messages": TALK}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/v1/chat/completions", json=body, timeout=2.5)
