"""Adapters over one base: loaded and dropped while the model runs, never in disguise.

Beside an adapter lies `base.json`, which names the base it was trained on and how it answered a
canary prompt then. An adapter without that file (made elsewhere) is still checked for shapes, and
for answering the canary differently from the base at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from sadari.domain.message import Message
from sadari.llm.folders import ADAPTER_WEIGHTS, BASE_CARD
from sadari.llm.layers import LayerAdapter, Layers
from sadari.llm.prefix import Prefix
from sadari.llm.render import render
from sadari.llm.types import ModelError
from sadari.llm.virtual import VirtualTokens
from sadari.llm.whole import WholeWeights
from sadari.store import write_json

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
        write_json(asdict(self), adapter / BASE_CARD)

    @staticmethod
    def read(adapter: Path) -> AdapterCard | None:
        """The card in the adapter's folder; None where there is none."""
        file = adapter / BASE_CARD
        if not file.is_file():
            return None
        try:
            card = json.loads(file.read_text(encoding="utf-8"))
            logprobs = {int(token): float(value) for token, value in card["next_logprobs"].items()}
            return AdapterCard(card["base_digest"], tuple(card["prompt_ids"]), logprobs)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise ModelError(f"not an adapter's card: {error}", where=str(file)) from error


def next_logprobs(model: Any, ids: Sequence[int], prefix: Prefix | None = None) -> Any:
    """Log-probabilities of the token after `ids`, shape (vocabulary,), float32."""
    import torch

    training = model.training
    model.eval()
    cache = None if prefix is None else prefix.cache(model.config, 1)
    with torch.inference_mode():
        out = model(
            input_ids=torch.tensor([list(ids)], device=model.device),
            past_key_values=cache,
            use_cache=cache is not None,
        )
    model.train(training)
    return out.logits[0, -1].float().log_softmax(-1)


class Applied(Protocol):
    """An adapter in memory: in the layers, in the place of the weights, or before the prompt."""

    def on(self) -> AbstractContextManager[Prefix | None]:
        """It answers while the block runs; what prompts are read behind, if it is that."""
        ...

    def drop(self) -> None:
        """Undo what it changed for good."""
        ...


class Adapters:
    """The adapters of one base model. Not thread-safe: used by the model's one worker."""

    def __init__(self, model: Any, tokenizer: Any, base_digest: str) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._base_digest = base_digest
        self._parameters = dict(model.named_parameters())  # by the names they have in files
        self._layers = Layers(model)
        self._loaded: dict[str, tuple[Applied, tuple[int, int]]] = {}

    @contextmanager
    def active(self, folder: str | None) -> Iterator[Prefix | None]:
        """The base with exactly this adapter, or bare with None, while the block runs. What prompts
        are read behind, where the adapter is virtual tokens."""
        if folder is None:
            with self._layers.bare():
                yield None
            return
        with self._on(self._get(folder)) as prefix:
            yield prefix

    def record(self, folder: str) -> AdapterCard:
        """Writes `base.json` beside a freshly trained adapter, with its answer to the canary."""
        (Path(folder) / BASE_CARD).unlink(missing_ok=True)
        ids = render(self._tokenizer, _CANARY).ids
        with self.active(folder) as prefix:
            values, tokens = next_logprobs(self._model, ids, prefix).topk(5)
        top = dict(zip(tokens.tolist(), values.tolist(), strict=True))
        card = AdapterCard(self._base_digest, ids, top)
        card.write(Path(folder))
        return card

    def drop(self, folder: str) -> None:
        """Forgets an adapter and frees its memory; one that is not loaded is left at that."""
        entry = self._loaded.pop(folder, None)
        if entry is not None:
            entry[0].drop()

    @property
    def loaded(self) -> tuple[str, ...]:
        """Folders of the adapters in memory."""
        return tuple(self._loaded)

    @contextmanager
    def _on(self, applied: Applied) -> Iterator[Prefix | None]:
        if isinstance(applied, LayerAdapter):
            with applied.on():
                yield None
        else:
            with self._layers.bare(), applied.on() as prefix:
                yield prefix

    def _get(self, folder: str) -> Applied:
        """The adapter in memory, loaded if it is new or its file has changed."""
        weights = weights_file(Path(folder))
        state = weights.stat()
        stamp = (state.st_size, state.st_mtime_ns)
        entry = self._loaded.get(folder)
        if entry is not None and entry[1] == stamp:
            return entry[0]
        self.drop(folder)
        applied = self._load(Path(folder))
        self._loaded[folder] = (applied, stamp)
        return applied

    def _load(self, folder: Path) -> Applied:
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
        with self.active(None):
            bare = next_logprobs(self._model, ids)
        applied = self._open(folder)
        with self._on(applied) as prefix:
            tuned = next_logprobs(self._model, ids, prefix)
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
            applied.drop()
            raise ModelError(f"the adapter {folder} {reason}", todo="Train it again.")
        return applied

    def _open(self, folder: Path) -> Applied:
        from peft import PeftConfig

        if not (folder / ADAPTER_WEIGHTS).is_file():
            return WholeWeights(self._parameters, folder)
        try:
            config = PeftConfig.from_pretrained(str(folder))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelError(
                f"adapter_config.json cannot be read: {error}", where=str(folder)
            ) from error
        if config.is_prompt_learning:
            with self._layers.bare():
                return VirtualTokens(self._model, folder, config)
        if self._layers.holds_others_than(config.peft_type):
            for other, (applied, _) in tuple(self._loaded.items()):
                if isinstance(applied, LayerAdapter):
                    self.drop(other)  # it loads again on demand
        return self._layers.insert(folder, config)


def weights_file(folder: Path) -> Path:
    """The file that changes when an adapter or a fully tuned model is trained anew. Raises
    `ModelError` where there is none."""
    whole = sorted(folder.glob("model*.safetensors")) if (folder / "config.json").is_file() else []
    for file in (folder / ADAPTER_WEIGHTS, *whole):
        if file.is_file():
            return file
    raise ModelError(
        f"no adapter in {folder}: {ADAPTER_WEIGHTS} is missing.",
        todo="Name the folder that `sadari tune` wrote.",
    )
