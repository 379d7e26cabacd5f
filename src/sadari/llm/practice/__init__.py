"""The practice model: a small Korean and English instruct model of our own.

It was trained from scratch on text that `training/practice` generates, so that the whole ladder
runs for real, offline, in the first minutes. `card.json` says what it scores and what it is not
for. Any reader of Transformers folders loads `FOLDER`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def card() -> dict[str, Any]:
    """The model card: parameters, scores on shapes never trained on, limits."""
    read: dict[str, Any] = json.loads((FOLDER / "card.json").read_text(encoding="utf-8"))
    return read


__all__ = ["FOLDER", "card"]
