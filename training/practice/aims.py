"""Heads that are told where to look.

A reader looks back to where a sentence starts, finds the question's words in the passages, gathers
what it found, chooses a sentence and copies it. In generated text each of these places is known, so
a head for each step is trained on it; by themselves they take far more text to form. Nothing of
this is left in the architecture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import LlamaForCausalLM

from training.practice.batches import Batch

STARTING, STARTING_HEADS = 1, slice(2, 3)  # a sentence's tokens look at its start
MATCHING, MATCHING_HEADS = 2, slice(0, 2)  # the question's tokens, where the passages say them
GATHERING, GATHERING_HEADS = 3, slice(2, 3)  # the place that chooses, those question tokens
COPYING_HEADS = slice(1, None)  # of the last layer: an answer's tokens, the next one to copy


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
        """Cross-entropy of the attention with the columns, summed; and the mean share they get."""
        chosen = torch.log_softmax(scores[:, self.heads].float(), dim=-1)
        looked = chosen.gather(2, self.columns[:, None, None].expand(-1, chosen.shape[1], 1))
        return -(looked.mean(dim=(1, 2)) * self.weight).sum(), float(looked.detach().exp().mean())


def aims(batch: Batch, layers: int) -> list[Aim]:
    """What a batch tells a model of so many layers; steps that the batch lacks are left out."""
    copied = batch.point >= 0
    told = [
        Aim("copied", layers - 1, COPYING_HEADS, batch.source[copied], batch.point[copied], batch.weight[copied]),
        Aim("started", STARTING, STARTING_HEADS, batch.start_from, batch.start_to, torch.tensor(0.4)),
        Aim("found", MATCHING, MATCHING_HEADS, batch.match_from, batch.match_to, torch.tensor(1.0)),
        Aim("gathered", GATHERING, GATHERING_HEADS, batch.gather_from, batch.gather_to, torch.tensor(0.4)),
    ]  # fmt: skip
    return [one for one in told if len(one.queries)]


@torch.no_grad()
def begin_anew(model: LlamaForCausalLM) -> None:
    """Free the starting and gathering heads of what they did: everywhere alike, the starting one
    leaning to what is near (biases on rotations of 25 to 100 tokens' reach)."""
    size = model.config.hidden_size // model.config.num_attention_heads
    for layer, heads in ((STARTING, STARTING_HEADS), (GATHERING, GATHERING_HEADS)):
        attention = model.model.layers[layer].self_attn
        rows = slice(heads.start * size, heads.stop * size)
        for projection in (attention.q_proj, attention.k_proj):
            torch.nn.init.normal_(projection.weight[rows], std=0.02)
            projection.bias[rows] = 0.0
    attention = model.model.layers[STARTING].self_attn
    near = slice(STARTING_HEADS.start * size + 11, STARTING_HEADS.start * size + 17)
    attention.q_proj.bias[near] = 3.0
    attention.k_proj.bias[near] = 3.0


@torch.no_grad()
def match_anew(model: LlamaForCausalLM) -> None:
    """Free the matching heads: they look at tokens whose hidden state is like their own."""
    attention = model.model.layers[MATCHING].self_attn
    rows = MATCHING_HEADS.stop * model.config.hidden_size // model.config.num_attention_heads
    like = torch.nn.init.orthogonal_(torch.empty(rows, model.config.hidden_size), gain=0.7)
    attention.q_proj.weight[:rows] = like
    attention.k_proj.weight[:rows] = like
