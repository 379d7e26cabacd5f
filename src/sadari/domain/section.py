"""A table of `domain.toml`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, and closed to misspelt names."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
