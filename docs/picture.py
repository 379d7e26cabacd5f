"""Draws docs/climb.svg: the table of a real climb of examples/ald, as the terminal shows it.

python docs/picture.py        # with SADARI_HOME of an earlier climb it only reads what is kept
"""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from sadari.domain import read_domain
from sadari.ladder import climb, render_table
from sadari.store import Store

ROOT = Path(__file__).parents[1]


def main() -> None:
    domain = read_domain(ROOT / "examples" / "ald")
    climbing = climb(
        domain, Store.open(), everything=False, until="tuned+rag", watch=lambda *_: None
    )
    done = asyncio.run(climbing)
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    render_table(done.judgement, console, language="en")
    # no fonts from elsewhere: the picture is read offline too
    plain = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.S)
    plain = plain.replace("Fira Code", "ui-monospace")
    console.save_svg(
        str(ROOT / "docs" / "climb.svg"),
        title="sadari climb examples/ald",
        code_format=plain,
    )


if __name__ == "__main__":
    main()
