"""From a packed row to its loss: Transformers' own model, or a faster body of the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from sadari.tuning import attention
from sadari.tuning.errors import TuningError
from sadari.tuning.examples import Example, Unit
from sadari.tuning.loss import answer_losses
from sadari.tuning.methods import Adaptation
from sadari.tuning.packing import Row, pack

TOLERANCE = {torch.float32: 1e-3, torch.bfloat16: 6e-2}
"""How far packed logits may be from those of each example alone, of the largest logit."""


class Body(Protocol):
    """All of a language model but its head. `shares` says whether it takes rows whose examples
    share their beginning."""

    shares: bool

    def answer_states(self, row: Row) -> Tensor:
        """The last hidden states that predict an answer token, shape (answer tokens, width)."""
        ...


class TransformersBody:
    """The model's own forward pass, with the attention called `name`."""

    def __init__(self, adaptation: Adaptation, name: str, recompute: bool) -> None:
        adaptation.model.set_attn_implementation(name)
        if recompute:
            # Only this kind reaches trainable weights behind a frozen embedding.
            kind = {"use_reentrant": False}
            adaptation.model.activation_checkpointing_enable(activation_checkpointing_kwargs=kind)
        self.adaptation = adaptation
        self.name = name
        self.shares = name == attention.NAME

    def answer_states(self, row: Row) -> Tensor:
        # Only our own attention knows the spans; the others read them from the positions.
        extra = {"spans": row.spans} if self.name == attention.NAME else {}
        extra |= self.adaptation.inputs(row.input_ids)
        states: Tensor = self.adaptation.model.base_model(
            position_ids=row.position_ids, use_cache=False, **extra
        ).last_hidden_state
        return states[0].index_select(0, row.predicts)


class Network:
    """An adapted model and the body that its loss is computed through.

    The body is the first of these that gives packed examples the logits they have alone: on CPU
    the blocks of `LlamaBody`, then attention over spans (both many times faster there on short
    examples than a mask over the whole row), then PyTorch's attention, then Transformers' plain
    one. Without `probe`, for a model that has shapes alone, the first is taken unseen.

    Raises TuningError for a model that mixes packed examples under every one of them, or
    whose logits are not its head's plain product.
    """

    def __init__(
        self, adaptation: Adaptation, *, recompute: bool = False, probe: bool = True
    ) -> None:
        self._recompute = recompute
        self.adaptation = adaptation
        self.model = model = adaptation.model
        self.head = model.get_output_embeddings()
        wanted = self._alone() if probe else None
        for name in self._candidates():
            self.body = self._open(name)
            if wanted is None or self._distance(wanted) <= TOLERANCE[adaptation.dtype]:
                self.name = name
                return
        raise TuningError(
            f"{type(model).__name__} mixes examples that are packed in one row, or changes its "
            "logits after the last layer, so this loop would train it wrongly.",
            todo="Choose a base with plain attention, such as Llama, Qwen, Phi-3 or GPT-NeoX.",
        )

    def pack(self, units: Sequence[Unit], row_tokens: int) -> list[Row]:
        """Rows for this network: behind the method's virtual tokens, and with what the examples
        share once, if it can."""
        units = [tuple(self._led(example) for example in unit) for unit in units]
        rows = pack(units, row_tokens, share=self.body.shares)
        return [row.to(self.model.device) for row in rows]

    def losses(self, row: Row) -> Tensor:
        """-log p of each of the row's answer tokens, shape (answer tokens,), float32."""
        with self.adaptation.precision():
            states = self.body.answer_states(row)
            bias = getattr(self.head, "bias", None)
            return answer_losses(states, self.head.weight, bias, row.targets)

    def _led(self, example: Example) -> Example:
        lead = self.adaptation.lead
        if not lead:
            return example
        silent = (False,) * len(lead)
        return replace(example, ids=lead + example.ids, trained=silent + example.trained)

    def _candidates(self) -> list[str]:
        names = [attention.PREFIXED] if self.adaptation.inside_attention else ["sdpa", "eager"]
        # What is written out below runs in the weights' own dtype.
        own = self.adaptation.dtype == self.model.dtype
        if self.model.device.type != "cuda" and own:
            from sadari.tuning.llama import LlamaBody

            if not getattr(self.model.config, "attention_dropout", 0.0):
                names.insert(0, attention.NAME)
            if LlamaBody.fits(self.model) and not self.adaptation.inside_attention:
                names.insert(0, "llama")
        return names

    def _open(self, name: str) -> Body:
        if name == "llama":
            from sadari.tuning.llama import LlamaBody

            return LlamaBody(self.model, self.adaptation.embed, self._recompute)
        attention.register()
        return TransformersBody(self.adaptation, name, self._recompute)

    @torch.no_grad()
    def _alone(self) -> Tensor:
        """The logits that the adapted model, in Transformers' plain attention, gives each probe by
        itself."""
        self.model.eval()
        self.model.set_attn_implementation("eager")
        device = self.model.device
        logits = [
            self.adaptation.adapted(torch.tensor([BEGINNING + rest], device=device)).logits
            for rest in PROBES
        ]
        parts = [given[0, -len(rest) : -1] for given, rest in zip(logits, PROBES, strict=True)]
        return torch.cat(parts).float()

    @torch.no_grad()
    def _distance(self, wanted: Tensor) -> float:
        """How far the body's logits of the packed probes are from `wanted`, of the largest."""
        silent = (False,) * (len(BEGINNING) + 1)
        units = [
            (self._led(Example(i, BEGINNING + rest, silent + (True,) * (len(rest) - 1))),)
            for i, rest in enumerate(PROBES)
        ]
        far = 0.0
        for share in {False, self.body.shares}:
            (row,) = pack(units, row_tokens=10_000, share=share)
            with self.adaptation.precision():
                states = self.body.answer_states(row.to(self.model.device))
                packed = self.head(states).float()
            far = max(far, float((packed - wanted).abs().max() / wanted.abs().max()))
        return far


BEGINNING = (3, 14, 15, 9, 26, 5, 30, 8, 9, 7, 9, 3, 23, 8, 4, 6, 26, 4)
PROBES = ((11, 7, 5, 3, 17, 2, 13, 19, 23), (5, 29, 3, 31, 11, 8, 2))
"""Token ids, of no meaning, on which a body is compared with Transformers' own: a beginning that
is long enough to be shared, and what follows it."""
