"""A new domain folder, and where the bundled examples lie."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_SKELETON = Path(__file__).with_name("_skeleton")


def write_skeleton(folder: Path) -> None:
    """Copies a small complete domain that `check` accepts and `climb` climbs, under the folder's
    name."""
    shutil.copytree(_SKELETON, folder)
    settings = folder / "domain.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("my-domain", _identifier(folder.name)), encoding="utf-8")


def bundled_examples() -> dict[str, Path]:
    """The bundled example domains by name: in the wheel, or beside the source tree."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_examples", package.parents[1] / "examples"):
        if folder.is_dir():
            found = (path.parent for path in folder.glob(f"*{os.sep}domain.toml"))
            return {path.name: path for path in sorted(found)}
    return {}


def _identifier(name: str) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
    return plain[:63] or "my-domain"
