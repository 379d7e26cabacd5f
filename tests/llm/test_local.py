"""A local model as the floors above use it."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import pytest
import torch

from sadari.domain.message import Message, system, user
from sadari.llm import Completion, Failure, HasLogprobs, ModelError, Request, Sampling, render
from sadari.llm.local import LocalModel
from tests.tiny import tiny_model

SYSTEM = system("너는 조수다. 문서에 있는 내용만으로 짧게 답해라.")


def ask(text: str, tokens: int = 20, adapter: Path | None = None, **sampling: object) -> Request:
    return Request(
        (SYSTEM, user(text)),
        sampling=Sampling(tokens, **sampling),  # type: ignore[arg-type]
        adapter=str(adapter) if adapter else None,
    )


QUESTIONS = [ask("퍼지 시간은 어떻게 정하나요? " * k + str(k)) for k in range(1, 41)]


def texts(answers: list[Completion | Failure]) -> list[str]:
    assert all(isinstance(answer, Completion) for answer in answers)
    return [answer.text for answer in answers if isinstance(answer, Completion)]


def test_the_same_questions_get_the_same_answers(llama: LocalModel) -> None:
    """PREVENT 20: in any order, together or alone."""
    first = texts(asyncio.run(llama.complete_all(QUESTIONS)))
    again = texts(asyncio.run(llama.complete_all(QUESTIONS)))
    reverse = texts(asyncio.run(llama.complete_all(QUESTIONS[::-1])))
    alone = [asyncio.run(llama.complete(request)).text for request in QUESTIONS[:5]]
    assert first == again == reverse[::-1]
    assert first[:5] == alone


def test_sampled_answers_repeat_with_their_seed(llama: LocalModel) -> None:
    def answer(seed: int) -> str:
        request = ask("왜?", temperature=2.0, seed=seed)
        return asyncio.run(llama.complete(request)).text

    assert answer(1) == answer(1) != answer(2)


def test_a_completion_says_what_it_took(llama: LocalModel) -> None:
    done = asyncio.run(llama.complete(ask("왜?")))
    prompt = render(llama.tokenizer, ask("왜?").messages).ids
    assert done.usage.prompt_tokens == len(prompt) == llama.count_tokens(ask("왜?").messages)
    assert 0 < done.usage.completion_tokens <= 20
    assert done.first_token_seconds is not None
    assert 0 < done.first_token_seconds <= done.seconds
    assert len(done.prompt_digest) == 64


def test_waiting_requests_share_batches_and_answers_stay_their_own(llama: LocalModel) -> None:
    async def at_once() -> list[str]:
        return [done.text for done in await asyncio.gather(*map(llama.complete, QUESTIONS))]

    assert asyncio.run(at_once()) == texts(asyncio.run(llama.complete_all(QUESTIONS)))


def test_a_stream_is_the_completion_in_pieces(llama: LocalModel) -> None:
    async def pieces(request: Request) -> tuple[list[str], str | None]:
        deltas = [delta async for delta in llama.stream(request)]
        assert deltas[-1].usage is not None
        assert all(delta.finish_reason is None for delta in deltas[:-1])
        return [delta.text for delta in deltas], deltas[-1].finish_reason

    for request in QUESTIONS[:4]:
        streamed, reason = asyncio.run(pieces(request))
        whole = asyncio.run(llama.complete(request))
        assert "".join(streamed) == whole.text
        assert reason == whole.finish_reason
        assert len(streamed) > 2


def test_a_stop_string_ends_the_answer_before_it(llama: LocalModel) -> None:
    whole = asyncio.run(llama.complete(QUESTIONS[3])).text
    stop = whole[4:6]
    done = asyncio.run(llama.complete(ask(QUESTIONS[3].messages[1].content, stop=(stop,))))
    assert done.text == whole[: whole.index(stop)]
    assert done.finish_reason == "stop"


def test_a_closed_stream_stops_the_model(tmp_path: Path) -> None:
    """PREVENT 24, at its root: the worker is free again within a second."""
    model = LocalModel(tiny_model(tmp_path, talkative=True, positions=8192))

    async def listen_a_little() -> float:
        stream = model.stream(ask("?", tokens=8000))
        async for delta in stream:
            if delta.text:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        begin = time.perf_counter()
        await model.complete(ask("?", tokens=1))
        return time.perf_counter() - begin

    assert asyncio.run(listen_a_little()) < 1

    async def give_up() -> float:
        task = asyncio.create_task(model.complete(ask("?", tokens=8000)))
        await asyncio.sleep(0.3)
        task.cancel()
        begin = time.perf_counter()
        await model.complete(ask("?", tokens=1))
        return time.perf_counter() - begin

    assert asyncio.run(give_up()) < 1
    model.close()


def test_the_event_loop_stays_free(llama: LocalModel) -> None:
    async def longest_pause() -> float:
        task = asyncio.create_task(llama.complete_all(QUESTIONS))
        pauses = []
        while not task.done():
            begin = time.perf_counter()
            await asyncio.sleep(0.001)
            pauses.append(time.perf_counter() - begin)
        return sorted(pauses)[len(pauses) // 2]

    assert asyncio.run(longest_pause()) < 0.05


def test_a_failure_stays_with_its_request(llama: LocalModel) -> None:
    too_long = ask("가" * 2000)
    answers = asyncio.run(llama.complete_all([QUESTIONS[0], too_long, QUESTIONS[1]]))
    assert isinstance(answers[0], Completion)
    assert isinstance(answers[2], Completion)
    assert isinstance(answers[1], Failure)
    assert "and llama reads 1,024" in answers[1].reason
    with pytest.raises(ModelError, match="Give fewer or shorter passages"):
        asyncio.run(llama.complete(too_long))


def test_logprobs_equal_transformers(llama: LocalModel) -> None:
    assert isinstance(llama, HasLogprobs)
    pairs = [((SYSTEM, user("왜? " * k)), "가나다" * k) for k in (1, 5, 2)]
    for (messages, answer), found in zip(pairs, llama.answer_logprobs(pairs), strict=True):
        turns = (*messages, Message("assistant", answer))
        example = render(llama.tokenizer, turns, add_generation_prompt=False)
        ids = torch.tensor([example.ids])
        with torch.inference_mode():
            logprobs = llama.model(ids).logits[0].log_softmax(-1)
        wanted = [
            float(logprobs[i - 1, token])
            for i, (token, on) in enumerate(zip(example.ids, example.trained, strict=True))
            if on
        ]
        assert found == pytest.approx(wanted, abs=1e-4)
        assert len(found) == len(answer) + 1


def test_a_prompt_that_opens_thinking_shows_only_what_follows(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    """Such templates write `<think>` themselves, so the answer holds only the closing tag."""
    folder = Path(shutil.copytree(folders["llama"], tmp_path / "thinker"))
    template = folder / "chat_template.jinja"
    opened = template.read_text().replace(
        "assistant\n{% endif %}", "assistant\n<think>\n{% endif %}"
    )
    template.write_text(opened)
    model = LocalModel(folder)

    async def streamed() -> str:
        return "".join([delta.text async for delta in model.stream(ask("왜?"))])

    done = asyncio.run(model.complete(ask("왜?")))
    assert done.text == asyncio.run(streamed()) == ""
    assert done.reasoning
    model.close()
