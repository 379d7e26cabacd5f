"""PEFT adapters over one base: loaded and dropped while the model runs, never in disguise.

Beside an adapter lies `base.json`, which names the base it was trained on and how it answered a
canary prompt then. An adapter without that file (made elsewhere) is still checked for shapes, and
for answering the canary differently from the base at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sadari.domain.message import Message
from sadari.llm.render import render
from sadari.llm.types import ModelError

CARD = "base.json"
_CANARY = (Message("user", "안녕하세요. 무엇을 도와줄 수 있나요? What can you do?"),)
# Log-probabilities move this much between float32 and bfloat16, and far more between adapters.
_TOLERANCE = 0.5


@dataclass(frozen=True)
class AdapterCard:
    """What an adapter belongs to: the base's digest, the canary prompt's token ids, and the
    log-probabilities of its likeliest next tokens with the adapter on."""

    base_digest: str
    prompt_ids: tuple[int, ...]
    next_logprobs: dict[int, float]

    def write(self, adapter: Path) -> None:
        """Writes `base.json` into the adapter's folder."""
        (adapter / CARD).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @staticmethod
    def read(adapter: Path) -> AdapterCard | None:
        """The card in the adapter's folder; None where there is none."""
        file = adapter / CARD
        if not file.is_file():
            return None
        try:
            card = json.loads(file.read_text(encoding="utf-8"))
            logprobs = {int(token): float(value) for token, value in card["next_logprobs"].items()}
            return AdapterCard(card["base_digest"], tuple(card["prompt_ids"]), logprobs)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelError(f"not an adapter's card: {error}", where=str(file)) from error


def next_logprobs(model: Any, ids: Sequence[int]) -> Any:
    """Log-probabilities of the token after `ids`, shape (vocabulary,), float32."""
    import torch

    training = model.training
    model.eval()
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([list(ids)], device=model.device)).logits[0, -1]
    model.train(training)
    return logits.float().log_softmax(-1)


class Adapters:
    """The adapters of one base model. Not thread-safe: used by the model's one worker."""

    def __init__(self, model: Any, tokenizer: Any, base_digest: str) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._base_digest = base_digest
        self._peft: Any = None
        self._loaded: dict[str, tuple[str, tuple[int, int]]] = {}
        self._made = 0

    @contextmanager
    def active(self, folder: str | None) -> Iterator[None]:
        """The base with exactly this adapter, or bare with None, while the block runs."""
        if folder is None:
            if self._peft is None:
                yield
            else:
                with self._peft.disable_adapter():
                    yield
            return
        self._peft_on(self._name(folder))
        yield

    def record(self, folder: str) -> AdapterCard:
        """Writes `base.json` beside a freshly trained adapter, with its answer to the canary."""
        (Path(folder) / CARD).unlink(missing_ok=True)
        ids = render(self._tokenizer, _CANARY).ids
        with self.active(folder):
            values, tokens = next_logprobs(self._model, ids).topk(5)
        top = dict(zip(tokens.tolist(), values.tolist(), strict=True))
        card = AdapterCard(self._base_digest, ids, top)
        card.write(Path(folder))
        return card

    def drop(self, folder: str) -> None:
        """Forgets an adapter and frees its memory; one that is not loaded is left at that."""
        entry = self._loaded.pop(folder, None)
        if entry is not None:
            self._delete(entry[0])

    @property
    def loaded(self) -> tuple[str, ...]:
        """Folders of the adapters in memory."""
        return tuple(self._loaded)

    def _kind(self) -> Any:
        return next(iter(self._peft.peft_config.values())).peft_type

    def _peft_on(self, name: str) -> None:
        self._peft.set_adapter(name, inference_mode=True)

    def _delete(self, name: str) -> None:
        others = [other for other in self._peft.peft_config if other != name]
        if others:
            self._peft_on(others[0])
            self._peft.delete_adapter(name)
        else:
            self._peft.unload()
            self._peft = None

    def _name(self, folder: str) -> str:
        """Name inside PEFT, loading the adapter if it is new or its file has changed."""
        weights = Path(folder) / "adapter_model.safetensors"
        if not weights.is_file():
            raise ModelError(
                f"no adapter in {folder}: adapter_model.safetensors is missing.",
                todo="Name the folder that `sadari tune` wrote.",
            )
        state = weights.stat()
        stamp = (state.st_size, state.st_mtime_ns)
        entry = self._loaded.get(folder)
        if entry is not None and entry[1] == stamp:
            return entry[0]
        self.drop(folder)
        name = self._load(Path(folder))
        self._loaded[folder] = (name, stamp)
        return name

    def _load(self, folder: Path) -> str:
        card = AdapterCard.read(folder)
        if card is not None and card.base_digest != self._base_digest:
            raise ModelError(
                f"the adapter {folder} was trained on another base "
                f"({card.base_digest[:12]}…, this is {self._base_digest[:12]}…).",
                todo="Open the model that it was trained on, or train it again.",
            )
        ids = render(self._tokenizer, _CANARY).ids
        if card is not None and card.prompt_ids != ids:
            raise ModelError(
                f"the chat template renders other tokens than when {folder} was trained.",
                todo="Restore the tokenizer and template that it was trained with.",
            )
        bare = None
        with self.active(None):
            bare = next_logprobs(self._model, ids)
        self._made += 1
        name = f"adapter_{self._made}"
        self._insert(folder, name)
        self._peft_on(name)
        tuned = next_logprobs(self._model, ids)
        reason = ""
        if bool((tuned == bare).all()):
            reason = "answers a canary prompt exactly as the base does: it would change nothing."
        elif card is not None:
            drift = max(abs(tuned[t].item() - v) for t, v in card.next_logprobs.items())
            if drift > _TOLERANCE:
                reason = (
                    "answers the canary prompt differently than when it was trained "
                    f"(log-probability off by {drift:.2f})."
                )
        if reason:
            self._delete(name)
            raise ModelError(f"the adapter {folder} {reason}", todo="Train it again.")
        return name

    def _insert(self, folder: Path, name: str) -> None:
        from peft import PeftConfig, PeftModel
        from safetensors import safe_open

        try:
            config = PeftConfig.from_pretrained(str(folder))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelError(
                f"adapter_config.json cannot be read: {error}", where=str(folder)
            ) from error
        if config.is_prompt_learning:
            raise ModelError(
                f"{folder} is a {config.peft_type.value} adapter; virtual tokens cannot be "
                "switched on and off in a running model yet.",
                todo="Use LoRA or one of its kin.",
            )
        if self._peft is not None and self._kind() is not config.peft_type:
            for other in self.loaded:  # PEFT holds one method at a time; they load again on demand
                self.drop(other)
        first = self._peft is None
        try:
            if first:
                self._peft = PeftModel(self._model, config, adapter_name=name)
            result = self._peft.load_adapter(str(folder), adapter_name=name)
        except (RuntimeError, ValueError, KeyError) as error:
            self._abandon(name, first)
            raise ModelError(
                f"the adapter {folder} does not fit this model: {str(error).splitlines()[0]}",
                todo="Open the model that it was trained on.",
            ) from error
        missing = [key for key in result.missing_keys if name in key]
        if missing or result.unexpected_keys:
            self._abandon(name, first)
            with safe_open(folder / "adapter_model.safetensors", "pt") as file:
                total = len(list(file.keys()))
            raise ModelError(
                f"the adapter {folder} belongs to another model: of its {total} tensors "
                f"{len(result.unexpected_keys)} have no place here and {len(missing)} are missing.",
                todo="Open the model that it was trained on.",
            )
        self._peft.eval()

    def _abandon(self, name: str, first: bool) -> None:
        if self._peft is not None and (first or name in self._peft.peft_config):
            self._delete(name)
