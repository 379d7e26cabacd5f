"""Heads that are told where to look.

A reader looks back to how a sentence begins, finds the question's words in the passages, gathers
what it found, chooses a sentence and copies it. In generated text each of these places is known, so
a head for each step is trained on it; by themselves they take far more text to form. Nothing of
this is left in the architecture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import LlamaForCausalLM

from training.practice.batches import Batch

HEADS = {  # layer (from the last where negative) and heads of each step
    "started": (1, slice(2, 3)),  # a passage's tokens look at how their sentence begins
    "found": (2, slice(0, 2)),  # the question's tokens, where the passages say them
    "gathered": (3, slice(2, 3)),  # the place that begins an answer, those question tokens
    "chosen": (-2, slice(2, 3)),  # an answer's tokens, how the sentence begins that they copy
    "copied": (-1, slice(1, None)),  # an answer's tokens, the next one to copy
}


@dataclass(frozen=True)
class Aim:
    """Some heads of a layer, the flat indices of the queries that are told, the columns they should
    look at and what each weighs."""

    name: str
    layer: int
    heads: slice
    queries: torch.Tensor
    columns: torch.Tensor
    weight: torch.Tensor

    def loss(self, scores: torch.Tensor) -> tuple[torch.Tensor, float]:
        """Cross-entropy of a layer's attention, (rows, heads, length, length) before the softmax,
        with the columns, summed; and the mean share they get."""
        length = scores.shape[-1]
        asked = scores[self.queries // length, self.heads, self.queries % length]
        chosen = torch.log_softmax(asked.float(), dim=-1)
        looked = chosen.gather(2, self.columns[:, None, None].expand(-1, chosen.shape[1], 1))
        return -(looked.mean(dim=(1, 2)) * self.weight).sum(), float(looked.detach().exp().mean())


def aims(batch: Batch, layers: int) -> list[Aim]:
    """What a batch tells a model of so many layers; steps that the batch lacks are left out."""
    return [
        Aim(name, layer % layers, heads, *batch.told[name])
        for name, (layer, heads) in HEADS.items()
        if name in batch.told
    ]


@torch.no_grad()
def begin_anew(model: LlamaForCausalLM) -> None:
    """Free the starting, gathering and choosing heads of what they did: everywhere alike, the
    starting one leaning to what is near (biases on rotations of 25 to 100 tokens' reach)."""
    size = model.config.hidden_size // model.config.num_attention_heads
    for name in ("started", "gathered", "chosen"):
        layer, heads = HEADS[name]
        attention = model.model.layers[layer].self_attn
        rows = slice(heads.start * size, heads.stop * size)
        for projection in (attention.q_proj, attention.k_proj):
            torch.nn.init.normal_(projection.weight[rows], std=0.02)
            projection.bias[rows] = 0.0
        if name == "started":
            near = slice(rows.start + 11, rows.start + 17)
            attention.q_proj.bias[near] = 3.0
            attention.k_proj.bias[near] = 3.0


@torch.no_grad()
def look_back(model: LlamaForCausalLM, sharpness: float = 6.8) -> None:
    """Let the first layer's heads look one, two, three… tokens back, so that a token knows what
    stands before it; by itself that layer only learns to look at its own token. Biases alone do
    it: rotated, they add up at one distance."""
    attention = model.model.layers[0].self_attn
    size = model.config.hidden_size // model.config.num_attention_heads
    theta = model.config.rope_parameters["rope_theta"]
    speed = 1.0 / theta ** (torch.arange(0, 12, 2) / size)  # radians a token, the fastest six
    for projection in (attention.q_proj, attention.k_proj):
        projection.weight.zero_()
        projection.bias.zero_()
    for head in range(model.config.num_attention_heads):
        turn, sine = head * size, head * size + size // 2
        attention.k_proj.bias[turn : turn + 6] = sharpness
        attention.q_proj.bias[turn : turn + 6] = sharpness * torch.cos((head + 1) * speed)
        attention.q_proj.bias[sine : sine + 6] = -sharpness * torch.sin((head + 1) * speed)
    attention.o_proj.weight.zero_()


@torch.no_grad()
def match_anew(model: LlamaForCausalLM) -> None:
    """Free the matching heads: they look at tokens whose hidden state is like their own."""
    layer, heads = HEADS["found"]
    attention = model.model.layers[layer].self_attn
    rows = heads.stop * model.config.hidden_size // model.config.num_attention_heads
    like = torch.nn.init.orthogonal_(torch.empty(rows, model.config.hidden_size), gain=0.7)
    attention.q_proj.weight[:rows] = like
    attention.k_proj.weight[:rows] = like
