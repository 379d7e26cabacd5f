"""The languages in which people are spoken to, and a text in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["ko", "en"]
Bilingual = Mapping[Language, str]
