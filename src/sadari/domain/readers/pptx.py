"""PPTX: PowerPoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sadari.domain.readers.tables import markdown_table


def read(path: Path) -> str:
    """A section a slide, under its title: texts, tables, and the speaker's notes."""
    from pptx import Presentation

    parts: list[str] = []
    for number, slide in enumerate(Presentation(str(path)).slides, start=1):
        title = slide.shapes.title
        said = " ".join(title.text_frame.text.split()) if title is not None else ""
        texts = list(_texts(shape for shape in slide.shapes if shape != title))
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            texts.append(slide.notes_slide.notes_text_frame.text.strip())
        if said or any(texts):
            parts += [f"## {said or number}", *texts]
    return "\n\n".join(part for part in parts if part)


def _texts(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in shapes:
        if getattr(shape, "shapes", None) is not None:  # a group
            yield from _texts(shape.shapes)
        elif shape.has_text_frame:
            lines = (" ".join(line.text.split()) for line in shape.text_frame.paragraphs)
            yield "\n".join(line for line in lines if line)
        elif getattr(shape, "has_table", False):
            yield markdown_table([cell.text for cell in row.cells] for row in shape.table.rows)
