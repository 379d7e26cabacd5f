"""Language models behind one protocol: local (Transformers with adapters), remote (any
OpenAI-compatible endpoint) and the practice model that comes with the package; and the one
`render` of a chat template that preview, training and serving share.

Importing this loads neither torch nor transformers; opening a local model does.
"""

from sadari.llm.open import identify, open_model
from sadari.llm.processes import cores, end_with_parent
from sadari.llm.render import render, render_examples, render_text
from sadari.llm.types import (
    Completion,
    Delta,
    Embedder,
    Failure,
    FormatError,
    HasLogprobs,
    LanguageModel,
    ModelError,
    ModelInfo,
    ModelSpec,
    Price,
    Rendered,
    Request,
    Sampling,
    Usage,
)

__all__ = [
    "Completion",
    "Delta",
    "Embedder",
    "Failure",
    "FormatError",
    "HasLogprobs",
    "LanguageModel",
    "ModelError",
    "ModelInfo",
    "ModelSpec",
    "Price",
    "Rendered",
    "Request",
    "Sampling",
    "Usage",
    "cores",
    "end_with_parent",
    "identify",
    "open_model",
    "render",
    "render_examples",
    "render_text",
]
