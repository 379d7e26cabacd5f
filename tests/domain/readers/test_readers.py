"""Office documents written by the libraries themselves, read back; and broken ones."""

from __future__ import annotations

import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadari.domain import Problems, check_domain
from sadari.domain.readers import OFFICE, read_office
from sadari.domain.readers.tables import markdown_table

TABLE = [["항목", "값"], ["반품 기간", "7일"]]
MARKDOWN = "| 항목 | 값 |\n| --- | --- |\n| 반품 기간 | 7일 |"


def write_docx(path: Path) -> None:
    from docx import Document

    document = Document()
    document.add_heading("배송 안내", 0)
    document.add_heading("반품", 1)
    document.add_paragraph("반품 기간은 7일이다.")
    document.add_paragraph("택배", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, TABLE, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.add_paragraph("끝.")
    document.save(str(path))


def write_pptx(path: Path) -> None:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "반품"
    slide.placeholders[1].text = "반품 기간은 7일이다."
    size = (Inches(1), Inches(1), Inches(4), Inches(1))
    table = slide.shapes.add_table(2, 2, *size).table
    for row, cells in enumerate(TABLE):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    slide.notes_slide.notes_text_frame.text = "교환도 같다."
    deck.slides.add_slide(deck.slide_layouts[6])
    deck.save(str(path))


def write_xlsx(path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "반품"
    for row in [*TABLE, [], [None, None]]:
        sheet.append(row)
    book.create_sheet("빈 장")
    book.save(path)


def write_hwpx(path: Path) -> None:
    from hwpx import HwpxDocument

    document = HwpxDocument.new()
    document.add_paragraph("반품 기간은 7일이다.")
    table = document.add_table(rows=2, cols=2)
    for row, cells in enumerate(TABLE):
        for column, text in enumerate(cells):
            table.set_cell_text(row, column, text)
    document.add_paragraph("끝.")
    document.save_to_path(str(path))


def write_pdf(path: Path) -> None:
    """One page in Helvetica, by hand: the reader's library writes no text."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    page = writer.add_blank_page(300, 300)
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    stream = DecodedStreamObject()
    stream.set_data(b"BT /F1 12 Tf 20 200 Td (Returns within 7 days.) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(stream)
    writer.write(path)


WRITERS: dict[str, Callable[[Path], None]] = {
    ".pdf": write_pdf,
    ".hwpx": write_hwpx,
    ".docx": write_docx,
    ".pptx": write_pptx,
    ".xlsx": write_xlsx,
}
EXPECTED = {
    ".pdf": "Returns within 7 days.",
    ".hwpx": f"반품 기간은 7일이다.\n\n{MARKDOWN}\n\n끝.",
    ".docx": f"# 배송 안내\n\n# 반품\n\n반품 기간은 7일이다.\n\n- 택배\n\n{MARKDOWN}\n\n끝.",
    ".pptx": f"## 반품\n\n반품 기간은 7일이다.\n\n{MARKDOWN}\n\n교환도 같다.",
    ".xlsx": f"## 반품\n\n{MARKDOWN}",
}


def said(path: Path) -> str:
    problems = Problems()
    assert read_office(path, problems) is None
    return str(problems[0])


@pytest.mark.parametrize("suffix", OFFICE)
def test_a_document_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    WRITERS[suffix](path)
    problems = Problems()
    assert read_office(path, problems) == EXPECTED[suffix]
    assert not problems


@pytest.mark.parametrize("suffix", OFFICE)
def test_a_document_of_a_domain(domain: Path, suffix: str) -> None:
    WRITERS[suffix](domain / "documents" / f"반품{suffix}")
    found, problems = check_domain(domain)
    assert found is not None
    assert not list(problems)
    [document] = [d for d in found.documents if d.id == "반품"]
    assert "7" in document.text
    assert document.title == ("배송 안내" if suffix == ".docx" else "반품")


@pytest.mark.parametrize("suffix", OFFICE)
def test_a_missing_reader_is_a_sentence(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"x{suffix}"
    WRITERS[suffix](path)
    for name in ("pypdf", "hwpx", "docx", "pptx", "openpyxl"):
        monkeypatch.setitem(sys.modules, name, None)
    text = said(path)
    assert "needs the reader" in text
    assert 'Install it: pip install "sadari[documents]"' in text


@pytest.mark.parametrize("suffix", OFFICE)
def test_half_a_document_is_a_sentence(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    WRITERS[suffix](path)
    path.write_bytes(path.read_bytes()[:200])
    assert "is damaged: " in said(path) or "cannot be read as" in said(path)


@pytest.mark.parametrize("suffix", OFFICE[1:])
def test_an_archive_that_explodes(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 100_000_000)
    assert "would unpack" in said(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>')
    assert "declares entities in word/document.xml" in said(path)


def test_a_far_cell_does_not_fill_the_sheet(tmp_path: Path) -> None:
    """A stray cell at Excel's last corner: 17 thousand million cells lie before it."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["항목"])
    book.active["XFD1048576"] = "값"
    book.save(tmp_path / "far.xlsx")
    problems = Problems()
    assert read_office(tmp_path / "far.xlsx", problems) == (
        "## Sheet\n\n| 항목 |  |\n| --- | --- |\n|  | 값 |"
    )


def changed(source: Path, target: Path, change: Callable[[bytes], bytes]) -> Path:
    """A copy of a docx with other text."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == "word/document.xml" else content)
    return target


def test_a_cell_that_spans_too_many_columns(tmp_path: Path) -> None:
    write_docx(tmp_path / "a.docx")
    span = b'<w:tcPr><w:gridSpan w:val="30000000"/>'
    path = changed(tmp_path / "a.docx", tmp_path / "b.docx", lambda x: x.replace(b"<w:tcPr>", span))
    problems = Problems()
    assert read_office(path, problems) is None
    assert "a cell spans 30,000,000 columns" in str(problems[0])


def test_entities_in_utf_16(tmp_path: Path) -> None:
    write_docx(tmp_path / "a.docx")
    head = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "y">]>'
    path = changed(
        tmp_path / "a.docx",
        tmp_path / "b.docx",
        lambda x: (head + x.decode().split("?>", 1)[1]).encode("utf-16"),
    )
    problems = Problems()
    assert read_office(path, problems) is None
    assert "declares entities" in str(problems[0])


def test_a_long_document_takes_no_longer_than_its_pages(tmp_path: Path) -> None:
    write_docx(tmp_path / "a.docx")
    paragraphs = b"<w:p><w:r><w:t>abc</w:t></w:r></w:p>" * 3_000
    path = changed(
        tmp_path / "a.docx",
        tmp_path / "b.docx",
        lambda x: x.replace(b"<w:sectPr", paragraphs + b"<w:sectPr", 1),
    )
    began = time.process_time()
    assert (read_office(path, Problems()) or "").count("abc") == 3_000
    assert time.process_time() - began < 2  # 5 ms a paragraph before styles were kept


def test_a_locked_pdf(tmp_path: Path) -> None:
    from pypdf import PdfReader, PdfWriter

    write_pdf(tmp_path / "open.pdf")
    writer = PdfWriter(clone_from=PdfReader(tmp_path / "open.pdf"))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    assert "it is locked with a password" in said(tmp_path / "locked.pdf")


def test_a_scan_holds_no_text(tmp_path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(tmp_path / "scan.pdf")
    assert said(tmp_path / "scan.pdf").endswith(
        "holds no text. A scan needs text recognition first."
    )


@pytest.mark.parametrize("suffix", OFFICE)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=st.binary(max_size=80)
    | st.binary(max_size=80).map(lambda tail: b"%PDF-1.7\n" + tail)
    | st.binary(max_size=80).map(lambda tail: b"PK\x03\x04" + tail)
)
def test_any_bytes_become_a_sentence(suffix: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x{suffix}"
        path.write_bytes(content)
        assert said(path)


def test_cells_do_not_break_their_table() -> None:
    assert (
        markdown_table([["a|b", "c\nd"], [1, None]]) == "| a\\|b | c d |\n| --- | --- |\n| 1 |  |"
    )
    assert markdown_table([[None, ""], []]) == ""
